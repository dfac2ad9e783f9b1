#include <catch2/catch.hpp>
#include <string>

#include "support/elf_builder.h"
#include "symbolize/elf_symbols.h"

using namespace prof;
using test::BuilderSymbol;
using test::ElfBuilder;

namespace {

std::vector<std::byte> code(size_t size) {
  return std::vector<std::byte>(size, std::byte{0x90});
}

constexpr uint64_t kText = 0x401000;

/// A file with a .text at kText, as section 1, loaded elsewhere in the file.
ElfBuilder with_text() {
  ElfBuilder elf;
  elf.load(elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText, code(0x1000)}));
  return elf;
}

/// Keeps the bytes and the table that looks into them.
struct Loaded {
  explicit Loaded(const ElfBuilder& elf, const ElfBuilder* debug = nullptr,
                  SymbolSpace space = SymbolSpace::FileOffset)
      : bytes(elf.bytes()), debug_bytes(debug ? debug->bytes() : std::vector<std::byte>{}) {
    text_offset = elf.offset_of(1);
    table = load_elf_symbols(parse(bytes), debug ? parse(debug_bytes) : nullptr, space);
  }
  static std::shared_ptr<const ElfFile> parse(std::span<const std::byte> image) {
    auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    return std::make_shared<const ElfFile>(std::move(*file));
  }
  /// The symbol at an offset of .text.
  std::string at(uint64_t offset) const { return at_position(text_offset + offset); }
  std::string at_position(uint64_t position) const {
    const uint32_t index = table.find(position);
    return index == SymbolTable::kNotFound ? "-" : std::string(table.name(index));
  }

  std::vector<std::byte> bytes, debug_bytes;
  uint64_t text_offset = 0;
  SymbolTable table;
};

std::string chosen(const std::vector<BuilderSymbol>& symbols) {
  ElfBuilder elf = with_text();
  elf.symbols(".symtab", SHT_SYMTAB, symbols);
  return Loaded(elf).at(0x10);
}

BuilderSymbol symbol(std::string name, uint64_t size, unsigned binding = STB_GLOBAL,
                     unsigned type = STT_FUNC) {
  return {std::move(name), kText + 0x10, size, type, binding};
}

}  // namespace

TEST_CASE("Symbols are found by file offset, whatever their addresses") {
  ElfBuilder elf = with_text();
  elf.symbols(".symtab", SHT_SYMTAB,
              {{"second", kText + 0x40, 0x20}, {"first", kText, 0x20}, {"third", kText + 0x60, 1}});
  const Loaded loaded(elf);
  CHECK(loaded.text_offset != kText);
  CHECK(loaded.at(0) == "first");
  CHECK(loaded.at(0x1f) == "first");
  CHECK(loaded.at(0x20) == "-");
  CHECK(loaded.at(0x5f) == "second");
  CHECK(loaded.at(0x60) == "third");
  CHECK(loaded.at(0x61) == "-");
  const uint32_t index = loaded.table.find(loaded.text_offset + 0x45);
  REQUIRE(index != SymbolTable::kNotFound);
  CHECK(loaded.table[index].start == loaded.text_offset + 0x40);
}

TEST_CASE("A kernel image's symbols are found by address") {
  ElfBuilder elf = with_text();
  elf.symbols(".symtab", SHT_SYMTAB, {{"start_kernel", kText + 0x40, 0x20}});
  const Loaded loaded(elf, nullptr, SymbolSpace::ElfAddr);
  CHECK(loaded.at_position(kText + 0x41) == "start_kernel");
  CHECK(loaded.at(0x41) == "-");
}

// perf lets the last symbol of a section go on into whatever comes behind it.
TEST_CASE("Symbols without a size go on to the next one, or to their section's end") {
  ElfBuilder elf = with_text();
  elf.symbols(".symtab", SHT_SYMTAB, {{"asm_one", kText, 0}, {"asm_two", kText + 0x30, 0}});
  const Loaded loaded(elf);
  CHECK(loaded.at(0x2f) == "asm_one");
  CHECK(loaded.at(0x30) == "asm_two");
  CHECK(loaded.at(0xfff) == "asm_two");
  CHECK(loaded.at(0x1000) == "-");
  CHECK(chosen({symbol("before", 8), {"end_of_text", kText + 0x1000, 0}}) == "before");
}

// The longer name of two is perf's choice (choose_best_symbol), and so prof's, lest two tools tell
// two names of one address: test_symbols.py compares whole libraries with it. Most aliases that
// differ in nothing else are a function's proper name and an abbreviation of it.
TEST_CASE("Among names of one address the one perf prints is chosen") {
  CHECK(chosen({symbol("unsized_strong", 0), symbol("w", 8, STB_WEAK)}) == "w");
  CHECK(chosen({symbol("weak_and_long", 8, STB_WEAK), symbol("l", 8, STB_LOCAL)}) == "l");
  CHECK(chosen({symbol("local_and_long", 8, STB_LOCAL), symbol("g", 8)}) == "g");
  CHECK(chosen({symbol("__under", 8), symbol("_under_score", 8)}) == "_under_score");
  CHECK(chosen({symbol("__a_long_name", 8), symbol("b", 8)}) == "b");
  CHECK(chosen({symbol("short", 8), symbol("longest", 8)}) == "longest");
  CHECK(chosen({symbol("longest", 8), symbol("short", 8)}) == "longest");
  CHECK(chosen({symbol("one", 8), symbol("two", 8)}) == "one");
  // Lengths are those of the readable names: std::messages<wchar_t> is longer than <char>.
  CHECK(chosen({symbol("_ZNKSt8messagesIcE8do_closeEi", 8),
                symbol("_ZNKSt8messagesIwE8do_closeEi", 8)}) == "_ZNKSt8messagesIwE8do_closeEi");
  CHECK(chosen({symbol("_ZN1AC2Ev", 8), symbol("_ZN1AC1Ev", 8)}) == "_ZN1AC2Ev");
  CHECK(chosen({symbol("abcdefgh", 8), symbol("_ZN1AC1Ev", 8)}) == "abcdefgh");
}

