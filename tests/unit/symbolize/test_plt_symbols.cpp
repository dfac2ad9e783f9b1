#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "support/elf_builder.h"
#include "symbolize/elf_symbols.h"
#include "symbolize/plt_symbols.h"

using namespace prof;
using test::ElfBuilder;

namespace {

constexpr uint64_t kGot = 0x4000;

/// "jmpq *slot(%rip)" at `address`, in a stub of `size` bytes that starts with `prefix`.
void put_stub(ByteWriter& code, uint64_t address, uint64_t slot, std::string_view prefix,
              size_t size) {
  code.text(prefix).u8(0xff).u8(0x25);
  const uint64_t next = address + prefix.size() + 6;
  code.u32(static_cast<uint32_t>(slot - next)).zeros(size - prefix.size() - 6);
}

void put_rela(ByteWriter& out, uint64_t slot, uint32_t symbol, uint32_t type, uint64_t addend = 0) {
  out.u64(slot).u64(uint64_t{symbol} << 32 | type).u64(addend);
}

const std::vector<test::BuilderSymbol> kImports = {
    {"malloc", 0, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
    {"_Znwm", 0, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
    {"__cxa_finalize", 0, 0, STT_FUNC, STB_WEAK, SHN_UNDEF}};

std::string list(const ElfBuilder& elf) {
  const auto bytes = elf.bytes();
  const auto file = ElfFile::parse(bytes, "plt");
  REQUIRE(file);
  std::string result;
  for (const PltSymbol& stub : plt_symbols(*file)) {
    result += std::to_string(raw(stub.start)) + "+" + std::to_string(stub.size) + " " + stub.name +
              (stub.resolver ? " <- " + std::to_string(raw(*stub.resolver)) : "") + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("Stubs are named by the slot they jump through, in any order") {
  ElfBuilder elf;
  const uint16_t dynsym = elf.symbols(".dynsym", SHT_DYNSYM, kImports);
  ByteWriter code;
  code.u8(0xff).u8(0x35).zeros(14);  // the header pushes
  put_stub(code, 1016, kGot + 8, "", 16);
  put_stub(code, 1032, kGot, "", 16);
  put_stub(code, 1048, kGot + 16, "", 16);
  elf.section({".plt", SHT_PROGBITS, SHF_ALLOC, 1000, code.take(), 0, 0, 16, 16});
  ByteWriter relocations;
  put_rela(relocations, kGot, 1, R_X86_64_JUMP_SLOT);
  put_rela(relocations, kGot + 8, 2, R_X86_64_JUMP_SLOT);
  put_rela(relocations, kGot + 16, 0, R_X86_64_IRELATIVE, 4242);
  elf.section({".rela.plt", SHT_RELA, SHF_ALLOC, 0, relocations.take(), 0, dynsym, 24});
  const uint64_t last = elf.offset_of(3) + 48;
  char offset[32];
  std::snprintf(offset, sizeof offset, "offset_0x%llx@plt", static_cast<unsigned long long>(last));
  CHECK(list(elf) == "1000+16 .plt\n1016+16 _Znwm@plt\n1032+16 malloc@plt\n1048+16 " +
                         std::string(offset) + " <- 4242\n");
}

TEST_CASE("Stubs of IBT's .plt.sec and of .plt.got are named, and .plt is one symbol") {
  const std::string_view endbr("\xf3\x0f\x1e\xfa", 4);
  ElfBuilder elf;
  const uint16_t dynsym = elf.symbols(".dynsym", SHT_DYNSYM, kImports);
  ByteWriter lazy;
  lazy.u8(0xff).u8(0x35).zeros(14);
  for (int i = 0; i < 2; ++i) lazy.text(endbr).u8(0x68).zeros(11);
  elf.section({".plt", SHT_PROGBITS, SHF_ALLOC, 1000, lazy.take(), 0, 0, 16, 16});
  ByteWriter got;
  put_stub(got, 2000, kGot + 64, "", 8);
  elf.section({".plt.got", SHT_PROGBITS, SHF_ALLOC, 2000, got.take(), 0, 0, 8, 8});
  ByteWriter second;
  put_stub(second, 3000, kGot, endbr, 16);
  put_stub(second, 3016, kGot + 8, std::string(endbr) + "\xf2", 16);
  elf.section({".plt.sec", SHT_PROGBITS, SHF_ALLOC, 3000, second.take(), 0, 0, 16, 16});
  ByteWriter relocations;
  put_rela(relocations, kGot, 1, R_X86_64_JUMP_SLOT);
  put_rela(relocations, kGot + 8, 2, R_X86_64_JUMP_SLOT);
  elf.section({".rela.plt", SHT_RELA, SHF_ALLOC, 0, relocations.take(), 0, dynsym, 24});
  ByteWriter dynamic;
  put_rela(dynamic, kGot + 64, 3, R_X86_64_GLOB_DAT);
  elf.section({".rela.dyn", SHT_RELA, SHF_ALLOC, 0, dynamic.take(), 0, dynsym, 24});
  CHECK(list(elf) ==
        "1000+48 .plt\n2000+8 __cxa_finalize@plt\n3000+16 malloc@plt\n3016+16 _Znwm@plt\n");
}

TEST_CASE("On other machines stubs stand in relocation order after a header") {
  ElfBuilder elf;
  elf.machine(EM_AARCH64);
  const uint16_t dynsym = elf.symbols(".dynsym", SHT_DYNSYM, kImports);
  elf.section({".plt", SHT_PROGBITS, SHF_ALLOC, 1000, std::vector<std::byte>(64), 0, 0, 16, 16});
  ByteWriter relocations;
  for (uint32_t i = 1; i <= 3; ++i) put_rela(relocations, kGot + 8 * i, i, R_AARCH64_JUMP_SLOT);
  elf.section({".rela.plt", SHT_RELA, SHF_ALLOC, 0, relocations.take(), 0, dynsym, 24});
  // The third stub would lie outside the section.
  CHECK(list(elf) == "1000+32 .plt\n1032+16 malloc@plt\n1048+16 _Znwm@plt\n");
}

TEST_CASE("_init ends where the stubs begin, and an indirect function names its stub") {
  ElfBuilder elf;
  const uint16_t init =
      elf.section({".init", SHT_PROGBITS, SHF_ALLOC, 0x1000, std::vector<std::byte>(0x20)});
  ByteWriter code;
  code.u8(0xff).u8(0x35).zeros(14);
  put_stub(code, 0x1030, kGot, "", 16);
  const uint16_t plt =
      elf.section({".plt", SHT_PROGBITS, SHF_ALLOC, 0x1020, code.take(), 0, 0, 16, 16});
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC, 0x1040, std::vector<std::byte>(0x100)});
  ByteWriter relocations;
  put_rela(relocations, kGot, 0, R_X86_64_IRELATIVE, 0x1080);
  elf.symbols(".symtab", SHT_SYMTAB,
              {{"_init", 0x1000, 0, STT_FUNC, STB_GLOBAL, init},
               {"memcpy", 0x1080, 0x20, STT_GNU_IFUNC, STB_GLOBAL, text}});
  elf.section({".rela.plt", SHT_RELA, SHF_ALLOC, 0, relocations.take(), 0, 0, 24});
  elf.load(init).load(plt).load(text);
  const auto bytes = elf.bytes();
  auto file = ElfFile::parse(bytes, "init");
  REQUIRE(file);
  const SymbolTable table = load_elf_symbols(std::make_shared<const ElfFile>(std::move(*file)),
                                             nullptr, SymbolSpace::FileOffset);
  const auto at = [&](uint16_t section, uint64_t offset) {
    const uint32_t index = table.find(elf.offset_of(section) + offset);
    return index == SymbolTable::kNotFound ? "-" : std::string(table.name(index));
  };
  CHECK(at(init, 0x10) == "_init");
  CHECK(at(plt, 0) == ".plt");
  CHECK(at(plt, 0x10) == "memcpy@plt");
  CHECK(at(plt, 0x1f) == "memcpy@plt");
  CHECK(at(text, 0) == "-");
  CHECK(at(text, 0x40) == "memcpy");
}

TEST_CASE("Relocations and stubs that lie are harmless") {
  ElfBuilder elf;
  const uint16_t dynsym = elf.symbols(".dynsym", SHT_DYNSYM, kImports);
  ByteWriter code;
  put_stub(code, 1000, kGot, "", 16);
  code.u8(0xff).u8(0x25).u8(0);  // cut off
  elf.section({".plt", SHT_PROGBITS, SHF_ALLOC, 1000, code.take(), 0, 0, 16, 16});
  ByteWriter relocations;
  put_rela(relocations, kGot, 999999, R_X86_64_JUMP_SLOT);
  elf.section({".rela.plt", SHT_RELA, SHF_ALLOC, 0, relocations.take(), 0, dynsym, 24});
  const auto bytes = elf.bytes();
  for (size_t at = 0x200; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{0xff};
    const auto file = ElfFile::parse(damaged, "damaged");
    REQUIRE(file);
    for (const PltSymbol& stub : plt_symbols(*file)) {
      CHECK(stub.size <= damaged.size());
      CHECK(stub.name.size() <= damaged.size());
    }
  }
}
