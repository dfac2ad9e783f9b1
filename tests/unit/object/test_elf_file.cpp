#include <catch2/catch.hpp>
#include <cstring>

#include "object/elf_file.h"
#include "support/elf_builder.h"

using namespace prof;
using test::ElfBuilder;

namespace {

std::vector<std::byte> code(size_t size) {
  return std::vector<std::byte>(size, std::byte{0x90});
}

struct Sample {
  std::vector<std::byte> bytes;
  uint64_t text_offset;
};

Sample sample(bool is_64, bool big_endian) {
  ElfBuilder elf(is_64, big_endian);
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x41000, code(0x100)});
  elf.load(text);
  elf.build_id("0123456789abcdefghij");
  elf.symbols(".symtab", SHT_SYMTAB, {{"main", 0x41010, 0x20}, {"data", 0x50, 8, STT_OBJECT}});
  return {elf.bytes(), elf.offset_of(text)};
}

/// Asks everything of a file, so that the sanitizers see every access.
size_t walk(const ElfFile& file) {
  size_t seen = file.build_id().size;
  for (const ElfSection& section : file.sections()) {
    seen += section.name.size() + file.contents(section).size() + file.strings_of(section).size();
    for (size_t i = 0; i < std::min<size_t>(file.symbol_count(section), 100); ++i) {
      seen += elf_string(file.strings_of(section), file.symbol(section, i).name).size();
    }
    for (size_t i = 0; i < std::min<size_t>(file.relocation_count(section), 100); ++i) {
      seen += file.relocation(section, i).symbol;
    }
  }
  for (const uint64_t at : {uint64_t{0}, uint64_t{0x41010}, UINT64_MAX}) {
    seen += file.file_offset(ElfAddr{at}).has_value() + file.elf_addr(FileOffset{at}).has_value();
  }
  return seen;
}

}  // namespace

TEST_CASE("ELF files of both classes and byte orders read the same") {
  const bool is_64 = GENERATE(true, false);
  const bool big_endian = GENERATE(true, false);
  const Sample made = sample(is_64, big_endian);
  const auto file = ElfFile::parse(made.bytes, "sample");
  REQUIRE(file);
  CHECK(file->is_64() == is_64);
  CHECK(file->type() == ET_DYN);
  CHECK(file->machine() == EM_X86_64);

  const ElfSection* text = file->section(".text");
  REQUIRE(text);
  CHECK(text->addr == 0x41000);
  CHECK(text->flags == (SHF_ALLOC | SHF_EXECINSTR));
  CHECK(file->contents(*text).size() == 0x100);
  CHECK(file->section(".nosuch") == nullptr);

  CHECK(file->file_offset(ElfAddr{0x41010}) == FileOffset{made.text_offset + 0x10});
  CHECK_FALSE(file->file_offset(ElfAddr{0x41100}));
  CHECK_FALSE(file->file_offset(ElfAddr{0x40fff}));
  CHECK(file->elf_addr(FileOffset{made.text_offset + 0xff}) == ElfAddr{0x410ff});
  CHECK_FALSE(file->elf_addr(FileOffset{made.text_offset + 0x100}));

  CHECK(file->build_id().same_as(BuildId::from(test::bytes_of("0123456789abcdefghij"))));

  const ElfSection* symtab = file->section(".symtab");
  REQUIRE(symtab);
  REQUIRE(file->symbol_count(*symtab) == 3);
  const ElfSymbol main = file->symbol(*symtab, 1);
  CHECK(elf_string(file->strings_of(*symtab), main.name) == "main");
  CHECK(main.value == 0x41010);
  CHECK(main.size == 0x20);
  CHECK(main.type() == STT_FUNC);
  CHECK(main.binding() == STB_GLOBAL);
  CHECK(file->symbol(*symtab, 3).value == 0);
}

TEST_CASE("An ELF file cut off at any byte is refused or read without its missing parts") {
  const bool is_64 = GENERATE(true, false);
  const Sample made = sample(is_64, false);
  size_t refused = 0;
  for (size_t size = 0; size < made.bytes.size(); ++size) {
    const std::vector<std::byte> cut(made.bytes.begin(),
                                     made.bytes.begin() + static_cast<ptrdiff_t>(size));
    const auto file = ElfFile::parse(cut, "cut");
    refused += !file;
    if (file) walk(*file);
  }
  CHECK(refused == (is_64 ? 64u : 52u));
}

