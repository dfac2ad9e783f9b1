// DwarfIndex: the units of .debug_info in file order, and the addresses of each.
// Grown by DwarfSource as units are met for the first time, kept for the next question.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "symbolize/dwarf_unit.h"

namespace prof {

struct IndexedUnit {
  UnitHeader header;
  std::vector<AddressRange> ranges;
  bool examined = false;   // whether `ranges` is known
  bool unbounded = false;  // has code, but does not say where
};

class DwarfIndex {
 public:
  /// Reads the header of the next unit that was not met yet; its number, or nothing at the end.
  /// Type units are left out. `buffer` may hold the header's first bytes then, as many as
  /// SectionData::read() is to be told; the unit itself can be read on from there.
  std::optional<size_t> meet_next(DwarfSections& sections, ByteBuffer& buffer, size_t& kept);
  /// Meets all that are left: for a search by offset.
  void meet_all(DwarfSections& sections);

  size_t size() const { return units_.size(); }
  IndexedUnit& operator[](size_t i) { return units_[i]; }
  /// The unit that holds the DIE at `offset`; nullptr if there is none.
  const IndexedUnit* holding(uint64_t offset) const;

 private:
  std::vector<IndexedUnit> units_;
  uint64_t end_ = 0;  // of the last unit met
  bool complete_ = false;
};

}  // namespace prof
