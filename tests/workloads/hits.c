// Calls one function, and one system call, as often as it is told.
//
//   usage: hits CALLS [THREADS [CHILDREN [wait]]]
//
// The main thread, each of THREADS and each of CHILDREN call hit_me: 2 * CALLS times in
// call_often, and CALLS times in call_seldom, with a getppid() for each of the latter, and CALLS
// times bare, which makes no frame, in call_bare. With `wait` it begins when a byte comes, or the
// end, on standard input.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "burn.h"

static long calls;
volatile long hits;

void hit_me(void) {
  KEEP_FRAME;
  ++hits;
}

void call_often(void) {
  for (long i = 0; i < 2 * calls; ++i) hit_me();
}

void call_seldom(void) {
  for (long i = 0; i < calls; ++i) {
    hit_me();
    syscall(SYS_getppid);
  }
}

void bare(void) {
  ++hits;
}

void call_bare(void) {
  KEEP_FRAME;
  for (long i = 0; i < calls; ++i) bare();
}

static void* work(void* unused) {
  call_often();
  call_seldom();
  call_bare();
  return unused;
}

int main(int argc, char** argv) {
  calls = argc > 1 ? atol(argv[1]) : 100;
  const int threads = argc > 2 ? atoi(argv[2]) : 0;
  const int children = argc > 3 ? atoi(argv[3]) : 0;
  if (argc > 4 && strcmp(argv[4], "wait") == 0) {
    char byte;
    if (read(0, &byte, 1) < 0) return 1;
  }
  for (int i = 0; i < children; ++i) {
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      work(NULL);
      _exit(0);
    }
  }
  pthread_t ids[64];
  for (int i = 0; i < threads && i < 64; ++i) {
    if (pthread_create(&ids[i], NULL, work, NULL) != 0) return 1;
  }
  work(NULL);
  for (int i = 0; i < threads && i < 64; ++i) pthread_join(ids[i], NULL);
  while (wait(NULL) > 0) continue;
  return 0;
}