TEST_CASE("What is no code label, not loaded or not defined is left out") {
  ElfBuilder elf = with_text();
  const uint16_t notes = elf.section({".comment", SHT_PROGBITS, 0, 0, code(0x100)});
  const uint16_t init = elf.section({".init", SHT_PROGBITS, SHF_ALLOC, 0x500000, code(0x100)});
  elf.symbols(".symtab", SHT_SYMTAB,
              {{"label", kText, 8, STT_NOTYPE},
               {"hidden_label", kText + 0x10, 8, STT_NOTYPE, STB_LOCAL, 1, STV_HIDDEN},
               {"hidden_function", kText + 0x20, 8, STT_FUNC, STB_LOCAL, 1, STV_HIDDEN},
               {"section", kText + 0x30, 8, STT_SECTION},
               {"file", kText + 0x40, 8, STT_FILE},
               {"tls", kText + 0x50, 8, STT_TLS},
               {"undefined", kText + 0x60, 8, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
               {"absolute", kText + 0x70, 8, STT_FUNC, STB_GLOBAL, SHN_ABS},
               {"not_loaded", kText + 0x80, 8, STT_FUNC, STB_GLOBAL, notes},
               {"ifunc", kText + 0x90, 8, STT_GNU_IFUNC},
               {"object", kText + 0xa0, 8, STT_OBJECT},
               {"", kText + 0xb0, 8},
               {"$x", kText + 0xc0, 8},
               {"no_such_section", kText + 0xd0, 8, STT_FUNC, STB_GLOBAL, 0x77},
               {"init_label", 0x500000, 8, STT_NOTYPE, STB_GLOBAL, init}});
  const Loaded loaded(elf);
  std::string names;
  for (uint32_t i = 0; i < loaded.table.size(); ++i) {
    names += std::string(loaded.table.name(i)) + " ";
  }
  CHECK(names == "label hidden_function ifunc object $x ");

  elf.machine(EM_AARCH64);
  const Loaded arm(elf);
  CHECK(arm.at(0xc0) == "-");
  CHECK(arm.at(0xa0) == "object");
}

TEST_CASE("The full symbol table is preferred to the dynamic one") {
  ElfBuilder elf = with_text();
  elf.symbols(".dynsym", SHT_DYNSYM, {{"exported", kText, 0x10}, {"other", kText + 0x20, 8}});
  CHECK(Loaded(elf).at(0) == "exported");
  elf.symbols(".symtab", SHT_SYMTAB, {{"__GI_exported", kText, 0x10, STT_FUNC, STB_LOCAL}});
  CHECK(Loaded(elf).at(0) == "__GI_exported");
  CHECK(Loaded(elf).at(0x20) == "-");
}

TEST_CASE("A separate debug file gives the names, the stripped file the places") {
  ElfBuilder stripped = with_text();
  stripped.symbols(".dynsym", SHT_DYNSYM, {{"exported", kText, 0x10}});
  ElfBuilder debug;
  debug.section({".text", SHT_NOBITS, SHF_ALLOC, kText, {}, 0x1000});
  debug.symbols(".symtab", SHT_SYMTAB, {{"static_function", kText + 0x20, 0x10}});
  const Loaded loaded(stripped, &debug);
  CHECK(loaded.at(0x20) == "static_function");
  CHECK(loaded.at(0) == "-");

  ElfBuilder useless;
  useless.section({".text", SHT_NOBITS, SHF_ALLOC, kText, {}, 0x1000});
  CHECK(Loaded(stripped, &useless).at(0) == "exported");
}

TEST_CASE("A file without symbols, or with a table that lies, gives an empty or partial table") {
  CHECK(Loaded(with_text()).table.empty());
  ElfBuilder elf = with_text();
  elf.symbols(".symtab", SHT_SYMTAB,
              {{"endless", kText, UINT64_MAX}, {"far", UINT64_MAX - 8, UINT64_MAX}});
  CHECK(Loaded(elf).at(0) == "endless");
  for (size_t at = 0x200; at < elf.bytes().size(); ++at) {
    std::vector<std::byte> damaged = elf.bytes();
    damaged[at] = std::byte{0xff};
    const auto file = ElfFile::parse(damaged, "damaged");
    REQUIRE(file);
    const SymbolTable table = load_elf_symbols(
        std::make_shared<const ElfFile>(std::move(*ElfFile::parse(damaged, "damaged"))), nullptr,
        SymbolSpace::FileOffset);
    for (uint32_t i = 0; i < table.size(); ++i) CHECK(table.name(i).size() < damaged.size());
  }
}
