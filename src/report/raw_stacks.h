// RawStacks: equal call chains of a recording merged before anything is looked up. Filled by the
// pipeline, once for each sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "perfdata/format.h"

namespace prof {

/// A distinct call chain, as the bytes of the recording, in one context.
struct RawStack {
  uint64_t hash = 0;
  const std::byte* chain = nullptr;
  uint32_t length = 0;   // bytes
  uint32_t context = 0;  // the pipeline's: who, in which address space
  CpuMode mode = CpuMode::Unknown;
  uint64_t samples = 0;
  uint64_t period = 0;
};

class RawStacks {
 public:
  RawStacks() : slots_(size_t{1} << 12) {}

  /// Counts one sample. Allocates only for a chain that was not seen before.
  void add(uint32_t context, CpuMode mode, std::span<const std::byte> chain, uint64_t period);

  const std::vector<RawStack>& all() const { return stacks_; }

 private:
  struct Slot {
    uint32_t tag = 0;    // upper half of the hash: spares looking at stacks that differ
    uint32_t stack = 0;  // index + 1; 0 is free
  };
  const std::byte* store(std::span<const std::byte> chain);
  void grow();

  std::vector<RawStack> stacks_;
  std::vector<Slot> slots_;
  std::deque<std::vector<std::byte>> chunks_;
};

}  // namespace prof
