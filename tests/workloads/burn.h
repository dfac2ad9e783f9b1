// BURN(name): a function burn_name(seconds) that spends CPU time under its own name. Used by the
// workloads. Seconds are of the calling thread's CPU time, so that shares and numbers of samples
// are the same on a busy machine.
//
// KEEP_FRAME: makes a leaf function set up its frame pointer. Without it g++ leaves that out even
// under -fno-omit-frame-pointer, and a frame-pointer walk then skips the leaf's caller.
#pragma once

#include <stdint.h>
#include <time.h>

#define KEEP_FRAME (void)__builtin_frame_address(0)

static inline double burn_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define BURN(name)                                                      \
  __attribute__((noinline)) void burn_##name(double seconds) {          \
    volatile uint64_t x = 1;                                            \
    for (double end = burn_clock() + seconds; burn_clock() < end;) {    \
      for (int i = 0; i < 20000; i++) x = x * 6364136223846793005u + 1; \
    }                                                                   \
  }
