// Threads that are known to be away from the CPU: in each round of 100 ms nap_60 sleeps 60 ms,
// nap_30 30 ms, and burn_10 runs for the rest.          usage: away SECONDS [THREADS [FILE]]
//
// FILE gets the seconds that nap_60, nap_30 and burn_10 really took, in all threads together: who
// is woken late, or waits for a CPU, naps longer.
//
// The naps are system calls made here: the C library's wrapper has no frame pointer, and would hide
// who called it.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "burn.h"

static const double kRound = 0.1;  // seconds
static double seconds = 1.0;
static double took[3];
static pthread_mutex_t taking = PTHREAD_MUTEX_INITIALIZER;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline __attribute__((always_inline)) void nap(double length) {
  const struct timespec t = {0, (long)(length * 1e9)};
#if defined(__x86_64__)
  long result = SYS_nanosleep;
  __asm__ volatile("syscall" : "+a"(result) : "D"(&t), "S"(0) : "rcx", "r11", "memory");
#else
  nanosleep(&t, NULL);
#endif
}

__attribute__((noinline)) void nap_60(void) {
  KEEP_FRAME;
  nap(0.6 * kRound);
}

__attribute__((noinline)) void nap_30(void) {
  KEEP_FRAME;
  nap(0.3 * kRound);
}

__attribute__((noinline)) void burn_10(double until) {
  volatile uint64_t x = 1;
  while (now() < until) {
    for (int i = 0; i < 2000; i++) x = x * 6364136223846793005u + 1;
  }
}

static void* rounds(void* unused) {
  const double begin = now();
  double mine[3] = {0, 0, 0}, at = begin;
  for (int i = 1; kRound * i <= seconds + kRound / 2; i++) {
    nap_60();
    const double woken = now();
    nap_30();
    const double woken_again = now();
    burn_10(begin + kRound * i);
    mine[0] += woken - at;
    mine[1] += woken_again - woken;
    at = now();
    mine[2] += at - woken_again;
  }
  pthread_mutex_lock(&taking);
  for (int i = 0; i < 3; i++) took[i] += mine[i];
  pthread_mutex_unlock(&taking);
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1) seconds = atof(argv[1]);
  const int threads = argc > 2 ? atoi(argv[2]) : 1;
  pthread_t others[64];
  const int started = threads > 64 ? 64 : threads - 1;
  for (int i = 0; i < started; i++) {
    if (pthread_create(&others[i], NULL, rounds, NULL) != 0) return 1;
  }
  rounds(NULL);
  for (int i = 0; i < started; i++) pthread_join(others[i], NULL);
  if (argc > 3) {
    FILE* file = fopen(argv[3], "w");
    if (!file) return 1;
    fprintf(file, "%.9f %.9f %.9f\n", took[0], took[1], took[2]);
    fclose(file);
  }
  return 0;
}
