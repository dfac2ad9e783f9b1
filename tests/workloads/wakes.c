// Threads whose wakers are known: sleeper waits in wait_for_word() until poker sends a word, by
// poke_early() after 10 ms, then by poke_late() after 30 ms, and so on.
//     usage: wakes SECONDS [process]           with "process" the poker is a process of its own
//
// Reads, writes and naps are system calls made here: the C library's wrappers have no frame
// pointers, and would hide who called them.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "burn.h"

static int ends[2];
static double seconds = 1.0;

static inline __attribute__((always_inline)) long call(long number, long a, long b, long c) {
#if defined(__x86_64__)
  long result = number;
  __asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
#else
  return syscall(number, a, b, c);
#endif
}

__attribute__((noinline)) long wait_for_word(void) {
  char word;
  KEEP_FRAME;
  return call(SYS_read, ends[0], (long)&word, 1);
}

__attribute__((noinline)) void poke_early(void) {
  KEEP_FRAME;
  call(SYS_write, ends[1], (long)"e", 1);
}

__attribute__((noinline)) void poke_late(void) {
  KEEP_FRAME;
  call(SYS_write, ends[1], (long)"l", 1);
}

static void nap(long milliseconds) {
  const struct timespec t = {0, milliseconds * 1000000};
  call(SYS_nanosleep, (long)&t, 0, 0);
}

__attribute__((noinline)) void* pokes(void* unused) {
  KEEP_FRAME;
  prctl(PR_SET_NAME, "poker");
  for (int i = 0; i < (int)(seconds / 0.04); i++) {
    nap(10);
    poke_early();
    nap(30);
    poke_late();
  }
  close(ends[1]);
  return unused;
}

__attribute__((noinline)) void waits(void) {
  KEEP_FRAME;
  while (wait_for_word() == 1) continue;
}

int main(int argc, char** argv) {
  if (argc > 1) seconds = atof(argv[1]);
  if (pipe(ends) != 0) return 1;
  prctl(PR_SET_NAME, "sleeper");
  if (argc > 2 && strcmp(argv[2], "process") == 0) {
    const pid_t child = fork();
    if (child == 0) {
      pokes(NULL);
      _exit(0);
    }
    close(ends[1]);
    waits();
    waitpid(child, NULL, 0);
    return 0;
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, pokes, NULL) != 0) return 1;
  waits();
  pthread_join(thread, NULL);
  return 0;
}
