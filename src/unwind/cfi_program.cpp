// Call frame instructions: DWARF 5, 6.4.2 and 7.24; the GNU ones: Linux Standard Base, "DWARF
// Extensions"; AArch64's: "DWARF for the Arm 64-bit Architecture".
#include "unwind/cfi_program.h"

#include "unwind/cfi_expression.h"
#include "unwind/cfi_reader.h"

namespace prof {

namespace {

enum Opcode : uint8_t {
  // In the upper two bits, with an operand in the lower six.
  kAdvanceLoc = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,

  kNop = 0x00,
  kSetLoc = 0x01,
  kAdvanceLoc1 = 0x02,
  kAdvanceLoc2 = 0x03,
  kAdvanceLoc4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSf = 0x11,
  kDefCfaSf = 0x12,
  kDefCfaOffsetSf = 0x13,
  kValOffset = 0x14,
  kValOffsetSf = 0x15,
  kValExpression = 0x16,
  kMipsAdvanceLoc8 = 0x1d,
  kArmNegateRaStateWithPc = 0x2c,
  kArmNegateRaState = 0x2d,  // on other machines GNU_window_save
  kGnuArgsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f,
};

using How = CfiRegisterRule::How;

/// More than compilers ever nest; a row beyond is taken as malformed.
constexpr size_t kMaxRemembered = 64;

int64_t scaled(uint64_t factor, int64_t align) {
  return static_cast<int64_t>(factor * static_cast<uint64_t>(align));
}

/// One run over instructions. `initial` is what DW_CFA_restore goes back to; nullptr inside a CIE.
class Evaluation {
 public:
  Evaluation(const Cie& cie, const CfiRegisters& registers, const CfiState* initial)
      : cie_(cie), registers_(registers), initial_(initial) {
    if (initial) state_ = *initial;
  }

  /// Runs over an FDE's instructions and makes rows of [begin, end).
  bool rows(CfiReader in, uint64_t begin, uint64_t end, std::vector<CfiRow>& out);
  /// Runs over a CIE's instructions.
  bool state_of_cie(CfiReader in, CfiState& out);

 private:
  bool step(uint8_t opcode, CfiReader& in);
  bool step_cfa(uint8_t opcode, CfiReader& in);
  bool advance(uint8_t opcode, CfiReader& in);
  void set(uint32_t reg, CfiRegisterRule rule);
  void set_expression(uint32_t reg, std::span<const std::byte> expression);
  void restore(uint32_t reg);
  CfiRegisterRule CfiState::*column_of(uint32_t reg) const;
  unwind_rule rule() const { return rule_of(state_, cie_, registers_); }

