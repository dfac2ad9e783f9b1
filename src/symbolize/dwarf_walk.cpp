// A unit's DIEs are a tree in preorder (DWARF 5, 2.3): a DIE with children is followed by them, and
// they by a null entry. Where the producer wrote DW_AT_sibling (GCC does, LLVM does not) a subtree
// can be jumped over, which is most of the speed.
#include "symbolize/dwarf_walk.h"

#include <dwarf.h>

#include <algorithm>

namespace prof {

namespace {

constexpr size_t kDeepest = 2048;
constexpr int kLongestOriginChain = 16;

class ScopeWalk {
 public:
  ScopeWalk(const Unit& unit, std::span<const uint64_t> addresses, WalkDepth depth,
            WorkBudget& budget)
      : unit_(unit),
        table_(*unit.abbrevs),
        addresses_(addresses),
        depth_(depth),
        budget_(budget),
        in_(unit.cursor(unit.header.first_die)) {
    found_.innermost.assign(addresses.size(), DwarfScope::kNone);
  }

  UnitScopes run() {
    while (step()) {
    }
    return std::move(found_);
  }

 private:
  /// What holds for the children of a DIE.
  struct Level {
    uint32_t scope = DwarfScope::kNone;
    bool live = false;  // inside a function, or a part of one, that holds an asked address
  };
  /// What is read of a DIE that may have code.
  struct Code {
    DwarfValue low, high, ranges, origin;
    uint64_t sibling = 0;
    uint32_t call_file = 0, call_line = 0;
  };

  bool step();
  bool visit(const Abbrev& abbrev, uint64_t position, Level& inside, uint64_t& sibling);
  bool visit_code(const Abbrev& abbrev, uint64_t position, Level& inside, uint64_t& sibling);
  Code read_code(const Abbrev& abbrev);
  bool enter(const Level& inside, bool wanted, uint64_t sibling);
  uint32_t add_scope(const Abbrev& abbrev, uint64_t position, const Code& code, uint32_t parent);
  bool any_hit() const;
  void mark_hits(uint32_t scope);

