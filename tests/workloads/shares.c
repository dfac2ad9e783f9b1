// Spends its CPU time in four leaf functions in the proportion 50 : 30 : 15 : 5.
//
//   main → run_round → work_50 → burn_50      usage: shares SECONDS
//                      work_30 → burn_30
//                      work_15 → burn_15
//                      work_5  → burn_5
//
// The proportion is one of executed instructions: every burn_N is the same chain of dependent
// multiplications, N units long, so that alignment and frequency do not shift it.
#include <stdint.h>
#include <stdlib.h>

#include "burn.h"

enum { kIterationsPerUnit = 4000 };  // a round of 100 units is about half a millisecond

static volatile uint64_t sink;

#define WORK(share)                                                       \
  __attribute__((noinline, aligned(64))) static void burn_##share(void) { \
    KEEP_FRAME;                                                           \
    uint64_t x = sink;                                                    \
    for (uint64_t i = 0; i < (uint64_t)share * kIterationsPerUnit; i++) { \
      x = x * 6364136223846793005u + 1442695040888963407u;                \
    }                                                                     \
    sink = x;                                                             \
  }                                                                       \
  __attribute__((noinline, aligned(64))) static void work_##share(void) { \
    burn_##share();                                                       \
  }

WORK(50)
WORK(30)
WORK(15)
WORK(5)

__attribute__((noinline)) static void run_round(void) {
  work_50();
  work_30();
  work_15();
  work_5();
}

int main(int argc, char** argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 1.0;
  for (double end = burn_clock() + seconds; burn_clock() < end;) run_round();
  return 0;
}
