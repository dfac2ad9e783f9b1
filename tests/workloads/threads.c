// Threads that rename themselves, one of them born late, and a main thread that is renamed midway.
//
//   usage: threads SECONDS
//
// Comms and where they burn: "threads" then "main-renamed" in burn_main; "alpha" in burn_alpha,
// "beta" in burn_beta; "late" in burn_late, started after half of the time.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "burn.h"

BURN(main)
BURN(alpha)
BURN(beta)
BURN(late)

static double seconds = 1.0;

static void* run_alpha(void* unused) {
  pthread_setname_np(pthread_self(), "alpha");
  burn_alpha(seconds);
  return unused;
}

static void* run_beta(void* unused) {
  pthread_setname_np(pthread_self(), "beta");
  burn_beta(seconds);
  return unused;
}

static void* run_late(void* unused) {
  pthread_setname_np(pthread_self(), "late");
  burn_late(seconds / 2);
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1) seconds = atof(argv[1]);
  pthread_t alpha, beta, late;
  if (pthread_create(&alpha, NULL, run_alpha, NULL) != 0) return 1;
  if (pthread_create(&beta, NULL, run_beta, NULL) != 0) return 1;
  burn_main(seconds / 2);
  prctl(PR_SET_NAME, "main-renamed");
  if (pthread_create(&late, NULL, run_late, NULL) != 0) return 1;
  burn_main(seconds / 2);
  pthread_join(alpha, NULL);
  pthread_join(beta, NULL);
  pthread_join(late, NULL);
  return 0;
}
