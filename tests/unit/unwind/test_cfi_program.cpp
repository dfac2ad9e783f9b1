#include <algorithm>
#include <catch2/catch.hpp>

#include "support/cfi_builder.h"
#include "unwind/cfi_program.h"

using namespace prof;
using test::Bytes;

namespace {

constexpr uint64_t kBegin = 0x1000;
constexpr uint64_t kEnd = 0x1100;

Cie x86_cie(const Bytes& instructions) {
  Cie cie;
  cie.data_align = -8;
  cie.return_register = 16;
  cie.instructions = std::as_bytes(std::span(instructions));
  return cie;
}

const Bytes kUsual = {0x0c, 7, 8, 0x80 | 16, 1};  // def_cfa rsp 8; offset rip -8

struct Evaluated {
  bool ok = false;
  std::vector<CfiRow> rows;
  const unwind_rule& last() const { return rows.back().rule; }
};

Evaluated evaluate(const Bytes& instructions, const Bytes& cie_instructions = kUsual,
                   const CfiRegisters& registers = kX86Registers) {
  Cie cie = x86_cie(cie_instructions);
  cie.return_register = registers.ra;
  Fde fde;
  fde.begin = kBegin;
  fde.end = kEnd;
  Evaluated out;
  out.ok = CfiProgram(cie, registers)
               .evaluate(fde, CfiReader(std::as_bytes(std::span(instructions))), out.rows);
  return out;
}

}  // namespace

TEST_CASE("A CIE alone describes a function's entry") {
  const Evaluated out = evaluate({});
  REQUIRE(out.ok);
  REQUIRE(out.rows.size() == 1);
  CHECK(out.rows[0].begin == kBegin);
  CHECK(out.last().cfa_kind == UNWIND_CFA_SP);
  CHECK(out.last().cfa_offset == 8);
  CHECK(out.last().ra_kind == UNWIND_AT_CFA);
  CHECK(out.last().ra_offset == -8);
  CHECK(out.last().fp_kind == UNWIND_SAME);
}

TEST_CASE("All ways to advance make rows where they say") {
  // advance_loc 1, advance_loc1 2, advance_loc2 3, advance_loc4 4, MIPS_advance_loc8 5, set_loc;
  // between them, def_cfa_offset.
  const Evaluated out =
      evaluate({0x41, 0x0e, 16,   0x02, 2,    0x0e, 24, 0x03, 3, 0, 0x0e, 32,   0x04, 4,
                0,    0,    0,    0x0e, 40,   0x1d, 5,  0,    0, 0, 0,    0,    0,    0,
                0x0e, 48,   0x01, 0x50, 0x10, 0,    0,  0,    0, 0, 0,    0x0e, 56});
  REQUIRE(out.ok);
  const std::vector<std::pair<uint64_t, int>> expected = {{0x1000, 8},  {0x1001, 16}, {0x1003, 24},
                                                          {0x1006, 32}, {0x100a, 40}, {0x100f, 48},
                                                          {0x1050, 56}};
  REQUIRE(out.rows.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(out.rows[i].begin == expected[i].first);
    CHECK(out.rows[i].rule.cfa_offset == expected[i].second);
  }
}

TEST_CASE("Instructions beyond the function's end are not rows of it") {
  const Evaluated out = evaluate({0x02, 0xff, 0x0e, 16, 0x02, 1, 0x0e, 24});
  REQUIRE(out.ok);
  REQUIRE(out.rows.size() == 2);
  CHECK(out.rows[1].begin == 0x10ff);
  CHECK(out.last().cfa_offset == 16);
}

