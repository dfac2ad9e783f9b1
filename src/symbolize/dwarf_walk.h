// The walk over a unit's DIEs: which function, and which inlined calls in it, hold an address.
// Called by DwarfSource for each unit that holds addresses which were asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "symbolize/dwarf_unit.h"

namespace prof {

/// A DW_TAG_subprogram or DW_TAG_inlined_subroutine around an asked address.
struct DwarfScope {
  static constexpr uint32_t kNone = UINT32_MAX;

  uint64_t name_die = 0;    // where its name is, or starts to be looked for; from the unit's start
  uint32_t parent = kNone;  // the scope it is inlined into
  bool inlined = false;
  uint32_t call_file = 0;  // of an inlined one; index in the line table
  uint32_t call_line = 0;
};

struct UnitScopes {
  std::vector<DwarfScope> scopes;
  std::vector<uint32_t> innermost;  // for each address its scope, or kNone
  bool jumped = false;              // whether any DIE was not looked at
};

enum class WalkDepth : uint8_t {
  Usual,  // jumps over types and over functions without an asked address
  Full,   // looks at every DIE: GCC nests some functions in others that lie elsewhere
};

/// `addresses` ascending.
UnitScopes find_scopes(const Unit& unit, std::span<const uint64_t> addresses, WalkDepth depth,
                       WorkBudget& budget);

/// The name of the DIE at `position`: DW_AT_linkage_name, or else DW_AT_name, of itself or of what
/// it is an instance of. An InfoRef or AltInfoRef if that is in another unit; `plain` is then, and
/// only then, what to use if nothing better is found there.
struct DwarfName {
  DwarfValue value;
  DwarfValue plain;
};
DwarfName find_name(const Unit& unit, uint64_t position);

}  // namespace prof
