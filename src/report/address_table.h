// AddressTable: the distinct addresses of a recording's call chains, numbered as they are met.
// Filled by RawStacks; FrameTable names them, once each.
#pragma once

#include <cstdint>
#include <vector>

#include "common/address.h"
#include "perfdata/format.h"

namespace prof {

/// Who took a sample, as a number, and the number of the address space they were in: equal for
/// equal mappings.
struct SampleContext {
  uint32_t index = 0;
  uint32_t space = 0;
};

class AddressTable {
 public:
  struct Entry {
    FrameAddress address;
    CpuMode mode = CpuMode::Unknown;
    uint32_t context = 0;  // index of the first context it was met in
  };

  AddressTable() : slots_(size_t{1} << 12) {}

  /// The number of an address; equal for addresses that have equal names.
  uint32_t intern(SampleContext context, CpuMode mode, FrameAddress address);
  const std::vector<Entry>& all() const { return entries_; }

 private:
  struct Slot {
    uint64_t address = 0;
    uint32_t space = 0;
    uint32_t number = 0;  // index + 1; 0 is free
  };
  size_t slot_of(uint32_t space, uint64_t address) const;
  void grow();

  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
};

}  // namespace prof
