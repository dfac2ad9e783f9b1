// A library that the chain workload loads at run time: built without frame pointers.
#include <stdint.h>

static volatile uint64_t sink;

__attribute__((noinline)) static uint64_t in_library(int rounds) {
  for (int i = 0; i < rounds; ++i) sink = sink * 6364136223846793005u + 1;
  return sink;
}

uint64_t plugin_work(int rounds);
uint64_t plugin_work(int rounds) {
  return in_library(rounds) + 1;
}
