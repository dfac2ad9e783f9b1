// RawStacks: equal call chains of a recording merged before anything is looked up. Filled by the
// pipeline, once for each sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "common/huge_allocator.h"
#include "perfdata/format.h"

namespace prof {

/// A distinct call chain in one context. Its bytes, as the recording has them, lie behind it.
struct RawStack {
  uint64_t hash = 0;
  uint32_t length = 0;   // bytes
  uint32_t context = 0;  // the pipeline's: who, in which address space
  CpuMode mode = CpuMode::Unknown;
  uint64_t samples = 0;
  uint64_t period = 0;

  std::span<const std::byte> chain() const {
    return {reinterpret_cast<const std::byte*>(this + 1), length};
  }
};

/// A table that lies in more memory than any cache: looking a stack up costs two misses, for its
/// slot and for itself. So samples wait in a short queue, and both are fetched while others are
/// looked up.
class RawStacks {
 public:
  static constexpr size_t kQueue = 16;  // samples that wait

  /// With `in_place`, chains given to add() stay valid until kQueue more were added, or flush();
  /// otherwise they are copied.
  explicit RawStacks(bool in_place) : in_place_(in_place), slots_(size_t{1} << 12) {}

  /// Counts one sample, now or when later ones come. Allocates only for chains not seen before.
  void add(uint32_t context, CpuMode mode, std::span<const std::byte> chain, uint64_t period);
  /// Ends the adding.
  void flush();

  /// In the order in which they were first seen.
  const std::vector<RawStack*>& all() const { return stacks_; }

 private:
  struct Slot {
    uint32_t tag = 0;    // upper half of the hash: spares looking at stacks that differ
    uint32_t stack = 0;  // index + 1; 0 is free
  };
  struct Waiting {
    uint64_t hash = 0;
    uint32_t context = 0;
    CpuMode mode = CpuMode::Unknown;
    uint64_t period = 0;
    std::span<const std::byte> chain;
    std::vector<std::byte> copy;
  };
  void fetch_stack(const Waiting& sample) const;
  void count(const Waiting& sample);
  RawStack* store(const Waiting& sample);
  void grow();

  const bool in_place_;
  std::vector<RawStack*> stacks_;
  std::vector<Slot, HugeAllocator<Slot>> slots_;
  std::deque<std::vector<std::byte, HugeAllocator<std::byte>>> chunks_;
  std::array<Waiting, kQueue> queue_;
  size_t queued_ = 0;  // ever
};

}  // namespace prof
