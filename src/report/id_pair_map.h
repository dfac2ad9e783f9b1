// IdPairMap: from a pair of ids to one id, as a prefix tree needs it to find a child. Used by the
// call tree and by imports that build a Profile's stacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/hash.h"

namespace prof {

/// Open addressing in one array. The pair (UINT32_MAX, UINT32_MAX) cannot be a key.
class IdPairMap {
 public:
  IdPairMap() : slots_(kFirstSize) {}

  /// The value of (first, second); `fresh` is stored and given where there was none.
  uint32_t find_or_add(uint32_t first, uint32_t second, uint32_t fresh) {
    const uint64_t key = uint64_t{first} << 32 | second;
    size_t slot = place(key);
    for (; slots_[slot].key != kFree; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].key == key) return slots_[slot].value;
    }
    slots_[slot] = {key, fresh};
    if (++used_ * 4 > slots_.size() * 3) grow();
    return fresh;
  }
  size_t size() const { return used_; }

 private:
  static constexpr uint64_t kFree = UINT64_MAX;
  static constexpr size_t kFirstSize = 64;  // a power of two, as every later size
  struct __attribute__((packed, aligned(4))) Slot {
    uint64_t key = kFree;
    uint32_t value = 0;
  };

  size_t place(uint64_t key) const {
    return static_cast<size_t>(hash_mix(key, 0)) & (slots_.size() - 1);
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& entry : old) {
      if (entry.key == kFree) continue;
      size_t slot = place(entry.key);
      while (slots_[slot].key != kFree) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = entry;
    }
  }

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

}  // namespace prof