  const Unit& unit_;
  const AbbrevTable& table_;
  std::span<const uint64_t> addresses_;
  WalkDepth depth_;
  WorkBudget& budget_;
  DwarfCursor in_;
  std::vector<Level> stack_;
  std::vector<AddressRange> ranges_;  // of the DIE at hand
  UnitScopes found_;
};

bool ScopeWalk::step() {
  const uint64_t position = in_.position();
  const uint64_t code = in_.uleb();
  if (!in_.ok()) return false;
  if (code == 0) {
    if (!stack_.empty()) stack_.pop_back();
    return !stack_.empty();
  }
  const Abbrev* abbrev = table_.find(code);
  if (!abbrev) return false;
  Level inside = stack_.empty() ? Level{} : stack_.back();
  uint64_t sibling = 0;
  const bool wanted = visit(*abbrev, position, inside, sibling);
  if (!in_.ok()) return false;
  if (!abbrev->has_children) return !stack_.empty();
  return enter(inside, wanted, sibling);
}

/// Goes to the first child, or over all of them.
bool ScopeWalk::enter(const Level& inside, bool wanted, uint64_t sibling) {
  const bool can_jump = sibling > in_.position() && sibling < unit_.header.size;
  if (!wanted && can_jump && !stack_.empty()) {
    in_.seek(sibling);
    found_.jumped = true;
    return true;
  }
  if (stack_.size() >= kDeepest) return false;
  stack_.push_back(inside);
  return true;
}

/// Reads a DIE's attributes and sets what holds inside it. Whether its children are of interest.
bool ScopeWalk::visit(const Abbrev& abbrev, uint64_t position, Level& inside, uint64_t& sibling) {
  switch (abbrev.tag) {
    case DW_TAG_subprogram:
      if (abbrev.has_pc) return visit_code(abbrev, position, inside, sibling);
      inside = {};
      break;
    case DW_TAG_inlined_subroutine:
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_with_stmt:
    case DW_TAG_entry_point:
      if (inside.live) return visit_code(abbrev, position, inside, sibling);
      break;
    case DW_TAG_compile_unit:
    case DW_TAG_skeleton_unit:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_common_block:
      inside = {};
      sibling = skip_attributes(in_, table_, abbrev);
      return true;
    default:
      inside.live = false;
      break;
  }
  sibling = skip_attributes(in_, table_, abbrev);
  return depth_ == WalkDepth::Full;
}

ScopeWalk::Code ScopeWalk::read_code(const Abbrev& abbrev) {
  Code code;
  for (const AttributeSpec& spec : table_.attributes(abbrev)) {
    switch (spec.name) {
      case DW_AT_low_pc:
        code.low = unit_.value(in_, spec);
        break;
      case DW_AT_high_pc:
        code.high = unit_.value(in_, spec);
        break;
      case DW_AT_ranges:
        code.ranges = unit_.value(in_, spec);
        break;
      case DW_AT_abstract_origin:
        code.origin = unit_.value(in_, spec);
        break;
      case DW_AT_sibling:
        if (const DwarfValue v = unit_.value(in_, spec); v.kind == DwarfValue::Kind::UnitRef) {
          code.sibling = v.number;
        }
        break;
      case DW_AT_call_file:
        code.call_file = static_cast<uint32_t>(unit_.value(in_, spec).number);
        break;
      case DW_AT_call_line:
        code.call_line = static_cast<uint32_t>(unit_.value(in_, spec).number);
        break;
      default:
        if (spec.form != DW_FORM_implicit_const) skip_form(in_, spec.form, table_.format());
        break;
    }
  }
  return code;
}

bool ScopeWalk::visit_code(const Abbrev& abbrev, uint64_t position, Level& inside,
                           uint64_t& sibling) {
  const Code code = read_code(abbrev);
  sibling = code.sibling;
  const bool is_function = abbrev.tag == DW_TAG_subprogram;
  const bool is_scope = is_function || abbrev.tag == DW_TAG_inlined_subroutine;
  const uint32_t parent = is_function ? DwarfScope::kNone : inside.scope;
  ranges_.clear();
  if (in_.ok()) unit_.add_ranges(code.low, code.high, code.ranges, ranges_, budget_);
  // A block without addresses is there for its variables, and may hold anything.
  const bool unknown = ranges_.empty() && !is_function;
  if (!unknown && !any_hit()) {
    inside = {};
    return depth_ == WalkDepth::Full;
  }
  inside.live = true;
  if (is_scope) {
    inside.scope = add_scope(abbrev, position, code, parent);
    mark_hits(inside.scope);
  }
  return true;
}

bool ScopeWalk::any_hit() const {
  return std::ranges::any_of(ranges_, [&](const AddressRange& range) {
    const auto first = std::ranges::lower_bound(addresses_, range.low);
    return first != addresses_.end() && *first < range.high;
  });
}

/// Children come after their parents, so that the innermost scope is the one that stays.
void ScopeWalk::mark_hits(uint32_t scope) {
  for (const AddressRange& range : ranges_) {
    const auto begin = addresses_.begin();
    const auto first = std::ranges::lower_bound(addresses_, range.low);
    const auto last = std::lower_bound(first, addresses_.end(), range.high);
    if (!budget_.spend(static_cast<uint64_t>(last - first))) return;
    std::fill(found_.innermost.begin() + (first - begin), found_.innermost.begin() + (last - begin),
              scope);
  }
}

uint32_t ScopeWalk::add_scope(const Abbrev& abbrev, uint64_t position, const Code& code,
                              uint32_t parent) {
  DwarfScope scope;
  scope.name_die = position;
  scope.parent = parent;
  scope.inlined = abbrev.tag == DW_TAG_inlined_subroutine;
  scope.call_file = code.call_file;
  scope.call_line = code.call_line;
  // Many calls of one function then have one DIE to read.
  if (scope.inlined && code.origin.kind == DwarfValue::Kind::UnitRef) {
    scope.name_die = code.origin.number;
  }
  found_.scopes.push_back(scope);
  return static_cast<uint32_t>(found_.scopes.size() - 1);
}

/// The names of one DIE, and where else to look.
struct NameAttributes {
  DwarfValue linkage, plain, origin;
};

NameAttributes read_names(const Unit& unit, DwarfCursor& in, const Abbrev& abbrev) {
  NameAttributes names;
  for (const AttributeSpec& spec : unit.abbrevs->attributes(abbrev)) {
    switch (spec.name) {
      case DW_AT_linkage_name:
      case DW_AT_MIPS_linkage_name:
        names.linkage = unit.value(in, spec);
        break;
      case DW_AT_name:
        names.plain = unit.value(in, spec);
        break;
      case DW_AT_abstract_origin:
      case DW_AT_specification:
        names.origin = unit.value(in, spec);
        break;
      default:
        if (spec.form != DW_FORM_implicit_const) {
          skip_form(in, spec.form, unit.abbrevs->format());
        }
        break;
    }
  }
  return names;
}

}  // namespace

UnitScopes find_scopes(const Unit& unit, std::span<const uint64_t> addresses, WalkDepth depth,
                       WorkBudget& budget) {
  return ScopeWalk(unit, addresses, depth, budget).run();
}

DwarfName find_name(const Unit& unit, uint64_t position) {
  DwarfValue plain;
  for (int i = 0; i < kLongestOriginChain; ++i) {
    DwarfCursor in = unit.cursor(position);
    const Abbrev* abbrev = unit.abbrevs->find(in.uleb());
    if (!in.ok() || !abbrev) break;
    const NameAttributes names = read_names(unit, in, *abbrev);
    if (!in.ok()) break;
    if (names.linkage) return {unit.resolved(names.linkage), {}};
    if (!plain && names.plain) plain = unit.resolved(names.plain);
    if (names.origin.kind == DwarfValue::Kind::AltInfoRef) return {names.origin, plain};
    if (names.origin.kind == DwarfValue::Kind::InfoRef) {
      const uint64_t distance = names.origin.number - unit.header.offset;
      if (distance >= unit.header.size) return {names.origin, plain};
      position = distance;
    } else if (names.origin.kind == DwarfValue::Kind::UnitRef) {
      position = names.origin.number;
    } else {
      break;
    }
  }
  return {plain, {}};
}

}  // namespace prof
