// AbbrevTable: one table of .debug_abbrev, prepared so that DIEs can be skipped quickly.
// Made by the unit reader; used wherever DIEs are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "symbolize/dwarf_cursor.h"

namespace prof {

/// What decides how many bytes a form takes (DWARF 5, 7.5.6).
struct DwarfFormat {
  uint16_t version = 0;
  uint8_t address_size = 0;
  bool is_64 = false;

  bool operator==(const DwarfFormat&) const = default;
  unsigned offset_size() const { return is_64 ? 8 : 4; }
};

struct AttributeSpec {
  uint16_t name = 0;     // DW_AT_*
  uint16_t form = 0;     // DW_FORM_*
  int64_t constant = 0;  // of DW_FORM_implicit_const
};

/// A step in skipping a DIE: first `fixed` bytes, then one value of variable size.
struct SkipStep {
  enum class Kind : uint8_t {
    Fixed,
    Leb,
    String,
    Block1,
    Block2,
    Block4,
    BlockLeb,
    Other,
    Sibling
  };
  uint32_t fixed = 0;
  uint16_t form = 0;  // of Other and Sibling
  Kind kind = Kind::Fixed;
};

struct Abbrev {
  uint64_t code = 0;
  uint16_t tag = 0;  // DW_TAG_*
  bool has_children = false;
  bool has_pc = false;  // DW_AT_low_pc or DW_AT_ranges
  uint32_t first_attribute = 0;
  uint32_t attribute_count = 0;
  uint32_t first_step = 0;
  uint32_t step_count = 0;
};

class AbbrevTable {
 public:
  /// The table at `offset` of .debug_abbrev, as far as it is well formed.
  AbbrevTable(std::span<const std::byte> section, uint64_t offset, bool swap, DwarfFormat format);

  /// nullptr if there is no such code.
  const Abbrev* find(uint64_t code) const {
    if (code - 1 < abbrevs_.size() && abbrevs_[static_cast<size_t>(code - 1)].code == code) {
      return &abbrevs_[static_cast<size_t>(code - 1)];
    }
    return find_sparse(code);
  }
  std::span<const AttributeSpec> attributes(const Abbrev& abbrev) const {
    return std::span(attributes_).subspan(abbrev.first_attribute, abbrev.attribute_count);
  }
  std::span<const SkipStep> steps(const Abbrev& abbrev) const {
    return std::span(steps_).subspan(abbrev.first_step, abbrev.step_count);
  }
  const DwarfFormat& format() const { return format_; }
  /// Whether any DIE may be a function with code.
  bool has_functions() const { return has_functions_; }
  /// How many bytes of the section it takes.
  uint64_t size() const { return size_; }

 private:
  bool read_attributes(DwarfCursor& in, Abbrev& abbrev);
  void add_steps(Abbrev& abbrev);
  const Abbrev* find_sparse(uint64_t code) const;

  DwarfFormat format_;
  uint64_t size_ = 0;
  bool sorted_ = true;
  bool has_functions_ = false;
  std::vector<Abbrev> abbrevs_;  // by code
  std::vector<AttributeSpec> attributes_;
  std::vector<SkipStep> steps_;
};

/// Skips the attributes of a DIE; the position that DW_AT_sibling names, relative to the unit, or
/// 0.
uint64_t skip_attributes(DwarfCursor& in, const AbbrevTable& table, const Abbrev& abbrev);

/// Skips one value of `form`; fails the cursor for an unknown one.
void skip_form(DwarfCursor& in, uint16_t form, const DwarfFormat& format);

}  // namespace prof
