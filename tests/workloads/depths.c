// Computes at the bottom of a stack of a given depth; built without frame pointers, and with them.
//
//   depths FRAMES SECONDS
//
// The stack has so many frames in all, of the entry, main, four functions in turns, and the leaf.
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

__attribute__((noinline)) static void leaf(double end) {
  while (now() < end) {
    for (int i = 0; i < 200000; ++i) sink = sink * 6364136223846793005u + 1;
  }
}

static void first(int levels, double end);

#define STEP(NAME, NEXT, WORDS)                                        \
  __attribute__((noinline)) static void NAME(int levels, double end) { \
    volatile uint64_t local[WORDS] = {(uint64_t)levels};               \
    if (levels > 0) {                                                  \
      NEXT(levels - 1, end);                                           \
    } else {                                                           \
      leaf(end);                                                       \
    }                                                                  \
    sink += local[0];                                                  \
  }
STEP(fourth, first, 9)
STEP(third, fourth, 4)
STEP(second, third, 1)
STEP(first, second, 6)

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int around = 6;  // the entry has three; main, the last step, the leaf
  const int frames = atoi(argv[1]);
  first(frames > around ? frames - around : 0, now() + atof(argv[2]));
  return 0;
}
