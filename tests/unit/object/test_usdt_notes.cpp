#include <catch2/catch.hpp>

#include "common/byte_writer.h"
#include "object/usdt_notes.h"
#include "support/elf_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

/// A file with two probes, the second with a semaphore, in the middle of notes of others.
std::vector<std::byte> file_with_probes(bool is_64, bool big_endian, uint64_t moved_by,
                                        size_t cut = 0) {
  ElfBuilder elf(is_64, big_endian);
  ByteWriter notes;
  const auto note = [&](std::string_view owner, uint32_t type, std::span<const std::byte> content) {
    elf.put(notes, static_cast<uint32_t>(owner.size() + 1));
    elf.put(notes, static_cast<uint32_t>(content.size()));
    elf.put(notes, type);
    notes.text(owner).u8(0).align(4).bytes(content).align(4);
  };
  const auto probe = [&](uint64_t location, uint64_t semaphore, std::string_view strings) {
    ByteWriter content;
    elf.put_word(content, location);
    elf.put_word(content, 0x5000);
    elf.put_word(content, semaphore);
    content.text(strings);
    note("stapsdt", 3, content.take());
  };
  probe(0x1010, 0, std::string_view("demo\0begin\0008@%rdi -4@$3\0", 24));
  note("GNU", 3, std::as_bytes(std::span("id")));
  probe(0x1020, 0x4000, std::string_view("demo\0end\0\0", 10));
  auto content = notes.take();
  content.resize(content.size() - cut);
  elf.section({.name = ".note.stapsdt", .type = SHT_NOTE, .content = std::move(content)});
  elf.section({.name = ".stapsdt.base", .addr = 0x5000 + moved_by, .content = {std::byte{0}}});
  return elf.bytes();
}

}  // namespace

TEST_CASE("static probes are read from their notes, in every class and byte order") {
  for (const bool is_64 : {false, true}) {
    for (const bool big_endian : {false, true}) {
      const auto bytes = file_with_probes(is_64, big_endian, 0x100);
      const auto file = ElfFile::parse(bytes, "demo");
      REQUIRE(file);
      const auto probes = read_usdt_probes(*file);
      REQUIRE(probes.size() == 2);
      CHECK(probes[0].provider == "demo");
      CHECK(probes[0].name == "begin");
      CHECK(probes[0].arguments == "8@%rdi -4@$3");
      CHECK(probes[0].location == 0x1110);
      CHECK(probes[0].semaphore == 0);
      CHECK(probes[1].name == "end");
      CHECK(probes[1].semaphore == 0x4100);
    }
  }
}

TEST_CASE("notes of static probes that are cut give those that are whole") {
  for (size_t cut = 1; cut < 120; ++cut) {
    const auto bytes = file_with_probes(true, false, 0, cut);
    const auto file = ElfFile::parse(bytes, "demo");
    REQUIRE(file);
    CHECK(read_usdt_probes(*file).size() < 3);
  }
  ElfBuilder none;
  const auto bytes = none.bytes();
  const auto file = ElfFile::parse(bytes, "demo");
  REQUIRE(file);
  CHECK(read_usdt_probes(*file).empty());
}
