// Makes recordings with many distinct deep stacks of long C++ names.
//
//   deep_stacks SECONDS [THREADS] [STACKS]       defaults: 1 thread, 200000 stacks
//
// Every visit picks one of STACKS numbers; the digits of the number's hash choose, level by level,
// which of kVariants template functions is called and how deep the recursion goes, so the number of
// distinct stacks is STACKS whatever the length of the run; threads share the numbers out among
// themselves. The time is spent at the bottom. With the frames of the C library a stack is 20
// frames deep on average.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "burn.h"

namespace storage_engine {

constexpr int kLevels = 19;   // deepest recursion
constexpr int kMinDepth = 8;  // shallowest
constexpr int kVariants = 4;  // functions to choose from at each level
constexpr int kSpin = 6000;   // iterations at the bottom, about 6 microseconds
volatile uint64_t sink = 0;

struct Request {
  uint64_t digits;  // two bits a level
  int depth;
};

namespace policy {
template <int Variant>
struct Retention {};
template <class Key, class Value>
struct WriteBackCache {};
}  // namespace policy

/// The parameters only make the names long, as those of real programs are.
template <int Level, int Variant,
          class Index = std::map<std::string, std::vector<std::pair<int, std::string>>>,
          class Policy = policy::WriteBackCache<policy::Retention<Variant>, std::unique_ptr<Index>>>
class QueryStage {
 public:
  [[gnu::noinline]] static uint64_t execute_partition(const Request& request, uint64_t seed);
};

[[gnu::noinline]] uint64_t scan_leaf_page(uint64_t seed) {
  KEEP_FRAME;
  for (int i = 0; i < kSpin; ++i) seed = seed * 6364136223846793005u + 1442695040888963407u;
  return seed;
}

template <int Level, int Variant, class Index, class Policy>
uint64_t QueryStage<Level, Variant, Index, Policy>::execute_partition(const Request& request,
                                                                      uint64_t seed) {
  if constexpr (Level + 1 < kLevels) {
    if (Level < request.depth) {
      switch ((request.digits >> (2 * Level)) & 3) {
        case 0:
          return QueryStage<Level + 1, 0>::execute_partition(request, seed) + 1;
        case 1:
          return QueryStage<Level + 1, 1>::execute_partition(request, seed) + 2;
        case 2:
          return QueryStage<Level + 1, 2>::execute_partition(request, seed) + 3;
        default:
          return QueryStage<Level + 1, 3>::execute_partition(request, seed) + 4;
      }
    }
  }
  return scan_leaf_page(seed + static_cast<uint64_t>(Variant));
}

/// splitmix64: spreads consecutive numbers over all 64 bits.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// `stacks`: how many of them; `first`: the smallest number, which also seeds the order.
void serve_requests(double seconds, uint64_t stacks, uint64_t first) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  uint64_t seed = first;
  while (std::chrono::steady_clock::now() < end) {
    seed = mix(seed);
    const uint64_t hash = mix(first + seed % stacks);
    const Request request{hash, kMinDepth + static_cast<int>((hash >> 50) % (kLevels - kMinDepth))};
    sink = QueryStage<0, 0>::execute_partition(request, sink);
  }
}

}  // namespace storage_engine

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const uint64_t stacks = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 200000;
  if (threads < 1 || stacks < static_cast<uint64_t>(threads)) return 2;
  const uint64_t share = stacks / static_cast<uint64_t>(threads);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back(storage_engine::serve_requests, seconds, share,
                        share * static_cast<uint64_t>(i));
  }
  storage_engine::serve_requests(seconds, share, 0);
  for (std::thread& other : others) other.join();
}
