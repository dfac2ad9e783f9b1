// Goes down a stair of calls and up again, step by step: neighbouring samples share all but their
// innermost calls, and a copy of 1 KiB of the stack holds the innermost few.
//
//   main → step<0> → step<1> → … → step<59>     usage: stairs SECONDS
//           └ burn    └ burn        └ burn      each step burns on the way down and on the way up
#include <cstdlib>

#include "burn.h"

namespace {

constexpr int kSteps = 60;
constexpr int kRoom = 256;  // bytes of each step's own stack

BURN(step)

template <int N>
__attribute__((noinline)) void step(double seconds) {
  volatile char room[kRoom];
  room[N] = 1;
  burn_step(seconds);
  if constexpr (N + 1 < kSteps) step<N + 1>(seconds);
  burn_step(seconds);
  room[0] = room[N];
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  step<0>(seconds / (2 * kSteps));
  return 0;
}
