#include "report/address_table.h"

#include "common/hash.h"

namespace prof {

namespace {
// Kernel addresses mean the same in every process: they share one space. Modes keep apart what a
// guest and its host may both use.
constexpr uint32_t kKernelSpace = 0x7fffff00;
// An address is looked up differently by what it is.
constexpr uint32_t kReturnAddress = 1u << 31;
}  // namespace

uint32_t AddressTable::intern(SampleContext context, CpuMode mode, FrameAddress address) {
  uint32_t space = context.space;
  if (mode != CpuMode::User) space = kKernelSpace + static_cast<uint32_t>(mode);
  if (address.kind == AddrKind::ReturnAddress) space |= kReturnAddress;
  Slot& slot = slots_[slot_of(space, raw(address.addr))];
  if (slot.number != 0) return slot.number - 1;
  const auto number = static_cast<uint32_t>(entries_.size());
  entries_.push_back({address, mode, context.index});
  slot = {raw(address.addr), space, number + 1};
  if (entries_.size() * 2 > slots_.size()) grow();
  return number;
}

size_t AddressTable::slot_of(uint32_t space, uint64_t address) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash_mix(address, space) & mask;
  while (slots_[slot].number != 0 &&
         (slots_[slot].address != address || slots_[slot].space != space)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void AddressTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& entry : old) {
    if (entry.number != 0) slots_[slot_of(entry.space, entry.address)] = entry;
  }
}

}  // namespace prof
