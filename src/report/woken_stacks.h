// WokenStacks: where threads waited together with who woke them, equal ones merged before anything
// is looked up. Filled and read by the pipeline, for recordings made with --wakers.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/chain_hash.h"
#include "common/strong_id.h"
#include "perfdata/record.h"
#include "report/address_table.h"

namespace prof {

/// A chain and who it is of: each has its own address space.
struct WokenPart {
  SampleContext context;
  CpuMode mode = CpuMode::Unknown;
  U64View chain;
};

class WokenStacks {
 public:
  struct Stack {
    uint32_t context = 0;         // of the woken thread
    StringId waker_comm;          // in the recording
    std::vector<uint32_t> woken;  // numbers of addresses, leaf first
    std::vector<uint32_t> waker;
    uint64_t samples = 0;
    uint64_t period = 0;
  };

  void add(const WokenPart& woken, const WokenPart& waker, StringId waker_comm,
           AddressTable& addresses, uint64_t period, uint64_t samples);
  /// In the order in which they were first seen.
  const std::vector<Stack>& all() const { return stacks_; }
  size_t total_length() const { return total_length_; }

 private:
  ChainHash hash_;
  std::map<std::pair<uint64_t, uint64_t>, size_t> by_hash_;
  std::vector<Stack> stacks_;
  std::vector<std::byte> bytes_;  // of the pair at hand
  size_t total_length_ = 0;
};

}  // namespace prof
