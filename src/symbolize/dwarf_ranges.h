// Range lists: .debug_ranges of DWARF 3 and 4, .debug_rnglists of DWARF 5.
// Called for units and DIEs whose code is not in one piece.
#pragma once

#include <vector>

#include "symbolize/dwarf_unit.h"

namespace prof {

/// Adds the ranges that a DW_AT_ranges value names, in order, as far as they are well formed.
void read_ranges(const Unit& unit, const DwarfValue& value, std::vector<AddressRange>& out,
                 WorkBudget& budget);

/// Leaves out empty ranges, and those of code that the linker dropped: it put them at 0, or at the
/// end of the address space.
void add_range(uint64_t low, uint64_t high, std::vector<AddressRange>& out);

}  // namespace prof
