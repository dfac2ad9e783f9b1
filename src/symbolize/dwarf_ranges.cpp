#include "symbolize/dwarf_ranges.h"

#include <dwarf.h>

#include <optional>

namespace prof {

namespace {

uint64_t largest_address(const Unit& unit) {
  return unit.header.format.address_size == 4 ? UINT32_MAX : UINT64_MAX;
}

/// Pairs of addresses: (0, 0) ends, (all ones, base) sets the base (DWARF 4, 2.17.3).
void read_debug_ranges(const Unit& unit, uint64_t offset, std::vector<AddressRange>& out,
                       WorkBudget& budget) {
  const unsigned size = unit.header.format.address_size;
  const uint64_t largest = largest_address(unit);
  DwarfCursor in(unit.skeleton->ranges, unit.skeleton->swapped(), offset);
  uint64_t base = unit.low_pc;
  while (budget.spend(2)) {
    const uint64_t low = in.number(size);
    const uint64_t high = in.number(size);
    if (!in.ok() || (low == 0 && high == 0)) return;
    if (low == largest) {
      base = high;
    } else if (low != high) {
      add_range((base + low) & largest, (base + high) & largest, out);
    }
  }
}

/// DWARF 5, 2.17.3 and 7.25.
class RnglistReader {
 public:
  RnglistReader(const Unit& unit, uint64_t offset)
      : unit_(unit),
        in_(unit.rnglists, unit.sections->swapped(), offset),
        base_(unit.low_pc),
        largest_(largest_address(unit)) {}

  void read(std::vector<AddressRange>& out, WorkBudget& budget) {
    while (budget.spend(2) && in_.ok()) {
      const uint8_t kind = in_.u8();
      if (kind == DW_RLE_end_of_list || !entry(kind, out)) return;
    }
  }

 private:
  bool entry(uint8_t kind, std::vector<AddressRange>& out) {
    std::optional<uint64_t> low, high;
    switch (kind) {
      case DW_RLE_base_addressx:
        base_ = indexed().value_or(largest_);
        return in_.ok();
      case DW_RLE_base_address:
        base_ = plain();
        return in_.ok();
      case DW_RLE_startx_endx:
        low = indexed();
        high = indexed();
        break;
      case DW_RLE_startx_length:
        low = indexed();
        high = low.value_or(0) + in_.uleb();
        break;
      case DW_RLE_offset_pair: {
        const uint64_t begin = in_.uleb();
        const uint64_t end = in_.uleb();
        if (base_ >= largest_ - 1) return in_.ok();  // of a function that was dropped
        low = base_ + begin;
        high = base_ + end;
        break;
      }
      case DW_RLE_start_end:
        low = plain();
        high = plain();
        break;
      case DW_RLE_start_length:
        low = plain();
        high = *low + in_.uleb();
        break;
      default:
        return false;
    }
    if (in_.ok() && low && high) add_range(*low, *high, out);
    return in_.ok();
  }
  uint64_t plain() { return in_.number(unit_.header.format.address_size); }
  std::optional<uint64_t> indexed() {
    return unit_.address({DwarfValue::Kind::AddressIndex, in_.uleb(), {}});
  }

  const Unit& unit_;
  DwarfCursor in_;
  uint64_t base_;
  uint64_t largest_;
};

}  // namespace

void add_range(uint64_t low, uint64_t high, std::vector<AddressRange>& out) {
  if (low != 0 && low < high && low < UINT64_MAX - 1) out.push_back({low, high});
}

void read_ranges(const Unit& unit, const DwarfValue& value, std::vector<AddressRange>& out,
                 WorkBudget& budget) {
  uint64_t offset = value.number;
  if (unit.header.format.version < 5) {
    // In a .dwo file, offsets count from a base that the skeleton names.
    return read_debug_ranges(unit, offset + (unit.is_split() ? unit.ranges_base : 0), out, budget);
  }
  if (value.kind == DwarfValue::Kind::ListIndex) {
    if (offset > UINT32_MAX || unit.rnglists_base > UINT64_MAX / 2) return;
    const uint64_t position = unit.rnglists_base + offset * unit.header.format.offset_size();
    DwarfCursor in(unit.rnglists, unit.sections->swapped(), position);
    offset = unit.rnglists_base + in.offset(unit.header.format.is_64);
    if (!in.ok()) return;
  }
  RnglistReader(unit, offset).read(out, budget);
}

}  // namespace prof
