#include "unwind/cfi_state.h"

#include <limits>

namespace prof {

namespace {

using How = CfiRegisterRule::How;

bool fits(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() &&
         value <= std::numeric_limits<int32_t>::max();
}

bool say_cfa(const CfiState& s, const CfiRegisters& registers, unwind_rule& rule) {
  if (!fits(s.cfa_offset)) return false;
  rule.cfa_offset = static_cast<int32_t>(s.cfa_offset);
  const bool of_sp = s.cfa_register == registers.sp;
  const bool of_fp = s.cfa_register == registers.fp;
  switch (s.cfa) {
    case CfiState::Cfa::Register:
      if (of_sp || of_fp) {
        rule.cfa_kind = of_sp ? UNWIND_CFA_SP : UNWIND_CFA_FP;
        return true;
      }
      if (s.cfa_register >= registers.general_count) return false;
      rule.cfa_kind = UNWIND_CFA_REGISTER;
      rule.cfa_register = static_cast<uint8_t>(s.cfa_register);
      return true;
    case CfiState::Cfa::Deref:
      if ((!of_sp && !of_fp) || s.cfa_extra > std::numeric_limits<uint16_t>::max()) return false;
      rule.cfa_kind = of_sp ? UNWIND_CFA_DEREF_SP : UNWIND_CFA_DEREF_FP;
      rule.cfa_extra = static_cast<uint16_t>(s.cfa_extra);
      return true;
    case CfiState::Cfa::Plt:
      if (!of_sp || !registers.is_x86) return false;
      rule.cfa_kind = UNWIND_CFA_PLT;
      rule.cfa_extra = static_cast<uint16_t>(s.cfa_extra);
      return true;
    default:
      return false;
  }
}

/// A register's rule in the struct's terms; false if they have no word for it.
bool say(const CfiRegisterRule& from, const CfiRegisters& registers, uint8_t& kind,
         int32_t& offset) {
  switch (from.how) {
    case How::Unspecified:
    case How::Same:
      kind = UNWIND_SAME;
      return true;
    case How::Undefined:
      kind = UNWIND_LOST;
      return true;
    case How::AtCfa:
      kind = UNWIND_AT_CFA;
      break;
    case How::AtRegister:
      if (from.reg != registers.sp && from.reg != registers.fp) return false;
      kind = from.reg == registers.sp ? UNWIND_AT_SP : UNWIND_AT_FP;
      break;
    default:
      return false;
  }
  if (!fits(from.offset)) return false;
  offset = static_cast<int32_t>(from.offset);
  return true;
}

bool say_return_address(const CfiRegisterRule& ra, const CfiRegisters& registers,
                        unwind_rule& rule) {
  if (ra.how == How::InRegister) {
    if (ra.reg >= registers.general_count) return false;
    rule.ra_kind = UNWIND_IN_REGISTER;
    rule.ra_register = static_cast<uint8_t>(ra.reg);
    return true;
  }
  if (!say(ra, registers, rule.ra_kind, rule.ra_offset)) return false;
  return rule.ra_kind != UNWIND_SAME || !registers.is_x86;  // rip itself is no return address
}

/// The only signal frames there are; glibc describes each register of it by an expression.
bool is_known_signal_frame(const CfiState& s, const CfiRegisters& registers) {
  return !registers.is_x86 || (s.cfa == CfiState::Cfa::Deref && s.cfa_register == registers.sp &&
                               s.cfa_offset == 160 && s.cfa_extra == 0);
}

unwind_rule of_kind(uint8_t kind) {
  unwind_rule rule{};
  rule.cfa_kind = kind;
  return rule;
}

}  // namespace

unwind_rule unsupported_rule() {
  return of_kind(UNWIND_CFA_UNSUPPORTED);
}

unwind_rule rule_of(const CfiState& state, const Cie& cie, const CfiRegisters& registers) {
  if (cie.signal_frame) {
    return of_kind(is_known_signal_frame(state, registers) ? UNWIND_CFA_SIGNAL
                                                           : UNWIND_CFA_UNSUPPORTED);
  }
  if (cie.return_register != registers.ra || state.sp_moved) return unsupported_rule();
  if (state.ra.how == How::Undefined) return of_kind(UNWIND_CFA_END);
  unwind_rule rule{};
  if (!say_cfa(state, registers, rule) || !say(state.fp, registers, rule.fp_kind, rule.fp_offset) ||
      !say_return_address(state.ra, registers, rule)) {
    return unsupported_rule();
  }
  if (!say(state.bx, registers, rule.bx_kind, rule.bx_offset)) {
    rule.bx_kind = UNWIND_LOST;  // seldom asked for
    rule.bx_offset = 0;
  }
  return rule;
}

}  // namespace prof