  const Cie& cie_;
  const CfiRegisters& registers_;
  const CfiState* initial_;
  CfiState state_;
  std::vector<CfiState> remembered_;
  uint64_t location_ = 0;
};

CfiRegisterRule CfiState::*Evaluation::column_of(uint32_t reg) const {
  if (reg == registers_.fp) return &CfiState::fp;
  if (reg == registers_.bx) return &CfiState::bx;
  if (reg == cie_.return_register) return &CfiState::ra;
  return nullptr;
}

void Evaluation::set(uint32_t reg, CfiRegisterRule rule) {
  if (const auto column = column_of(reg)) {
    state_.*column = rule;
  } else if (reg == registers_.sp) {
    state_.sp_moved = rule.how != How::Same && rule.how != How::Undefined;
  }
}

void Evaluation::set_expression(uint32_t reg, std::span<const std::byte> expression) {
  if (reg == registers_.sp) state_.sp_moved = true;
  if (!column_of(reg)) return;
  const CfiExpression parsed = parse_cfi_expression(expression);
  if (parsed.shape == CfiExpression::Shape::Register) {
    set(reg, {How::AtRegister, parsed.reg, parsed.offset});
  } else {
    set(reg, {How::Other});
  }
}

void Evaluation::restore(uint32_t reg) {
  static constexpr CfiState kBeforeAll;
  const CfiState& before = initial_ ? *initial_ : kBeforeAll;
  if (const auto column = column_of(reg)) {
    state_.*column = before.*column;
  } else if (reg == registers_.sp) {
    state_.sp_moved = before.sp_moved;
  }
}

bool Evaluation::advance(uint8_t opcode, CfiReader& in) {
  uint64_t delta = 0;
  switch (opcode) {
    case kSetLoc: {
      // Relative to where the operand is; no linker's output of today has one.
      const auto to = in.encoded_pointer(cie_.pointer_encoding, 0, cie_.address_size);
      if (!to || *to < location_) return false;
      location_ = *to;
      return true;
    }
    case kAdvanceLoc1:
      delta = in.u8();
      break;
    case kAdvanceLoc2:
      delta = in.u16();
      break;
    case kAdvanceLoc4:
      delta = in.u32();
      break;
    default:
      delta = in.u64();
  }
  const uint64_t to = location_ + delta * cie_.code_align;
  if (to < location_) return false;
  location_ = to;
  return true;
}

bool Evaluation::step_cfa(uint8_t opcode, CfiReader& in) {
  CfiState& s = state_;
  switch (opcode) {
    case kDefCfa:
    case kDefCfaSf:
      s.cfa = CfiState::Cfa::Register;
      s.cfa_register = in.reg();
      s.cfa_offset = opcode == kDefCfa ? static_cast<int64_t>(in.uleb())
                                       : scaled(static_cast<uint64_t>(in.sleb()), cie_.data_align);
      return true;
    case kDefCfaRegister:
      s.cfa_register = in.reg();
      return s.cfa == CfiState::Cfa::Register;
    case kDefCfaOffset:
      s.cfa_offset = static_cast<int64_t>(in.uleb());
      return s.cfa == CfiState::Cfa::Register;
    case kDefCfaOffsetSf:
      s.cfa_offset = scaled(static_cast<uint64_t>(in.sleb()), cie_.data_align);
      return s.cfa == CfiState::Cfa::Register;
    default:
      break;
  }
  using Shape = CfiExpression::Shape;
  const CfiExpression parsed = parse_cfi_expression(in.bytes(in.uleb()));
  s.cfa_register = parsed.reg;
  s.cfa_offset = parsed.offset;
  s.cfa_extra = parsed.extra;
  s.cfa = parsed.shape == Shape::Register ? CfiState::Cfa::Register
          : parsed.shape == Shape::Deref  ? CfiState::Cfa::Deref
          : parsed.shape == Shape::Plt    ? CfiState::Cfa::Plt
                                          : CfiState::Cfa::Other;
  return true;
}

bool Evaluation::step(uint8_t opcode, CfiReader& in) {
  uint32_t reg = 0;
  switch (opcode) {
    case kNop:
      return true;
    case kOffsetExtended:
      reg = in.reg();
      set(reg, {How::AtCfa, 0, scaled(in.uleb(), cie_.data_align)});
      return true;
    case kOffsetExtendedSf:
      reg = in.reg();
      set(reg, {How::AtCfa, 0, scaled(static_cast<uint64_t>(in.sleb()), cie_.data_align)});
      return true;
    case kGnuNegativeOffsetExtended:
      reg = in.reg();
      set(reg, {How::AtCfa, 0, scaled(0 - in.uleb(), cie_.data_align)});
      return true;
    case kRestoreExtended:
      restore(in.reg());
      return true;
    case kUndefined:
      set(in.reg(), {How::Undefined});
      return true;
    case kSameValue:
      set(in.reg(), {How::Same});
      return true;
    case kRegister:
      reg = in.reg();
      set(reg, {How::InRegister, in.reg(), 0});
      return true;
    case kExpression:
      reg = in.reg();
      set_expression(reg, in.bytes(in.uleb()));
      return true;
    case kValOffset: {
      reg = in.reg();
      const bool is_cfa = in.uleb() == 0;
      set(reg, {reg == registers_.sp && is_cfa ? How::Same : How::Other});
      return true;
    }
    case kValOffsetSf: {
      reg = in.reg();
      const bool is_cfa = in.sleb() == 0;
      set(reg, {reg == registers_.sp && is_cfa ? How::Same : How::Other});
      return true;
    }
    case kValExpression:
      reg = in.reg();
      in.skip(in.uleb());
      set(reg, {How::Other});
      return true;
    case kRememberState:
      if (remembered_.size() == kMaxRemembered) return false;
      remembered_.push_back(state_);
      return true;
    case kRestoreState:
      if (remembered_.empty()) return false;
      state_ = remembered_.back();
      remembered_.pop_back();
      return true;
    case kGnuArgsSize:
      in.uleb();
      return true;
    case kArmNegateRaState:
    case kArmNegateRaStateWithPc:
      return !registers_.is_x86;  // return addresses are always stripped of their signature
    case kDefCfa:
    case kDefCfaSf:
    case kDefCfaRegister:
    case kDefCfaOffset:
    case kDefCfaOffsetSf:
    case kDefCfaExpression:
      return step_cfa(opcode, in);
    default:
      return false;
  }
}

bool Evaluation::state_of_cie(CfiReader in, CfiState& out) {
  while (!in.at_end()) {
    const uint8_t opcode = in.u8();
    const uint8_t high = opcode & 0xc0;
    if (high == kOffset) {
      set(opcode & 0x3f, {How::AtCfa, 0, scaled(in.uleb(), cie_.data_align)});
    } else if (high != 0 || !step(opcode, in) || !in.ok()) {
      return false;
    }
  }
  out = state_;
  return in.ok();
}

bool Evaluation::rows(CfiReader in, uint64_t begin, uint64_t end, std::vector<CfiRow>& out) {
  location_ = begin;
  uint64_t row_begin = begin;
  const auto fail_from_here = [&] {
    out.push_back({row_begin, unsupported_rule()});
    return false;
  };
  while (!in.at_end()) {
    const uint8_t opcode = in.u8();
    const uint8_t operand = opcode & 0x3f;
    switch (opcode & 0xc0) {
      case kAdvanceLoc:
        location_ += operand * cie_.code_align;
        break;
      case kOffset:
        set(operand, {How::AtCfa, 0, scaled(in.uleb(), cie_.data_align)});
        break;
      case kRestore:
        restore(operand);
        break;
      default: {
        const bool moves =
            (opcode >= kSetLoc && opcode <= kAdvanceLoc4) || opcode == kMipsAdvanceLoc8;
        if (moves ? !advance(opcode, in) : !step(opcode, in)) return fail_from_here();
      }
    }
    if (!in.ok() || location_ < row_begin) return fail_from_here();
    if (location_ >= end) break;
    if (location_ != row_begin) {
      // The state before this instruction was the row's: an advance changes nothing else.
      out.push_back({row_begin, rule()});
      row_begin = location_;
    }
  }
  out.push_back({row_begin, rule()});
  return true;
}

}  // namespace

CfiProgram::CfiProgram(const Cie& cie, const CfiRegisters& registers)
    : cie_(cie), registers_(registers) {
  initial_ok_ =
      Evaluation(cie_, registers_, nullptr).state_of_cie(CfiReader(cie_.instructions), initial_);
}

bool CfiProgram::evaluate(const Fde& fde, const CfiReader& instructions,
                          std::vector<CfiRow>& out) const {
  out.clear();
  if (!initial_ok_) {
    out.push_back({fde.begin, unsupported_rule()});
    return false;
  }
  return Evaluation(cie_, registers_, &initial_).rows(instructions, fde.begin, fde.end, out);
}

}  // namespace prof
