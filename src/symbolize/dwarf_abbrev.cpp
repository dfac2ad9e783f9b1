#include "symbolize/dwarf_abbrev.h"

#include <dwarf.h>

#include <algorithm>
#include <optional>

namespace prof {

namespace {

/// How many bytes a value of that form takes; nothing if that depends on the value.
std::optional<unsigned> fixed_size(uint16_t form, const DwarfFormat& format) {
  switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
      return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
      return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
      return 8;
    case DW_FORM_data16:
      return 16;
    case DW_FORM_addr:
      return format.address_size;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_sec_offset:
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
    case DW_FORM_GNU_ref_alt:
      return format.offset_size();
    case DW_FORM_ref_addr:  // an address in DWARF 2
      return format.version <= 2 ? format.address_size : format.offset_size();
    default:
      return std::nullopt;
  }
}

SkipStep::Kind variable_kind(uint16_t form) {
  switch (form) {
    case DW_FORM_udata:
    case DW_FORM_sdata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      return SkipStep::Kind::Leb;
    case DW_FORM_string:
      return SkipStep::Kind::String;
    case DW_FORM_block1:
      return SkipStep::Kind::Block1;
    case DW_FORM_block2:
      return SkipStep::Kind::Block2;
    case DW_FORM_block4:
      return SkipStep::Kind::Block4;
    case DW_FORM_block:
    case DW_FORM_exprloc:
      return SkipStep::Kind::BlockLeb;
    default:
      return SkipStep::Kind::Other;
  }
}

uint64_t read_sibling(DwarfCursor& in, uint16_t form) {
  switch (form) {
    case DW_FORM_ref1:
      return in.u8();
    case DW_FORM_ref2:
      return in.u16();
    case DW_FORM_ref4:
      return in.u32();
    case DW_FORM_ref8:
      return in.u64();
    default:
      return in.uleb();
  }
}

bool is_unit_reference(uint16_t form) {
  return form == DW_FORM_ref1 || form == DW_FORM_ref2 || form == DW_FORM_ref4 ||
         form == DW_FORM_ref8 || form == DW_FORM_ref_udata;
}

}  // namespace

AbbrevTable::AbbrevTable(std::span<const std::byte> section, uint64_t offset, bool swap,
                         DwarfFormat format)
    : format_(format) {
  DwarfCursor in(section, swap, offset);
  while (in.ok()) {
    Abbrev abbrev;
    abbrev.code = in.uleb();
    if (abbrev.code == 0) break;
    abbrev.tag = static_cast<uint16_t>(in.uleb());
    abbrev.has_children = in.u8() != DW_CHILDREN_no;
    if (!read_attributes(in, abbrev)) break;
    add_steps(abbrev);
    has_functions_ = has_functions_ || (abbrev.tag == DW_TAG_subprogram && abbrev.has_pc);
    sorted_ = sorted_ && (abbrevs_.empty() || abbrevs_.back().code < abbrev.code);
    abbrevs_.push_back(abbrev);
  }
  if (!sorted_) std::ranges::stable_sort(abbrevs_, {}, &Abbrev::code);
  size_ = in.position() - std::min(in.position(), offset);
}

bool AbbrevTable::read_attributes(DwarfCursor& in, Abbrev& abbrev) {
  abbrev.first_attribute = static_cast<uint32_t>(attributes_.size());
  while (true) {
    AttributeSpec spec;
    const uint64_t name = in.uleb();
    const uint64_t form = in.uleb();
    if (!in.ok()) return false;
    if (name == 0 && form == 0) break;
    spec.name = static_cast<uint16_t>(std::min<uint64_t>(name, UINT16_MAX));
    spec.form = static_cast<uint16_t>(std::min<uint64_t>(form, UINT16_MAX));
    if (spec.form == DW_FORM_implicit_const) spec.constant = in.sleb();
    if (spec.name == DW_AT_low_pc || spec.name == DW_AT_ranges) abbrev.has_pc = true;
    attributes_.push_back(spec);
  }
  abbrev.attribute_count = static_cast<uint32_t>(attributes_.size()) - abbrev.first_attribute;
  return true;
}

void AbbrevTable::add_steps(Abbrev& abbrev) {
  abbrev.first_step = static_cast<uint32_t>(steps_.size());
  SkipStep step;
  for (const AttributeSpec& spec : attributes(abbrev)) {
    const bool sibling = spec.name == DW_AT_sibling && is_unit_reference(spec.form);
    if (const auto size = fixed_size(spec.form, format_); size && !sibling) {
      step.fixed += *size;
      continue;
    }
    step.kind = sibling ? SkipStep::Kind::Sibling : variable_kind(spec.form);
    step.form = spec.form;
    steps_.push_back(step);
    step = {};
  }
  if (step.fixed > 0) steps_.push_back(step);
  abbrev.step_count = static_cast<uint32_t>(steps_.size()) - abbrev.first_step;
}

const Abbrev* AbbrevTable::find_sparse(uint64_t code) const {
  const auto found = std::ranges::lower_bound(abbrevs_, code, {}, &Abbrev::code);
  return found != abbrevs_.end() && found->code == code ? &*found : nullptr;
}

uint64_t skip_attributes(DwarfCursor& in, const AbbrevTable& table, const Abbrev& abbrev) {
  uint64_t sibling = 0;
  for (const SkipStep& step : table.steps(abbrev)) {
    in.skip(step.fixed);
    switch (step.kind) {
      case SkipStep::Kind::Fixed:
        break;
      case SkipStep::Kind::Leb:
        in.skip_leb();
        break;
      case SkipStep::Kind::String:
        in.c_string();
        break;
      case SkipStep::Kind::Block1:
        in.skip(in.u8());
        break;
      case SkipStep::Kind::Block2:
        in.skip(in.u16());
        break;
      case SkipStep::Kind::Block4:
        in.skip(in.u32());
        break;
      case SkipStep::Kind::BlockLeb:
        in.skip(in.uleb());
        break;
      case SkipStep::Kind::Sibling:
        sibling = read_sibling(in, step.form);
        break;
      case SkipStep::Kind::Other:
        skip_form(in, step.form, table.format());
        break;
    }
  }
  return sibling;
}

void skip_form(DwarfCursor& in, uint16_t form, const DwarfFormat& format) {
  if (form == DW_FORM_indirect) {
    form = static_cast<uint16_t>(std::min<uint64_t>(in.uleb(), UINT16_MAX));
    // Two of them in a row have no use, and implicit_const no place for its value.
    if (form == DW_FORM_indirect || form == DW_FORM_implicit_const) return in.fail();
  }
  if (const auto size = fixed_size(form, format)) return in.skip(*size);
  switch (variable_kind(form)) {
    case SkipStep::Kind::Leb:
      return in.skip_leb();
    case SkipStep::Kind::String:
      in.c_string();
      return;
    case SkipStep::Kind::Block1:
      return in.skip(in.u8());
    case SkipStep::Kind::Block2:
      return in.skip(in.u16());
    case SkipStep::Kind::Block4:
      return in.skip(in.u32());
    case SkipStep::Kind::BlockLeb:
      return in.skip(in.uleb());
    default:
      return in.fail();
  }
}

}  // namespace prof
