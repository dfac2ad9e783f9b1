#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "object/section_data.h"
#include "object/zlib_stream.h"
#include "support/elf_builder.h"

using namespace prof;

namespace {

/// 24 MiB that compress to a fifth or so: more than one remembered state.
std::vector<std::byte> sample() {
  std::mt19937 random(5);
  std::vector<std::byte> bytes(size_t{24} << 20);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = i % 5 == 0 ? static_cast<std::byte>(random()) : static_cast<std::byte>(i >> 12);
  }
  return bytes;
}

std::vector<std::byte> deflated(std::span<const std::byte> bytes) {
  uLongf size = ::compressBound(bytes.size());
  std::vector<std::byte> out(size);
  REQUIRE(::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                      reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 1) == Z_OK);
  out.resize(size);
  return out;
}

/// A file with .debug_info compressed as SHF_COMPRESSED says, and .zdebug_line as GNU once did.
std::vector<std::byte> file_with(std::span<const std::byte> bytes) {
  const auto packed = deflated(bytes);
  ByteWriter info;
  info.u32(ELFCOMPRESS_ZLIB).u32(0).u64(bytes.size()).u64(1).bytes(packed);
  ByteWriter line;
  line.text("ZLIB").u64(byte_swapped(uint64_t{bytes.size()})).bytes(packed);
  test::ElfBuilder elf;
  elf.section({".debug_info", SHT_PROGBITS, SHF_COMPRESSED, 0, info.take()});
  elf.section({".zdebug_line", SHT_PROGBITS, 0, 0, line.take()});
  return elf.bytes();
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::ranges::equal(a, b);
}

}  // namespace

TEST_CASE("A zlib stream reads anywhere, forward and back") {
  const auto bytes = sample();
  const auto packed = deflated(bytes);
  ZlibStream stream(packed, bytes.size());
  std::mt19937 random(9);
  std::vector<std::byte> out;
  for (int i = 0; i < 40; ++i) {
    const size_t offset = random() % bytes.size();
    out.assign(std::min<size_t>(random() % 100000, bytes.size() - offset), {});
    REQUIRE(stream.read(offset, out));
    CHECK(same(out, std::span(bytes).subspan(offset, out.size())));
  }
  out.assign(2, {});
  CHECK_FALSE(stream.read(bytes.size() - 1, out));
  CHECK(stream.read(0, out));
}

TEST_CASE("A zlib stream that is cut gives what is before the cut") {
  const auto bytes = sample();
  const auto packed = deflated(bytes);
  const std::span<const std::byte> whole(packed);
  ZlibStream stream(whole.first(packed.size() / 2), bytes.size());
  std::vector<std::byte> out(1000);
  CHECK_FALSE(stream.read(bytes.size() - 1000, out));
  CHECK(stream.read(5 << 20, out));
  CHECK(same(out, std::span(bytes).subspan(5 << 20, 1000)));
}

TEST_CASE("Sections are inflated whole or in part, of both forms") {
  const auto bytes = sample();
  const auto image = file_with(bytes);
  const auto file = ElfFile::parse(image, "test");
  REQUIRE(file);
  for (const char* name : {".debug_info", ".debug_line"}) {
    SectionData whole = SectionData::of(*file, name, 64 << 20);
    CHECK(whole.size() == bytes.size());
    CHECK(same(whole.bytes(), bytes));
    SectionData parts = SectionData::of(*file, name, 1 << 20);
    CHECK_FALSE(parts.is_whole());
    CHECK(parts.bytes().empty());
    ByteBuffer buffer;
    // As a unit is read: its first bytes, then on from there, then the next one.
    for (const size_t offset : {size_t{0}, size_t{70000}, size_t{9} << 20}) {
      const auto head = parts.read(offset, 40, buffer);
      REQUIRE(head.size() == 40);
      const auto all = parts.read(offset, 5000, buffer, head.size());
      CHECK(same(all, std::span(bytes).subspan(offset, 5000)));
    }
    CHECK(parts.read(bytes.size() - 10, 11, buffer).empty());
    parts.release();
    CHECK(parts.read(100, 50, buffer).size() == 50);
  }
}

TEST_CASE("A section with a broken stream is empty") {
  const auto bytes = sample();
  auto image = file_with(bytes);
  {
    const auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    const ElfSection* info = file->section(".debug_info");
    for (size_t i = 0; i < 200; ++i) image[info->offset + 24 + 3000 + i] = std::byte{0xff};
  }
  const auto file = ElfFile::parse(image, "test");
  REQUIRE(file);
  CHECK(SectionData::of(*file, ".debug_info", 64 << 20).bytes().empty());
  ByteBuffer buffer;
  CHECK(SectionData::of(*file, ".debug_info", 1 << 20).read(20 << 20, 10, buffer).empty());
}
