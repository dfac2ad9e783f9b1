#include <elf.h>

#include <catch2/catch.hpp>

#include "support/cfi_builder.h"
#include "unwind/generated_table.h"

using namespace prof;
using test::CfiBuilder;

namespace {

const test::Bytes kPush = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6};  // push rbp; mov rsp, rbp
const test::Bytes kGrow = {0x44, 0x0e, 64};                          // sub $56, rsp

/// A table with its dictionary.
struct Built {
  explicit Built(const std::vector<GeneratedFunction>& functions) {
    auto made = build_generated_table(EM_X86_64, functions, rules);
    REQUIRE(made);
    table = std::move(*made);
  }
  const unwind_rule& rule(uint64_t at) const { return rules[table.find(ElfAddr{at})]; }
  unsigned kind(uint64_t at) const { return rule(at).cfa_kind; }

  RuleDictionary rules;
  UnwindTable table;
};

}  // namespace

TEST_CASE("Generated code has the rules of its own CFI, wherever that thought it would lie") {
  // As inject lays it out: the code before its section. And with the address it ran at.
  const auto relative = CfiBuilder(0x100).cie().fde(0x40, 0x20, kPush).terminator().bytes();
  test::BuilderCie absolute;
  absolute.pointer_encoding = 0;
  const auto fixed = CfiBuilder(0).cie(absolute).fde(0x7f0012345000, 0x20, kGrow).bytes();
  const Built built({{0x1000, 0x1020, relative},
                     {0x1100, 0x1120, {}},
                     {0x5ff0, 0x6010, fixed},
                     {0x6010, 0x6030, relative}});
  CHECK(built.kind(0x1000) == UNWIND_CFA_SP);
  CHECK(built.rule(0x1001).cfa_offset == 16);
  CHECK(built.kind(0x1004) == UNWIND_CFA_FP);
  CHECK(built.kind(0x101f) == UNWIND_CFA_FP);
  CHECK(built.kind(0x1020) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(0x1110) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(0x3000) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.rule(0x5ff0).cfa_offset == 8);
  CHECK(built.rule(0x6008).cfa_offset == 64);
  CHECK(built.kind(0x6010) == UNWIND_CFA_SP);
  CHECK(built.kind(0x6014) == UNWIND_CFA_FP);
  CHECK(built.kind(0x7000) == UNWIND_CFA_NONE);
  CHECK(built.table.counts().fdes == 3);
}

TEST_CASE("CFI that reaches beyond its function, or that is none, does no harm") {
  const auto large = CfiBuilder(0x100).cie().fde(0x40, 0x2000, kGrow).fde(0x3000, 8).bytes();
  const auto small = CfiBuilder(0x100).cie().fde(0x40, 8, kGrow).fde(0x50, 4, kPush).bytes();
  const std::vector<std::byte> garbage(40, std::byte{0xa5});
  const Built built({{0x1000, 0x1020, large}, {0x1020, 0x1040, small}, {0x1040, 0x1060, garbage}});
  CHECK(built.rule(0x101f).cfa_offset == 64);
  CHECK(built.rule(0x1020).cfa_offset == 8);
  CHECK(built.rule(0x1027).cfa_offset == 64);
  CHECK(built.kind(0x1028) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(0x1030) == UNWIND_CFA_SP);
  CHECK(built.kind(0x1034) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(0x1050) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.table.counts().broken_fdes == 1);
  for (size_t size = 0; size < small.size(); ++size) {
    const Built cut({{0x1000, 0x1020, std::span(small).first(size)}});
    CHECK(cut.kind(0x1010) != UNWIND_CFA_NONE);
  }
}

TEST_CASE("Without functions, and of other machines, there is no table of generated code") {
  RuleDictionary rules;
  const std::vector<GeneratedFunction> functions = {{0x1000, 0x1020, {}}};
  CHECK_FALSE(build_generated_table(EM_X86_64, {}, rules));
  CHECK_FALSE(build_generated_table(EM_RISCV, functions, rules));
  CHECK(build_generated_table(EM_AARCH64, functions, rules));
}
