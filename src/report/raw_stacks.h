// RawStacks: equal call chains of a recording merged before anything is looked up. Filled by the
// pipeline, once for each sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/byte_reader.h"
#include "common/chain_hash.h"
#include "common/huge_allocator.h"
#include "common/number_blocks.h"
#include "perfdata/format.h"
#include "report/address_table.h"
#include "report/stack_quality.h"

namespace prof {

/// A distinct call chain in one context.
struct RawStack {
  uint32_t context = 0;
  uint32_t length = 0;  // addresses
  const uint32_t* addresses = nullptr;
  uint64_t samples = 0;
  uint64_t period = 0;
  StackEnd end = StackEnd::Recorded;
  bool joined = false;  // with another stack's callers
};

/// A table that lies in more memory than any cache, so that looking a stack up costs a miss. It is
/// kept to one: a slot holds all that a sample changes, and stacks are told apart by 96 bits of a
/// keyed hash (chain_hash.h), not by their bytes, which lie elsewhere. Samples wait in a short
/// queue, and their slots are fetched while others are looked up.
class RawStacks {
 public:
  static constexpr size_t kQueue = 16;  // samples that wait

  /// With `in_place`, chains given to add() stay valid until kQueue more were added, or finish();
  /// otherwise they are copied.
  explicit RawStacks(bool in_place) : in_place_(in_place), slots_(size_t{1} << 12) {}

  /// Keeps this many addresses of a chain, leaf first; 0 keeps all.
  void set_max_stack(uint32_t addresses) { max_stack_ = addresses; }
  /// Keeps which stack each sample had, in the order of adding.
  void keep_sequence() { keeps_sequence_ = true; }
  /// Counts samples of one stack, now or when later ones come. Allocates only for chains not seen
  /// before.
  void add(SampleContext context, CpuMode mode, U64View chain, uint64_t period,
           uint64_t samples = 1);
  /// Ends the adding.
  void finish();

  /// After finish(), in the order in which they were first seen.
  std::span<const RawStack> all() const { return stacks_; }
  /// Numbers of addresses(), leaf first.
  std::span<const uint32_t> addresses_of(const RawStack& stack) const {
    return {stack.addresses, stack.length};
  }
  /// Indexes of all(), if they were to be kept.
  const std::vector<uint32_t>& sequence() const { return sequence_; }
  const AddressTable& addresses() const { return addresses_; }
  AddressTable& addresses() { return addresses_; }
  size_t total_length() const { return total_length_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t tag = 0;    // of the hash's other half
    uint32_t stack = 0;  // index + 1; 0 is free
    uint64_t samples = 0;
    uint64_t period = 0;
  };
  struct Waiting {
    Hash128 hash;
    SampleContext context;
    CpuMode mode = CpuMode::Unknown;
    uint64_t period = 0;
    uint64_t samples = 0;
    U64View chain;
    std::vector<std::byte> copy;
  };
  void count(const Waiting& sample);
  void store(const Waiting& sample);
  void grow();

  const bool in_place_;
  uint32_t max_stack_ = 0;
  bool keeps_sequence_ = false;
  std::vector<uint32_t> sequence_;
  ChainHash hash_;
  AddressTable addresses_;
  std::vector<RawStack, HugeAllocator<RawStack>> stacks_;
  NumberBlocks numbers_;
  size_t total_length_ = 0;
  std::vector<Slot, HugeAllocator<Slot>> slots_;
  std::array<Waiting, kQueue> queue_;
  size_t queued_ = 0;  // ever
};

}  // namespace prof
