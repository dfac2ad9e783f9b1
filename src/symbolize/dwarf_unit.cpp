#include "symbolize/dwarf_unit.h"

#include <dwarf.h>

#include <algorithm>

#include "symbolize/dwarf_ranges.h"

namespace prof {

namespace {

using Kind = DwarfValue::Kind;

/// In a unit of a .dwo file the bases are not named: the section is the unit's alone, and starts
/// with a header (DWARF 5, 7.26 and 7.28). Split DWARF 4 has no headers.
uint64_t default_base(const UnitHeader& header, uint64_t size_32, uint64_t size_64) {
  if (header.format.version < 5) return 0;
  return header.format.is_64 ? size_64 : size_32;
}

}  // namespace

std::optional<UnitHeader> read_unit_header(std::span<const std::byte> head, uint64_t offset,
                                           uint64_t section_size, bool swap) {
  DwarfCursor in(head, swap);
  UnitHeader h;
  h.offset = offset;
  uint64_t length = in.u32();
  h.format.is_64 = length == UINT32_MAX;
  if (h.format.is_64) length = in.u64();
  const uint64_t left = section_size - std::min(offset, section_size);
  if (!in.ok() || length > left || in.position() > left - length) return std::nullopt;
  h.size = in.position() + length;
  const uint16_t version = in.u16();
  h.type = DW_UT_compile;
  if (version >= 5) {
    h.type = in.u8();
    h.format.address_size = in.u8();
    h.abbrev_offset = in.offset(h.format.is_64);
    if (h.type == DW_UT_skeleton || h.type == DW_UT_split_compile) h.dwo_id = in.u64();
  } else {
    h.abbrev_offset = in.offset(h.format.is_64);
    h.format.address_size = in.u8();
  }
  h.first_die = static_cast<uint32_t>(in.position());
  const bool of_code = h.type == DW_UT_compile || h.type == DW_UT_partial ||
                       h.type == DW_UT_skeleton || h.type == DW_UT_split_compile;
  const bool known = in.ok() && version >= 2 && version <= 5 && of_code && h.first_die <= h.size &&
                     (h.format.address_size == 4 || h.format.address_size == 8);
  h.format.version = known ? version : 0;
  return h;
}

DwarfCursor Unit::cursor(uint64_t position) const {
  return DwarfCursor(bytes, sections->swapped(), position);
}

DwarfValue Unit::value(DwarfCursor& in, const AttributeSpec& spec) const {
  const DwarfFormat& format = header.format;
  uint16_t form = spec.form;
  if (form == DW_FORM_indirect) {
    form = static_cast<uint16_t>(std::min<uint64_t>(in.uleb(), UINT16_MAX));
    if (form == DW_FORM_implicit_const) in.fail();
  }
  switch (form) {
    case DW_FORM_addr:
      return {Kind::Address, in.number(format.address_size), {}};
    case DW_FORM_addrx:
    case DW_FORM_GNU_addr_index:
      return {Kind::AddressIndex, in.uleb(), {}};
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
      return {Kind::AddressIndex, in.number(static_cast<unsigned>(form - DW_FORM_addrx1 + 1)), {}};
    case DW_FORM_data1:
    case DW_FORM_flag:
      return {Kind::Constant, in.u8(), {}};
    case DW_FORM_data2:
      return {Kind::Constant, in.u16(), {}};
    // Before DWARF 4 these stood for offsets of sections as well.
    case DW_FORM_data4:
      return {Kind::Constant, in.u32(), {}};
    case DW_FORM_data8:
      return {Kind::Constant, in.u64(), {}};
    case DW_FORM_udata:
      return {Kind::Constant, in.uleb(), {}};
    case DW_FORM_sdata:
      return {Kind::Constant, static_cast<uint64_t>(in.sleb()), {}};
    case DW_FORM_implicit_const:
      return {Kind::Constant, static_cast<uint64_t>(spec.constant), {}};
    case DW_FORM_flag_present:
      return {Kind::Constant, 1, {}};
    case DW_FORM_sec_offset:
      return {Kind::SectionOffset, in.offset(format.is_64), {}};
    case DW_FORM_rnglistx:
      return {Kind::ListIndex, in.uleb(), {}};
    case DW_FORM_string:
      return {Kind::Text, 0, in.c_string()};
    case DW_FORM_line_strp: {
      DwarfCursor text(sections->line_str, false, in.offset(format.is_64));
      return {Kind::Text, 0, text.c_string()};
    }
    case DW_FORM_strp:
      return {Kind::StrOffset, in.offset(format.is_64), {}};
    case DW_FORM_strx:
    case DW_FORM_GNU_str_index:
      return {Kind::StrIndex, in.uleb(), {}};
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
      return {Kind::StrIndex, in.number(static_cast<unsigned>(form - DW_FORM_strx1 + 1)), {}};
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
      return {Kind::AltStr, in.offset(format.is_64), {}};
    case DW_FORM_ref1:
      return {Kind::UnitRef, in.u8(), {}};
    case DW_FORM_ref2:
      return {Kind::UnitRef, in.u16(), {}};
    case DW_FORM_ref4:
      return {Kind::UnitRef, in.u32(), {}};
    case DW_FORM_ref8:
      return {Kind::UnitRef, in.u64(), {}};
    case DW_FORM_ref_udata:
      return {Kind::UnitRef, in.uleb(), {}};
    case DW_FORM_ref_addr:
      return {Kind::InfoRef,
              format.version <= 2 ? in.number(format.address_size) : in.offset(format.is_64),
              {}};
    case DW_FORM_ref_sup4:
      return {Kind::AltInfoRef, in.u32(), {}};
    case DW_FORM_ref_sup8:
      return {Kind::AltInfoRef, in.u64(), {}};
    case DW_FORM_GNU_ref_alt:
      return {Kind::AltInfoRef, in.offset(format.is_64), {}};
    default:
      skip_form(in, form, format);
      return {Kind::Other, 0, {}};
  }
}

std::optional<uint64_t> Unit::address(const DwarfValue& value) const {
  if (value.kind == Kind::Address) return value.number;
  if (value.kind != Kind::AddressIndex) return std::nullopt;
  const unsigned size = header.format.address_size;
  if (value.number > UINT32_MAX || addr_base > UINT64_MAX / 2) return std::nullopt;
  DwarfCursor in(skeleton->addr, skeleton->swapped(), addr_base + value.number * size);
  const uint64_t result = in.number(size);
  return in.ok() ? std::optional(result) : std::nullopt;
}

DwarfValue Unit::resolved(const DwarfValue& value) const {
  if (value.kind != Kind::StrIndex) return value;
  if (value.number > UINT32_MAX || str_offsets_base > UINT64_MAX / 2) return {};
  const uint64_t position = str_offsets_base + value.number * header.format.offset_size();
  DwarfCursor in(str_offsets, sections->swapped(), position);
  const uint64_t offset = in.offset(header.format.is_64);
  return in.ok() ? DwarfValue{Kind::StrOffset, offset, {}} : DwarfValue{};
}

std::string Unit::string(const DwarfValue& value) const {
  const DwarfValue found = resolved(value);
  if (found.kind == Kind::Text) return std::string(found.text);
  if (found.kind == Kind::StrOffset) return sections->string_copy(found.number);
  if (found.kind == Kind::AltStr && alt) return alt->string_copy(found.number);
  return {};
}

bool Unit::read_die() {
  DwarfCursor in = cursor(header.first_die);
  const Abbrev* abbrev = abbrevs->find(in.uleb());
  if (!in.ok() || !abbrev) return false;
  tag = abbrev->tag;
  dwo_id = header.dwo_id;
  if (is_split()) {
    str_offsets_base = default_base(header, 8, 16);
    rnglists_base = default_base(header, 12, 20);
  }
  for (const AttributeSpec& spec : abbrevs->attributes(*abbrev)) {
    const DwarfValue v = value(in, spec);
    if (!in.ok()) return false;
    switch (spec.name) {
      case DW_AT_low_pc:
        low = v;
        break;
      case DW_AT_high_pc:
        high = v;
        break;
      case DW_AT_ranges:
        ranges = v;
        break;
      case DW_AT_stmt_list:
        stmt_list = v;
        break;
      case DW_AT_comp_dir:
        comp_dir = v;
        break;
      case DW_AT_dwo_name:
      case DW_AT_GNU_dwo_name:
        dwo_name = v;
        break;
      case DW_AT_GNU_dwo_id:
        dwo_id = v.number;
        break;
      case DW_AT_str_offsets_base:
        str_offsets_base = v.number;
        break;
      case DW_AT_addr_base:
      case DW_AT_GNU_addr_base:
        addr_base = v.number;
        break;
      case DW_AT_rnglists_base:
        rnglists_base = v.number;
        break;
      case DW_AT_GNU_ranges_base:
        ranges_base = v.number;
        break;
      default:
        break;
    }
  }
  // Only now, since .debug_addr's base may stand behind the index.
  low_pc = address(low).value_or(low_pc);
  return true;
}

void Unit::add_ranges(const DwarfValue& low_value, const DwarfValue& high_value,
                      const DwarfValue& ranges_value, std::vector<AddressRange>& out,
                      WorkBudget& budget) const {
  if (ranges_value) return read_ranges(*this, ranges_value, out, budget);
  const auto first = address(low_value);
  if (!first || !high_value) return;
  // The end, or, in any class but address, the length (DWARF 4 and later).
  const auto end = address(high_value);
  add_range(*first, end ? *end : *first + high_value.number, out);
}

}  // namespace prof
