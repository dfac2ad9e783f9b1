// DwarfWorker: what one thread does with a unit: its addresses, scopes, lines and names.
// Run by DwarfSource, one for each thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "symbolize/dwarf_answers.h"
#include "symbolize/dwarf_index.h"
#include "symbolize/dwarf_split.h"

namespace prof {

class DwarfWorker {
 public:
  /// `addresses` ascending; all outlive the worker. `alt` may be null.
  DwarfWorker(std::span<const uint64_t> addresses, DwarfSections& sections, DwarfSections* alt,
              SplitUnits& split);

  /// Examines a unit, if it was not, and answers for the addresses it holds; false if it holds
  /// none. The answer's texts last until the next call.
  bool examine(IndexedUnit& indexed, std::span<const std::byte> bytes, UnitAnswer& answer);

 private:
  void set_up(const IndexedUnit& indexed, std::span<const std::byte> bytes);
  void find_ranges(IndexedUnit& indexed);
  std::vector<uint32_t> find_hits(const IndexedUnit& indexed) const;
  void find_scopes_of(const Unit& unit, UnitAnswer& answer);
  void find_lines(UnitAnswer& answer);
  void find_names(const Unit& unit, UnitAnswer& answer) const;
  const AbbrevTable* abbrevs_at(uint64_t offset, const DwarfFormat& format);

  std::span<const uint64_t> addresses_;
  DwarfSections& sections_;
  DwarfSections* alt_;
  SplitUnits& split_;
  WorkBudget abbrev_budget_, range_budget_, line_budget_;
  Unit unit_;
  std::optional<SplitUnit> split_unit_;
  std::vector<uint64_t> hits_;  // the addresses of the unit at hand
  ByteBuffer line_buffer_;

  struct CachedAbbrevs {
    uint64_t offset;
    AbbrevTable table;
  };
  std::vector<std::unique_ptr<CachedAbbrevs>> abbrevs_;  // the last few, the oldest first
};

}  // namespace prof
