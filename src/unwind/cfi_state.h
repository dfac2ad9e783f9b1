// CfiState: what call frame instructions have said at one address, of the columns that matter, and
// its translation to an unwind rule. Used by the CFI program.
#pragma once

#include <cstdint>

#include "bpf/unwind_rule.h"
#include "unwind/cfi_section.h"

namespace prof {

/// Where DWARF numbers the registers that a rule speaks of, and how many general ones there are
/// ("DWARF Register Number Mapping" of the psABIs).
struct CfiRegisters {
  uint32_t sp, fp, bx, ra;
  uint32_t general_count;
  bool is_x86;
};
inline constexpr CfiRegisters kX86Registers = {7, 6, 3, 16, 16, true};
/// No register is tracked like rbx: a number that none has.
inline constexpr CfiRegisters kArmRegisters = {31, 29, UINT32_MAX, 30, 31, false};

/// How a register of the caller is found, as the instructions say it.
struct CfiRegisterRule {
  enum class How : uint8_t { Unspecified, Same, Undefined, AtCfa, AtRegister, InRegister, Other };
  How how = How::Unspecified;
  uint32_t reg = 0;
  int64_t offset = 0;
};

struct CfiState {
  enum class Cfa : uint8_t { None, Register, Deref, Plt, Other };
  Cfa cfa = Cfa::None;
  bool sp_moved = false;  // the caller's sp is said to be something else than the CFA
  uint32_t cfa_register = 0;
  int64_t cfa_offset = 0;
  uint64_t cfa_extra = 0;
  CfiRegisterRule fp, bx, ra;
};

/// "Unsupported" where the rule has no words for the state.
unwind_rule rule_of(const CfiState& state, const Cie& cie, const CfiRegisters& registers);
unwind_rule unsupported_rule();

}  // namespace prof