TEST_CASE("All ways to define the CFA") {
  const auto cfa = [](const Bytes& instructions) {
    const Evaluated out = evaluate(instructions);
    CHECK(out.ok);
    return std::tuple(out.last().cfa_kind, out.last().cfa_offset, out.last().cfa_register,
                      out.last().cfa_extra);
  };
  using Cfa = std::tuple<uint8_t, int32_t, uint8_t, uint16_t>;
  CHECK(cfa({0x0c, 6, 16}) == Cfa{UNWIND_CFA_FP, 16, 0, 0});           // def_cfa
  CHECK(cfa({0x12, 7, 0x7e}) == Cfa{UNWIND_CFA_SP, 16, 0, 0});         // def_cfa_sf -2
  CHECK(cfa({0x0d, 6}) == Cfa{UNWIND_CFA_FP, 8, 0, 0});                // def_cfa_register
  CHECK(cfa({0x0e, 0x90, 1}) == Cfa{UNWIND_CFA_SP, 144, 0, 0});        // def_cfa_offset
  CHECK(cfa({0x13, 0x7d}) == Cfa{UNWIND_CFA_SP, 24, 0, 0});            // def_cfa_offset_sf -3
  CHECK(cfa({0x0c, 10, 0}) == Cfa{UNWIND_CFA_REGISTER, 0, 10, 0});     // r10
  CHECK(cfa({0x0f, 2, 0x77, 24}) == Cfa{UNWIND_CFA_SP, 24, 0, 0});     // breg7 24
  CHECK(cfa({0x0f, 3, 0x92, 6, 16}) == Cfa{UNWIND_CFA_FP, 16, 0, 0});  // bregx 6 16
  CHECK(cfa({0x0f, 3, 0x76, 0x78, 6}) == Cfa{UNWIND_CFA_DEREF_FP, -8, 0, 0});
  CHECK(cfa({0x0f, 5, 0x77, 40, 6, 0x23, 8}) == Cfa{UNWIND_CFA_DEREF_SP, 40, 0, 8});
  CHECK(cfa({0x0f, 5, 0x77, 40, 6, 0x38, 0x22}) == Cfa{UNWIND_CFA_DEREF_SP, 40, 0, 8});
  CHECK(cfa({0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22}) ==
        Cfa{UNWIND_CFA_PLT, 8, 0, 11});
  CHECK(cfa({0x0f, 3, 0x7a, 0, 6}) == Cfa{UNWIND_CFA_UNSUPPORTED, 0, 0, 0});     // *r10
  CHECK(cfa({0x0f, 3, 0x77, 8, 0x96}) == Cfa{UNWIND_CFA_UNSUPPORTED, 0, 0, 0});  // and a nop
  CHECK(cfa({0x0c, 40, 0}) == Cfa{UNWIND_CFA_UNSUPPORTED, 0, 0, 0});             // no such register
  CHECK(cfa({0x0e, 0xff, 0xff, 0xff, 0xff, 0x1f}) == Cfa{UNWIND_CFA_UNSUPPORTED, 0, 0, 0});
}

TEST_CASE("All ways to say where a register is") {
  const auto fp = [](const Bytes& instructions) {
    const Evaluated out = evaluate(instructions);
    CHECK(out.ok);
    if (out.last().cfa_kind == UNWIND_CFA_UNSUPPORTED) return std::pair<int, int>(-1, 0);
    return std::pair<int, int>(out.last().fp_kind, out.last().fp_offset);
  };
  using Where = std::pair<int, int>;
  CHECK(fp({0x86, 2}) == Where{UNWIND_AT_CFA, -16});             // offset
  CHECK(fp({0x05, 6, 3}) == Where{UNWIND_AT_CFA, -24});          // offset_extended
  CHECK(fp({0x11, 6, 0x7e}) == Where{UNWIND_AT_CFA, 16});        // offset_extended_sf -2
  CHECK(fp({0x2f, 6, 2}) == Where{UNWIND_AT_CFA, 16});           // GNU_negative_offset_extended
  CHECK(fp({0x86, 2, 0xc6}) == Where{UNWIND_SAME, 0});           // restore
  CHECK(fp({0x86, 2, 0x06, 6}) == Where{UNWIND_SAME, 0});        // restore_extended
  CHECK(fp({0x86, 2, 0x07, 6}) == Where{UNWIND_LOST, 0});        // undefined
  CHECK(fp({0x86, 2, 0x08, 6}) == Where{UNWIND_SAME, 0});        // same_value
  CHECK(fp({0x10, 6, 2, 0x76, 0}) == Where{UNWIND_AT_FP, 0});    // expression breg6 0
  CHECK(fp({0x10, 6, 2, 0x77, 24}) == Where{UNWIND_AT_SP, 24});  // expression breg7 24
  CHECK(fp({0x10, 6, 2, 0x7a, 24}) == Where{-1, 0});             // expression breg10 24
  CHECK(fp({0x09, 6, 9}) == Where{-1, 0});                       // register r9
  CHECK(fp({0x14, 6, 2}) == Where{-1, 0});                       // val_offset
  CHECK(fp({0x15, 6, 2}) == Where{-1, 0});                       // val_offset_sf
  CHECK(fp({0x16, 6, 2, 0x76, 0}) == Where{-1, 0});              // val_expression
  CHECK(fp({0x2e, 16, 0x00, 0x86, 2}) == Where{UNWIND_AT_CFA, -16});  // GNU_args_size, nop
}

TEST_CASE("The stack pointer must be the CFA") {
  CHECK(evaluate({0x14, 7, 0}).last().cfa_kind == UNWIND_CFA_SP);           // val_offset 0
  CHECK(evaluate({0x15, 7, 0}).last().cfa_kind == UNWIND_CFA_SP);           // val_offset_sf 0
  CHECK(evaluate({0x08, 7}).last().cfa_kind == UNWIND_CFA_SP);              // same_value
  CHECK(evaluate({0x09, 7, 8}).last().cfa_kind == UNWIND_CFA_UNSUPPORTED);  // longjmp's
  CHECK(evaluate({0x09, 7, 8, 0xc7}).last().cfa_kind == UNWIND_CFA_SP);     // restored
  CHECK(evaluate({0x16, 7, 2, 0x77, 0}).last().cfa_kind == UNWIND_CFA_UNSUPPORTED);
}

