// Processes' worth of threads that only sleep.          usage: sleepers SECONDS [THREADS]
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static double seconds = 1.0;

static void* sleep_all(void* unused) {
  const struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&t, NULL);
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1) seconds = atof(argv[1]);
  const int threads = argc > 2 ? atoi(argv[2]) : 8;
  for (int i = 1; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleep_all, NULL) != 0) return 1;
  }
  sleep_all(NULL);
  return 0;
}
