// Functions with every shape of frame, compiled several times over with different options (NAME
// tells them apart). Called by the differential tests of the unwinders.
#include <alloca.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define MADE(name) JOIN(name, NAME)

typedef void (*visit_fn)(void*);
struct walk {
  visit_fn visit;
  void* context;
  int seed;
  jmp_buf jump;
};

static int MADE(recurse_)(struct walk* walk, int depth);

/* A frame pointer, since the frame's size is not known. */
__attribute__((noinline)) static int MADE(variable_)(struct walk* walk, int depth) {
  volatile char* bytes = alloca((size_t)(16 + (depth * 37 + walk->seed) % 200));
  bytes[0] = (char)depth;
  return MADE(recurse_)(walk, depth - 1) + bytes[0];
}

/* Over-aligned: gcc finds the CFA by a slot of the frame. */
__attribute__((noinline)) static int MADE(aligned_)(struct walk* walk, int depth) {
  volatile char bytes[96] __attribute__((aligned(64)));
  memset((char*)bytes, depth, sizeof bytes);
  return MADE(recurse_)(walk, depth - 1) + bytes[depth % 96];
}

/* Over-aligned and of variable size. */
__attribute__((noinline)) static int MADE(both_)(struct walk* walk, int depth) {
  volatile char bytes[32] __attribute__((aligned(128)));
  volatile char* more = alloca((size_t)(depth % 50 + 1));
  bytes[0] = more[0] = (char)depth;
  return MADE(recurse_)(walk, depth - 1) + bytes[0] + more[0];
}

/* Saves all registers that a call keeps, and has a frame of several pages. */
__attribute__((noinline)) static int MADE(large_)(struct walk* walk, int depth) {
  volatile int values[700];
  int a = walk->seed, b = a * 3, c = b ^ depth, d = c + a, e = d * b, f = e ^ c;
  for (int i = 0; i < 700; i += 50) values[i] = a += b ^ i, b += c, c ^= d, d += e, e ^= f, f += a;
  const int below = MADE(recurse_)(walk, depth - 1);
  return below + a + b + c + d + e + f + values[depth % 14 * 50];
}

/* Goes through libc and back. */
struct pair {
  struct walk* walk;
  int depth;
};
static int MADE(compare_)(const void* a, const void* b) {
  const struct pair* pair = *(const struct pair* const*)a;
  if (pair->walk) {
    struct walk* walk = pair->walk;
    ((struct pair*)pair)->walk = NULL;
    return MADE(recurse_)(walk, pair->depth - 1) & 1;
  }
  return a < b;
}
__attribute__((noinline)) static int MADE(through_libc_)(struct walk* walk, int depth) {
  struct pair pair = {walk, depth};
  struct pair* pairs[3] = {&pair, &pair, &pair};
  qsort(pairs, 3, sizeof pairs[0], MADE(compare_));
  return depth;
}

/* A call that does not return is the function's last instruction, so that its return address is
 * the next function's. */
__attribute__((noinline, noreturn)) static void MADE(leave_)(struct walk* walk) {
  walk->visit(walk->context);
  longjmp(walk->jump, 1);
}
__attribute__((noinline, noreturn)) static void MADE(last_call_)(struct walk* walk) {
  ++walk->seed;
  MADE(leave_)(walk);
}
__attribute__((noinline)) static int MADE(leaves_)(struct walk* walk) {
  if (_setjmp(walk->jump)) return walk->seed;
  MADE(last_call_)(walk);
}

__attribute__((noinline)) static int MADE(recurse_)(struct walk* walk, int depth) {
  if (depth <= 0) {
    walk->visit(walk->context);
    return 1;
  }
  if (depth == 1 && walk->seed % 2) return MADE(leaves_)(walk) + 1;
  switch ((depth + walk->seed) % 6) {
    case 0:
      return MADE(variable_)(walk, depth) + 1;
    case 1:
      return MADE(aligned_)(walk, depth) + 1;
    case 2:
      return MADE(both_)(walk, depth) + 1;
    case 3:
      return MADE(large_)(walk, depth) + 1;
    case 4:
      return MADE(through_libc_)(walk, depth) + 1;
    default:
      return MADE(recurse_)(walk, depth - 1) + 1;
  }
}

/* Calls visit(context) `depth` calls down. */
int MADE(stacks_)(int depth, int seed, visit_fn visit, void* context);
int MADE(stacks_)(int depth, int seed, visit_fn visit, void* context) {
  struct walk walk = {.visit = visit, .context = context, .seed = seed};
  return MADE(recurse_)(&walk, depth);
}
