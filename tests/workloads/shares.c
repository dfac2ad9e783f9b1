// Spends its CPU time in four leaf functions in the proportion 50 : 30 : 15 : 5.
//
//   main → run_round → work_50 → burn_50      usage: shares SECONDS [TIMES]
//                      work_30 → burn_30
//                      work_15 → burn_15
//                      work_5  → burn_5
//
// With TIMES, work_5 is called so many times a round: 3 makes it 50 : 30 : 15 : 15.
//
// The proportion is one of executed instructions: every burn_N is the same chain of dependent
// multiplications, N units long, so that alignment and frequency do not shift it. Rounds are of
// changing length: rounds of one length would beat with the sampling clock, and the same part of
// them would be sampled again and again.
#include <stdint.h>
#include <stdlib.h>

#include "burn.h"

// A round of 100 units takes from an eighth of a millisecond to a whole one.
enum { kLeastPerUnit = 1000, kMorePerUnit = 8192 };

static volatile uint64_t sink;
static uint64_t iterations_per_unit = kLeastPerUnit;

#define WORK(share)                                                       \
  __attribute__((noinline, aligned(64))) static void burn_##share(void) { \
    KEEP_FRAME;                                                           \
    uint64_t x = sink;                                                    \
    const uint64_t n = (uint64_t)share * iterations_per_unit;             \
    for (uint64_t i = 0; i < n; i++) {                                    \
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

static void choose_length(void) {
  static uint64_t random = 88172645463325252u;  // xorshift64
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  iterations_per_unit = kLeastPerUnit + random % kMorePerUnit;
}

__attribute__((noinline)) static void run_round(int times) {
  work_50();
  work_30();
  work_15();
  for (int i = 0; i < times; i++) work_5();
}

int main(int argc, char** argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 1.0;
  const int times = argc > 2 ? atoi(argv[2]) : 1;
  for (double end = burn_clock() + seconds; burn_clock() < end;) {
    choose_length();
    run_round(times);
  }
  return 0;
}
