#include <elf.h>

#include <catch2/catch.hpp>

#include "object/disassembler.h"

using namespace prof;

namespace {

template <class... Bytes>
std::vector<std::byte> code(Bytes... bytes) {
  return {static_cast<std::byte>(bytes)...};
}

std::string text(Disassembler& machine, std::span<const std::byte> bytes, uint64_t address = 0) {
  const auto found = machine.text(bytes, address);
  return found ? found->mnemonic + "|" + found->operands : "none";
}

}  // namespace

TEST_CASE("Instructions of x86 are written as GNU's assembler does") {
  const auto machine = Disassembler::make(EM_X86_64);
  REQUIRE(machine);
  CHECK(text(*machine, code(0x48, 0x89, 0xe5)) == "movq|%rsp, %rbp");
  const auto call = machine->text(code(0xe8, 0xfb, 0x0f, 0, 0), 0x401000);
  REQUIRE(call);
  CHECK(call->target == 0x402000u);
  CHECK_FALSE(machine->text(code(0xff, 0xd0), 0)->target);
  CHECK_FALSE(machine->text(code(0x68, 1, 0, 0, 0), 0)->target);  // push $1
  CHECK(text(*machine, code(0x06)) == "none");
  CHECK(text(*machine, code(0x90, 0x90)) == "none");  // two
  CHECK(text(*machine, {}) == "none");
}

TEST_CASE("In 32-bit mode 40 increments; in 64-bit mode it is a prefix") {
  const auto machine = Disassembler::make(EM_386);
  REQUIRE(machine);
  CHECK(machine->decode(code(0x40, 0x90))->length == 1);
  CHECK(text(*machine, code(0x40)) == "incl|%eax");
  CHECK(Disassembler::make(EM_X86_64)->decode(code(0x40, 0x90))->length == 2);
}

TEST_CASE("Instructions of AArch64 have four bytes, and their branches are known") {
  const auto machine = Disassembler::make(EM_AARCH64);
  REQUIRE(machine);
  struct Known {
    uint32_t word;
    bool branch;
  };
  for (const auto& [word, branch] : {Known{0xd65f03c0, true},
                                     {0x94000010, true},
                                     {0x14000001, true},
                                     {0x54000041, true},
                                     {0xb4000040, true},
                                     {0x37000040, true},
                                     {0xd63f0000, true},
                                     {0xd4000001, true},
                                     {0xd503201f, false},
                                     {0x910003fd, false},
                                     {0xa9bf7bfd, false},
                                     {0xf9400000, false}}) {
    const auto bytes = code(word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff, word >> 24);
    const auto found = machine->decode(bytes);
    REQUIRE(found);
    INFO(word);
    CHECK(found->length == 4);
    CHECK(found->branch == branch);
  }
  CHECK(machine->text(code(0x10, 0, 0, 0x94), 0x1000)->target == 0x1040u);
  CHECK_FALSE(machine->decode(code(1, 2, 3)));
}

TEST_CASE("Instructions of other machines are not known") {
  CHECK_FALSE(Disassembler::make(EM_S390));
  CHECK_FALSE(Disassembler::make(EM_NONE));
}
