// Deep stacks through code without frame pointers, as distributions build it.
//
//   no_frame_pointers SECONDS [THREADS]       default: 2 threads
//
// 640 functions in 32 levels call each other on 2,000 ways down, inline small ones, recurse, and go
// through the C library's qsort and the C++ library's std::sort and std::function; a stack is some
// 30 frames deep. Built with -O2 and without frame pointers, whatever the other workloads are built
// with.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace ledger {

constexpr int kLevels = 32;
constexpr int kVariants = 20;
constexpr int kSpin = 3000;
constexpr uint64_t kPaths = 2000;  // ways down, each taken again and again, as programs do

/// A cheap random sequence of each thread's own.
struct Random {
  uint64_t state;
  uint64_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
  }
};

thread_local Random random_numbers{1};

inline uint64_t rotate(uint64_t value, int by) {
  return value << by | value >> (64 - by);
}

inline uint64_t stir(uint64_t value) {
  return rotate(value, 17) * 0x9e3779b97f4a7c15u + 1;
}

inline uint64_t checksum(uint64_t value, int rounds) {
  for (int i = 0; i < rounds; ++i) value = stir(value) ^ (value >> 7);
  return value;
}

[[gnu::noinline]] uint64_t settle(uint64_t value) {
  std::array<uint64_t, 16> book;  // a frame of some size
  for (size_t i = 0; i < book.size(); ++i) book[i] = checksum(value + i, kSpin / 16);
  uint64_t sum = 0;
  for (const uint64_t entry : book) sum += stir(entry);
  return sum;
}

template <int Level, int Variant>
struct Account {
  [[gnu::noinline]] static uint64_t post(uint64_t value);
};

template <int Level>
uint64_t dispatch(uint64_t value);

/// Through the C library and back.
template <int Level>
uint64_t by_qsort(uint64_t value) {
  uint64_t pair[2] = {value, value + 1};
  std::qsort(pair, 2, sizeof pair[0], [](const void* a, const void*) {
    return static_cast<int>(dispatch<Level>(*static_cast<const uint64_t*>(a)) & 1);
  });
  return pair[0];
}

template <int Level>
uint64_t by_sort(uint64_t value) {
  std::array<uint64_t, 2> pair{value, value + 1};
  std::sort(pair.begin(), pair.end(),
            [](uint64_t a, uint64_t b) { return dispatch<Level>(a) < b; });
  return pair[0];
}

template <int Level>
uint64_t by_function(uint64_t value) {
  const std::function<uint64_t(uint64_t)> call = [](uint64_t v) { return dispatch<Level>(v) + 1; };
  return call(value);
}

template <int Level, int Variant>
uint64_t Account<Level, Variant>::post(uint64_t value) {
  // Frames of different sizes, some with room allocated as it runs.
  volatile uint64_t local[1 + Variant % 7] = {value};
  if constexpr (Level + 1 < kLevels) {
    if constexpr (Variant == 3 && Level % 8 == 2) return by_qsort<Level + 1>(value) + local[0];
    if constexpr (Variant == 4 && Level % 8 == 4) return by_sort<Level + 1>(value) + local[0];
    if constexpr (Variant == 5 && Level % 4 == 1) return by_function<Level + 1>(value) + local[0];
    if constexpr (Variant == 6) {
      auto* room = static_cast<volatile uint64_t*>(__builtin_alloca(16 + (value & 127) * 8));
      room[0] = value;
      return dispatch<Level + 1>(stir(value)) + room[0];
    }
    return dispatch<Level + 1>(stir(value)) + local[0];
  }
  return settle(value) + local[0];
}

template <int Level, int... Variants>
uint64_t choose(uint64_t value, std::integer_sequence<int, Variants...>) {
  using Post = uint64_t (*)(uint64_t);
  static constexpr Post kPosts[] = {&Account<Level, Variants>::post...};
  return kPosts[random_numbers.next() % kVariants](value) + 1;
}

template <int Level>
uint64_t dispatch(uint64_t value) {
  return choose<Level>(value, std::make_integer_sequence<int, kVariants>());
}

[[gnu::noinline]] uint64_t work_until(std::chrono::steady_clock::time_point end, uint64_t seed) {
  Random paths{seed};
  uint64_t sum = 0;
  while (std::chrono::steady_clock::now() < end) {
    random_numbers.state = stir(paths.next() % kPaths);
    sum += dispatch<0>(sum);
  }
  return sum;
}

}  // namespace ledger

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(seconds));
  std::vector<std::thread> pool;
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  for (size_t i = 0; i < sums.size(); ++i) {
    pool.emplace_back([&, i] { sums[i] = ledger::work_until(end, i + 1); });
  }
  for (std::thread& thread : pool) thread.join();
  uint64_t sum = 0;
  for (const uint64_t each : sums) sum ^= each;
  return sum == 42 ? 1 : 0;  // so that nothing can be left out
}
