// Unit: a unit of .debug_info, its header, the bases of its unit DIE, and how values are read in
// it. Made by DwarfSource for each unit that is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolize/dwarf_abbrev.h"
#include "symbolize/dwarf_sections.h"

namespace prof {

/// DWARF 5, 7.5.1. `version` 0 if the unit is of a kind that is not known: it can be skipped only.
struct UnitHeader {
  uint64_t offset = 0;  // in .debug_info
  uint64_t size = 0;    // from there to its end
  uint64_t abbrev_offset = 0;
  uint64_t dwo_id = 0;
  uint32_t first_die = 0;  // from `offset`
  uint8_t type = 0;        // DW_UT_*; DW_UT_compile before DWARF 5
  DwarfFormat format;
};

/// Nothing if the length is wrong, so that what follows cannot be found. `head` are the bytes at
/// `offset`, kLongestUnitHeader if there are so many.
inline constexpr uint64_t kLongestUnitHeader = 40;
std::optional<UnitHeader> read_unit_header(std::span<const std::byte> head, uint64_t offset,
                                           uint64_t section_size, bool swap);

struct DwarfValue {
  enum class Kind : uint8_t {
    None,
    Address,
    AddressIndex,  // in .debug_addr
    Constant,
    SectionOffset,
    ListIndex,   // DW_FORM_rnglistx
    Text,        // in place
    StrOffset,   // in .debug_str
    StrIndex,    // in .debug_str_offsets
    AltStr,      // in .debug_str of dwz's common file
    UnitRef,     // from the unit's start
    InfoRef,     // from the start of .debug_info
    AltInfoRef,  // the same in dwz's common file
    Other,
  };
  Kind kind = Kind::None;
  uint64_t number = 0;
  std::string_view text;

  explicit operator bool() const { return kind != Kind::None; }
};

struct AddressRange {
  uint64_t low = 0;
  uint64_t high = 0;  // one past the last
};

/// How much more may be read of what several DIEs may share; keeps a malformed file, whose million
/// DIEs all name one long list, from taking forever.
struct WorkBudget {
  uint64_t left = 0;
  bool spend(uint64_t amount) {
    const bool enough = amount <= left;
    left -= enough ? amount : left;
    return enough;
  }
};

struct Unit {
  UnitHeader header;
  std::span<const std::byte> bytes;  // the whole unit, its header included
  const AbbrevTable* abbrevs = nullptr;
  DwarfSections* sections = nullptr;  // of the file the unit is in
  DwarfSections* alt = nullptr;       // dwz's common file, if there is one
  DwarfSections* skeleton = nullptr;  // where .debug_addr and .debug_line are; `sections` mostly
  // The parts of `sections` that are this unit's own: a .dwp file has many units' in one section.
  std::span<const std::byte> str_offsets, rnglists;

  // From the unit DIE.
  uint16_t tag = 0;
  uint64_t str_offsets_base = 0;
  uint64_t addr_base = 0;
  uint64_t rnglists_base = 0;
  uint64_t ranges_base = 0;  // GNU split DWARF 4: of the skeleton's .debug_ranges, for its .dwo
  uint64_t low_pc = 0;
  uint64_t dwo_id = 0;
  DwarfValue low, high, ranges, stmt_list, comp_dir, dwo_name;

  bool is_split() const { return skeleton != sections; }
  DwarfCursor cursor(uint64_t position) const;
  DwarfValue value(DwarfCursor& in, const AttributeSpec& spec) const;
  std::optional<uint64_t> address(const DwarfValue& value) const;
  /// .debug_str's offset for a StrIndex; any other value as it is.
  DwarfValue resolved(const DwarfValue& value) const;
  /// The text of a string attribute that is needed at once.
  std::string string(const DwarfValue& value) const;

  /// Reads the unit DIE; `bytes`, `abbrevs` and the sections have to be there. False if malformed.
  bool read_die();
  /// Adds the addresses that DW_AT_low_pc and DW_AT_high_pc, or DW_AT_ranges, of a DIE name.
  void add_ranges(const DwarfValue& low_value, const DwarfValue& high_value,
                  const DwarfValue& ranges_value, std::vector<AddressRange>& out,
                  WorkBudget& budget) const;
};

}  // namespace prof
