#include "report/address_table.h"

namespace prof {

uint32_t AddressTable::add(SampleContext context, uint32_t space, CpuMode mode,
                           FrameAddress address) {
  const auto number = static_cast<uint32_t>(entries_.size());
  entries_.push_back({address, mode, context.index});
  slots_[slot_of(space, raw(address.addr))] = {raw(address.addr), space, number + 1};
  if (entries_.size() * 2 > slots_.size()) grow();
  return number;
}

void AddressTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& entry : old) {
    if (entry.number != 0) slots_[slot_of(entry.space, entry.address)] = entry;
  }
}

}  // namespace prof
