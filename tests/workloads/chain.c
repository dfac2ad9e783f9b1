// One known chain of 46 frames through code without frame pointers, with a leaf of every kind.
//
//   chain MODE SECONDS [PLUGIN]
//
//     burn      computes
//     syscall   calls the kernel
//     vdso      asks the vdso for the time
//     qsort     is called back by qsort
//     signal    is a signal handler on a stack of its own
//     library   is in PLUGIN, which is loaded at run time
//     aligned   has an over-aligned frame
//
// The chain: _start, __libc_start_main, __libc_start_call_main, main, level_40 … level_1,
// leaf_MODE.
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t sink;
static uint64_t until;  // ns of CPU time
static uint64_t (*plugin)(int rounds);

__attribute__((noinline)) static uint64_t cpu_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((noinline)) static void leaf_burn(void) {
  for (int i = 0; i < 200000; ++i) sink = sink * 6364136223846793005u + 1;
}

__attribute__((noinline)) static void leaf_syscall(void) {
  for (int i = 0; i < 2000; ++i) sink += (uint64_t)syscall(SYS_getppid);
}

__attribute__((noinline)) static void leaf_vdso(void) {
  for (int i = 0; i < 5000; ++i) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    sink += (uint64_t)t.tv_nsec;
  }
}

static int compare(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  for (int i = 0; i < 20; ++i) sink += x ^ y;
  return x < y ? -1 : x > y;
}

__attribute__((noinline)) static void leaf_qsort(void) {
  uint64_t values[500];
  for (int i = 0; i < 500; ++i) values[i] = (uint64_t)i * 0x9e3779b97f4a7c15u;
  qsort(values, 500, sizeof *values, compare);
  sink += values[7];
}

static void handler(int number) {
  leaf_burn();
  sink += (uint64_t)number;
}

__attribute__((noinline)) static void leaf_signal(void) {
  raise(SIGUSR1);
  sink++;
}

__attribute__((noinline)) static void leaf_library(void) {
  sink += plugin(200000);
}

__attribute__((noinline)) static void leaf_aligned(void) {
  _Alignas(128) volatile uint64_t block[16] = {sink};
  for (int i = 0; i < 200000; ++i) block[i & 15] += block[(i + 1) & 15] * 3 + 1;
  leaf_burn();
  sink += block[3];
}

static void (*leaf)(void);

__attribute__((noinline)) static uint64_t level_1(uint64_t a, uint64_t b) {
  volatile uint64_t local[2] = {a, b};
  while (cpu_time() < until) leaf();
  return local[0] + local[1];
}

// Frames of many sizes, that keep registers across the call.
#define LEVEL(N, BELOW)                                                         \
  __attribute__((noinline)) static uint64_t level_##N(uint64_t a, uint64_t b) { \
    volatile uint64_t local[1 + N % 7] = {a};                                   \
    const uint64_t c = a * b + N, d = a ^ (b + N);                              \
    const uint64_t below = level_##BELOW(c, d);                                 \
    return below + c * d + local[N % (1 + N % 7)] + a + (N % 3 ? b : 0);        \
  }
LEVEL(2, 1)
LEVEL(3, 2)
LEVEL(4, 3)
LEVEL(5, 4)
LEVEL(6, 5)
LEVEL(7, 6)
LEVEL(8, 7)
LEVEL(9, 8)
LEVEL(10, 9)
LEVEL(11, 10)
LEVEL(12, 11)
LEVEL(13, 12)
LEVEL(14, 13)
LEVEL(15, 14)
LEVEL(16, 15)
LEVEL(17, 16)
LEVEL(18, 17)
LEVEL(19, 18)
LEVEL(20, 19)
LEVEL(21, 20)
LEVEL(22, 21)
LEVEL(23, 22)
LEVEL(24, 23)
LEVEL(25, 24)
LEVEL(26, 25)
LEVEL(27, 26)
LEVEL(28, 27)
LEVEL(29, 28)
LEVEL(30, 29)
LEVEL(31, 30)
LEVEL(32, 31)
LEVEL(33, 32)
LEVEL(34, 33)
LEVEL(35, 34)
LEVEL(36, 35)
LEVEL(37, 36)
LEVEL(38, 37)
LEVEL(39, 38)
LEVEL(40, 39)

static const struct {
  const char* name;
  void (*leaf)(void);
} modes[] = {
    {"burn", leaf_burn},       {"syscall", leaf_syscall}, {"vdso", leaf_vdso},
    {"qsort", leaf_qsort},     {"signal", leaf_signal},   {"library", leaf_library},
    {"aligned", leaf_aligned},
};

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; ++i) {
    if (strcmp(argv[1], modes[i].name) == 0) leaf = modes[i].leaf;
  }
  if (!leaf) return 2;
  if (leaf == leaf_library) {
    void* library = argc > 3 ? dlopen(argv[3], RTLD_NOW) : NULL;
    if (library) *(void**)&plugin = dlsym(library, "plugin_work");
    if (!plugin) {
      fprintf(stderr, "chain: no plugin\n");
      return 1;
    }
  }
  static char stack[65536];
  const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, NULL);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  until = cpu_time() + (uint64_t)(atof(argv[2]) * 1e9);
  sink += level_40(1, 2);
  return 0;
}
