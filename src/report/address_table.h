// AddressTable: the distinct addresses of a recording's call chains, numbered as they are met.
// Filled by RawStacks; FrameTable names them, once each.
#pragma once

#include <cstdint>
#include <vector>

#include "common/address.h"
#include "common/hash.h"
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
  uint32_t intern(SampleContext context, CpuMode mode, FrameAddress address) {
    const uint32_t space = space_of(context, mode, address.kind);
    const Slot& slot = slots_[slot_of(space, raw(address.addr))];
    return slot.number != 0 ? slot.number - 1 : add(context, space, mode, address);
  }
  const std::vector<Entry>& all() const { return entries_; }

 private:
  struct Slot {
    uint64_t address = 0;
    uint32_t space = 0;
    uint32_t number = 0;  // index + 1; 0 is free
  };
  // Kernel addresses mean the same in every process: they share one space. Modes keep apart what a
  // guest and its host may both use.
  static constexpr uint32_t kKernelSpace = 0x7fffff00;
  // An address is looked up differently by what it is.
  static constexpr uint32_t kReturnAddress = 1u << 31;

  static uint32_t space_of(SampleContext context, CpuMode mode, AddrKind kind) {
    const uint32_t space =
        mode == CpuMode::User ? context.space : kKernelSpace + static_cast<uint32_t>(mode);
    return kind == AddrKind::ReturnAddress ? space | kReturnAddress : space;
  }
  size_t slot_of(uint32_t space, uint64_t address) const {
    const size_t mask = slots_.size() - 1;
    size_t slot = hash_mix(address, space) & mask;
    while (slots_[slot].number != 0 &&
           (slots_[slot].address != address || slots_[slot].space != space)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  uint32_t add(SampleContext context, uint32_t space, CpuMode mode, FrameAddress address);
  void grow();

  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
};

}  // namespace prof