TEST_CASE("No single byte of an ELF file can make its reader leave the file") {
  const Sample made = sample(true, false);
  for (size_t at = 0; at < made.bytes.size(); ++at) {
    for (const unsigned value : {0x00u, 0x7fu, 0x80u, 0xffu}) {
      std::vector<std::byte> damaged = made.bytes;
      damaged[at] = static_cast<std::byte>(value);
      const auto file = ElfFile::parse(damaged, "damaged");
      if (file) walk(*file);
    }
  }
  SUCCEED("the sanitizers saw nothing");
}

TEST_CASE("Counts beyond the file are cut to what is there") {
  Sample made = sample(true, false);
  const uint16_t many = 0xfffe;
  std::memcpy(made.bytes.data() + 56, &many, 2);  // e_phnum
  std::memcpy(made.bytes.data() + 60, &many, 2);  // e_shnum
  const auto file = ElfFile::parse(made.bytes, "many");
  REQUIRE(file);
  CHECK(file->segments().size() <= made.bytes.size() / 56);
  CHECK(file->sections().size() <= made.bytes.size() / 64);
}

TEST_CASE("Section counts that need more than 16 bits are in section 0") {
  Sample made = sample(true, false);
  uint64_t headers = 0;
  std::memcpy(&headers, made.bytes.data() + 40, 8);
  uint16_t count = 0;
  uint16_t names = 0;
  std::memcpy(&count, made.bytes.data() + 60, 2);
  std::memcpy(&names, made.bytes.data() + 62, 2);
  const uint64_t wide_count = count;
  const uint32_t wide_names = names;
  std::memcpy(made.bytes.data() + headers + 32, &wide_count, 8);  // sh_size
  std::memcpy(made.bytes.data() + headers + 40, &wide_names, 4);  // sh_link
  count = 0;
  names = SHN_XINDEX;
  std::memcpy(made.bytes.data() + 60, &count, 2);
  std::memcpy(made.bytes.data() + 62, &names, 2);
  const auto file = ElfFile::parse(made.bytes, "wide");
  REQUIRE(file);
  CHECK(file->sections().size() == wide_count);
  CHECK(file->section(".text") != nullptr);
}

TEST_CASE("What is no ELF file is refused with its name") {
  const auto text = ElfFile::parse(test::bytes_of("#!/bin/sh\n"), "script");
  REQUIRE_FALSE(text);
  CHECK(text.error().message == "'script' is not an ELF file");
  const auto odd = ElfFile::parse(test::bytes_of("\177ELF\x07\x07"), "odd");
  REQUIRE_FALSE(odd);
  CHECK_FALSE(ElfFile::parse({}, "empty"));
  CHECK_FALSE(ElfFile::open("/"));
  CHECK_FALSE(ElfFile::open("/nonexistent"));
}

TEST_CASE("A build id is found in a segment when the section table is gone") {
  ElfBuilder elf;
  const uint16_t note = elf.build_id("12345678");
  elf.segment(PT_NOTE, elf.offset_of(note), 0, 24);
  std::vector<std::byte> bytes = elf.bytes();
  std::memset(bytes.data() + 40, 0, 8);  // e_shoff
  const auto file = ElfFile::parse(bytes, "stripped");
  REQUIRE(file);
  CHECK(file->sections().empty());
  CHECK(file->build_id().hex() == "3132333435363738");
}

TEST_CASE("Notes of other kinds are stepped over, and cut ones end the search") {
  ByteWriter notes;
  notes.u32(5).u32(3).u32(NT_GNU_BUILD_ID).text("Other").zeros(3).text("abc").zeros(1);
  notes.u32(4).u32(2).u32(1).text("GNU").u8(0).text("xy").zeros(2);
  const size_t before = notes.size();
  notes.u32(4).u32(3).u32(NT_GNU_BUILD_ID).text("GNU").u8(0).text("abc");
  CHECK(build_id_of_notes(notes.view()).hex() == "616263");
  for (size_t size = 0; size < notes.size(); ++size) {
    INFO(size);
    CHECK(build_id_of_notes(notes.view().first(size)).empty());
  }
  CHECK(build_id_of_notes(notes.view().subspan(before)).hex() == "616263");
}
