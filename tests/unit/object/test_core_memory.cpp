#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "object/core_memory.h"
#include "support/elf_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

std::vector<std::byte> core() {
  ElfBuilder builder;
  builder.type(ET_CORE);
  BuilderSection text;
  text.name = "a";
  text.addr = 0xffffffff81000000;
  text.content = std::vector<std::byte>(64, std::byte{0x90});
  text.content[63] = std::byte{0xc3};
  builder.load(builder.section(text));
  text.addr = 0xffffffffc0000000;
  text.content.assign(16, std::byte{0xcc});
  builder.load(builder.section(text));
  return builder.bytes();
}

}  // namespace

TEST_CASE("Memory is read by its address out of a core file") {
  const auto memory = CoreMemory::open(write_temporary("kcore", core()));
  REQUIRE(memory);
  CHECK(memory->machine() == EM_X86_64);
  std::vector<std::byte> bytes(16);
  CHECK(memory->read(VirtAddr{0xffffffff81000000 + 56}, bytes) == 8);
  CHECK(bytes[7] == std::byte{0xc3});
  CHECK(memory->read(VirtAddr{0xffffffffc0000000}, bytes) == 16);
  CHECK(bytes[15] == std::byte{0xcc});
  CHECK(memory->read(VirtAddr{0xffffffff81000040}, bytes) == 0);
  CHECK(memory->read(VirtAddr{UINT64_MAX}, bytes) == 0);
  CHECK(memory->read(VirtAddr{0}, bytes) == 0);
}

TEST_CASE("What is no core file, or a cut one, is refused") {
  auto bytes = core();
  CHECK_FALSE(CoreMemory::open("/no/kcore"));
  CHECK_FALSE(CoreMemory::open(write_temporary("empty", {})));
  CHECK_FALSE(CoreMemory::open(write_temporary("cut", std::span(bytes).first(70))));
  bytes[16] = std::byte{ET_EXEC};
  CHECK_FALSE(CoreMemory::open(write_temporary("exec", bytes)));
  // Parts that lie behind the end of the file, or of all numbers, have no bytes.
  bytes = core();
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  Elf64_Phdr part{};
  part.p_type = PT_LOAD;
  part.p_vaddr = 0x1000;
  part.p_filesz = UINT64_MAX;
  for (const uint64_t offset : {uint64_t{1} << 40, UINT64_MAX, uint64_t{INT64_MAX}}) {
    part.p_offset = offset;
    std::memcpy(bytes.data() + header.e_phoff, &part, sizeof part);
    const auto memory = CoreMemory::open(write_temporary("far", bytes));
    REQUIRE(memory);
    std::vector<std::byte> out(16);
    CHECK(memory->read(VirtAddr{0x1008}, out) == 0);
  }
}
