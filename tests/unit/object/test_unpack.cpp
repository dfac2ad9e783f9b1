#include <catch2/catch.hpp>

#include "object/unpack.h"
#include "support/elf_builder.h"
#include "support/pack.h"

using namespace prof;

namespace {

std::vector<std::byte> sample_bytes(size_t size) {
  std::vector<std::byte> bytes(size);
  uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 29);
  }
  return bytes;
}

}  // namespace

TEST_CASE("What xz, gzip and zstd packed is unpacked, up to a limit") {
  const std::string format = GENERATE(".xz", ".gz", ".zst");
  INFO(format);
  for (const size_t size : {size_t{1}, size_t{65536}, size_t{300000}}) {
    const auto bytes = sample_bytes(size);
    const auto packed = test::packed(bytes, format);
    CHECK(unpack(packed, size_t{1} << 20) == bytes);
    CHECK(unpack(packed, size - 1).empty());
  }
}

TEST_CASE("Packed bytes that are cut off or changed give nothing") {
  const std::string format = GENERATE(".xz", ".gz", ".zst");
  INFO(format);
  const auto bytes = sample_bytes(2000);
  auto packed = test::packed(bytes, format);
  for (size_t size = 0; size < packed.size(); ++size) {
    INFO(size);
    CHECK(unpack(std::span(packed).first(size), 1 << 20).empty());
  }
  for (size_t i = 0; i < packed.size(); ++i) {
    auto changed = packed;
    changed[i] ^= std::byte{0x55};
    const auto out = unpack(changed, 1 << 20);  // whatever it is, it is bounded
    CHECK(out.size() <= 1 << 20);
  }
  CHECK(unpack(bytes, 1 << 20).empty());
  CHECK(unpack({}, 1 << 20).empty());
}

TEST_CASE("An ELF file is opened plain or packed") {
  test::ElfBuilder elf;
  elf.build_id("12345678");
  for (const std::string& format : std::vector<std::string>{"", ".xz", ".gz", ".zst"}) {
    const auto path = test::write_temporary("file" + format, test::packed(elf.bytes(), format));
    const auto file = open_packed_elf(path);
    REQUIRE(file);
    CHECK((*file)->build_id().hex() == "3132333435363738");
  }
  CHECK_FALSE(open_packed_elf(
      test::write_temporary("text.xz", test::packed(test::bytes_of("no ELF file"), ".xz"))));
  CHECK_FALSE(open_packed_elf(test::write_temporary("text", test::bytes_of("no ELF file"))));
  CHECK_FALSE(open_packed_elf("/nonexistent"));
}

TEST_CASE("What was packed in pieces is unpacked as one") {
  const std::string format = GENERATE(".xz", ".gz", ".zst");
  INFO(format);
  const auto bytes = sample_bytes(70000);
  auto packed = test::packed(bytes, format);
  const auto once = packed;
  packed.insert(packed.end(), once.begin(), once.end());
  auto twice = bytes;
  twice.insert(twice.end(), bytes.begin(), bytes.end());
  CHECK(unpack(packed, 1 << 20) == twice);
}
