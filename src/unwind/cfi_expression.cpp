#include "unwind/cfi_expression.h"

#include <array>

#include "unwind/cfi_reader.h"

namespace prof {

namespace {

// Operations of DWARF 5, 7.7.1.
constexpr uint8_t kDeref = 0x06, kAnd = 0x1a, kPlus = 0x22, kPlusUconst = 0x23, kShl = 0x24;
constexpr uint8_t kGreaterEqual = 0x2a, kLit0 = 0x30, kLit31 = 0x4f;
constexpr uint8_t kBreg0 = 0x70, kBreg31 = 0x8f, kBregx = 0x92;
constexpr uint8_t kRip = 16;

/// What follows "sp + offset" in a PLT's expression (binutils, elf_x86_64_eh_frame_plt):
/// breg16 0, lit15, and, litN, ge, lit3, shl, plus. N is the entry's byte after its push.
bool parse_plt(CfiReader in, CfiExpression& out) {
  if (in.u8() != kBreg0 + kRip || in.sleb() != 0) return false;
  const std::array<uint8_t, 2> mask = {in.u8(), in.u8()};
  const uint8_t threshold = in.u8();
  const std::array<uint8_t, 4> rest = {in.u8(), in.u8(), in.u8(), in.u8()};
  if (!in.ok() || !in.at_end() || threshold < kLit0 || threshold > kLit0 + 15) return false;
  if (mask != std::array<uint8_t, 2>{kLit0 + 15, kAnd}) return false;
  if (rest != std::array<uint8_t, 4>{kGreaterEqual, kLit0 + 3, kShl, kPlus}) return false;
  out.shape = CfiExpression::Shape::Plt;
  out.extra = threshold - kLit0;
  return true;
}

}  // namespace

CfiExpression parse_cfi_expression(std::span<const std::byte> bytes) {
  CfiReader in(bytes);
  CfiExpression out;
  const uint8_t base = in.u8();
  if (base == kBregx) {
    out.reg = in.reg();
  } else if (base >= kBreg0 && base <= kBreg31) {
    out.reg = base - uint32_t{kBreg0};
  } else {
    return {};
  }
  out.offset = in.sleb();
  if (!in.ok()) return {};
  if (in.at_end()) {
    out.shape = CfiExpression::Shape::Register;
    return out;
  }
  CfiReader after = in;
  if (after.u8() != kDeref) return parse_plt(in, out) ? out : CfiExpression{};
  out.shape = CfiExpression::Shape::Deref;
  if (after.at_end()) return out;
  const uint8_t add = after.u8();
  if (add == kPlusUconst) {
    out.extra = after.uleb();
  } else if (add >= kLit0 && add <= kLit31 && after.u8() == kPlus) {
    out.extra = add - kLit0;
  } else {
    return {};
  }
  return after.ok() && after.at_end() ? out : CfiExpression{};
}

}  // namespace prof
