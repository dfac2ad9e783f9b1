// Known chains through code without frame pointers, one after the other, so that an unwinder has to
// know its business.
//
//   frames SECONDS         a sixth of the time each:
//     deep       200 levels of recursion
//     signal     a handler, which interrupted what work_signal called
//     altstack   the same on an alternate stack: a copy of that does not hold the interrupted one
//     realigned  a function with an over-aligned frame
//     library    a callback of qsort
//     thread     a thread's own stack
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

__attribute__((noinline)) static void spin(double seconds) {
  const double end = now() + seconds;
  while (now() < end) {
    for (int i = 0; i < 20000; ++i) sink = sink * 6364136223846793005u + 1;
  }
}

__attribute__((noinline)) static void leaf_deep(double seconds) {
  spin(seconds);
  sink++;
}

__attribute__((noinline)) static void recurse(int levels, double seconds) {
  volatile uint64_t local[4] = {(uint64_t)levels};
  if (levels > 1) {
    recurse(levels - 1, seconds);
  } else {
    leaf_deep(seconds);
  }
  sink += local[0];
}

static double handler_seconds;

__attribute__((noinline)) static void leaf_signal(double seconds) {
  spin(seconds);
  sink += 2;
}

static void handler(int number) {
  (void)number;
  leaf_signal(handler_seconds);
  sink++;
}

__attribute__((noinline)) static void work_signal(double seconds) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  handler_seconds = seconds;
  raise(SIGUSR1);
  sink++;
}

__attribute__((noinline)) static void leaf_altstack(double seconds) {
  spin(seconds);
  sink += 3;
}

static void alt_handler(int number) {
  (void)number;
  leaf_altstack(handler_seconds);
  sink++;
}

__attribute__((noinline)) static void work_altstack(double seconds) {
  static char room[64 << 10];
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = alt_handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  handler_seconds = seconds;
  raise(SIGUSR1);
  sink++;
}

__attribute__((noinline)) static void leaf_realigned(double seconds) {
  spin(seconds);
  sink += 4;
}

__attribute__((noinline)) static void realigned(double seconds, size_t size) {
  _Alignas(64) volatile char block[128];
  volatile char* more = __builtin_alloca(size);
  block[0] = more[0] = 1;
  leaf_realigned(seconds);
  sink += (uint64_t)block[0];
}

static double callback_seconds;
static int called;

static int compare(const void* a, const void* b) {
  if (!called++) spin(callback_seconds);
  return *(const int*)a - *(const int*)b;
}

__attribute__((noinline)) static void library(double seconds) {
  int pair[2] = {2, 1};
  callback_seconds = seconds;
  called = 0;
  qsort(pair, 2, sizeof pair[0], compare);
  sink += (uint64_t)pair[0];
}

__attribute__((noinline)) static void leaf_thread(double seconds) {
  spin(seconds);
  sink += 5;
}

static void* thread_main(void* seconds) {
  leaf_thread(*(double*)seconds);
  sink++;
  return NULL;
}

int main(int argc, char** argv) {
  double part = (argc > 1 ? atof(argv[1]) : 1) / 6;
  recurse(200, part);
  work_signal(part);
  work_altstack(part);
  realigned(part, (size_t)argc * 100);
  library(part);
  pthread_t thread;
  pthread_create(&thread, NULL, thread_main, &part);
  pthread_join(thread, NULL);
  return 0;
}