TEST_CASE("Return addresses: undefined is the stack's end, a register is one's own") {
  CHECK(evaluate({0x07, 16}).last().cfa_kind == UNWIND_CFA_END);
  const Evaluated in_register = evaluate({0x09, 16, 2});
  CHECK(in_register.last().ra_kind == UNWIND_IN_REGISTER);
  CHECK(in_register.last().ra_register == 2);
  CHECK(evaluate({0x08, 16}).last().cfa_kind == UNWIND_CFA_UNSUPPORTED);
  // aarch64: where nobody saved it, it is in x30.
  const Evaluated arm = evaluate({}, {0x0c, 31, 0}, kArmRegisters);
  CHECK(arm.last().cfa_kind == UNWIND_CFA_SP);
  CHECK(arm.last().ra_kind == UNWIND_SAME);
  const Evaluated signed_arm =
      evaluate({0x2d, 0x2c, 0x9d, 4, 0x9e, 3}, {0x0c, 31, 0}, kArmRegisters);
  REQUIRE(signed_arm.ok);
  CHECK(signed_arm.last().fp_offset == -32);
  CHECK(signed_arm.last().ra_offset == -24);
}

TEST_CASE("rbx is followed, and what cannot be said of it only loses it") {
  CHECK(evaluate({0x83, 3}).last().bx_kind == UNWIND_AT_CFA);
  CHECK(evaluate({0x83, 3}).last().bx_offset == -24);
  const Evaluated lost = evaluate({0x09, 3, 12});
  CHECK(lost.last().cfa_kind == UNWIND_CFA_SP);
  CHECK(lost.last().bx_kind == UNWIND_LOST);
}

TEST_CASE("States are remembered with their CFA, and nest") {
  const Evaluated out = evaluate({0x0a, 0x0e, 16, 0x86, 2, 0x0a, 0x0e, 24, 0x0b, 0x41, 0x0b});
  REQUIRE(out.ok);
  REQUIRE(out.rows.size() == 2);
  CHECK(out.rows[0].rule.cfa_offset == 16);
  CHECK(out.rows[0].rule.fp_kind == UNWIND_AT_CFA);
  CHECK(out.rows[1].rule.cfa_offset == 8);
  CHECK(out.rows[1].rule.fp_kind == UNWIND_SAME);
}

TEST_CASE("From malformed instructions on, rows say that they are not supported") {
  const Bytes broken = GENERATE(Bytes{0x41, 0x3f},           // no such instruction
                                Bytes{0x41, 0x0b},           // nothing was remembered
                                Bytes{0x41, 0x0e},           // cut off
                                Bytes{0x41, 0x0f, 9, 0x77},  // expression cut off
                                Bytes{0x41, 0x2d},           // of another machine
                                Bytes{0x41, 0x01, 0, 0, 0, 0, 0, 0, 0, 0});  // backwards
  const Evaluated out = evaluate(broken);
  CHECK_FALSE(out.ok);
  REQUIRE(out.rows.size() == 2);
  CHECK(out.rows[0].rule.cfa_kind == UNWIND_CFA_SP);
  CHECK(out.rows[1].begin == kBegin + 1);
  CHECK(out.rows[1].rule.cfa_kind == UNWIND_CFA_UNSUPPORTED);
}

TEST_CASE("Remembering has an end, and a CIE that moves the address is malformed") {
  CHECK_FALSE(evaluate(Bytes(100, 0x0a)).ok);
  const Evaluated out = evaluate({}, {0x0c, 7, 8, 0x41});
  CHECK_FALSE(out.ok);
  CHECK(out.last().cfa_kind == UNWIND_CFA_UNSUPPORTED);
}

TEST_CASE("Signal frames are the kernel's, or unsupported") {
  Cie cie = x86_cie(kUsual);
  cie.signal_frame = true;
  Fde fde;
  fde.begin = kBegin;
  fde.end = kEnd;
  std::vector<CfiRow> rows;
  const Bytes restore_rt = {0x0f, 4, 0x77, 0xa0, 1, 6};  // CFA = *(rsp + 160)
  CfiProgram(cie, kX86Registers)
      .evaluate(fde, CfiReader(std::as_bytes(std::span(restore_rt))), rows);
  CHECK(rows.back().rule.cfa_kind == UNWIND_CFA_SIGNAL);
  CfiProgram(cie, kX86Registers).evaluate(fde, CfiReader(), rows);
  CHECK(rows.back().rule.cfa_kind == UNWIND_CFA_UNSUPPORTED);
}
