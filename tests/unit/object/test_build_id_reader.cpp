#include <elf.h>
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "common/byte_writer.h"
#include "common/unique_fd.h"
#include "object/build_id_reader.h"

using namespace prof;

namespace {

ByteWriter note(uint32_t type, std::string_view name, std::string_view desc) {
  ByteWriter out;
  out.u32(static_cast<uint32_t>(name.size() + 1)).u32(static_cast<uint32_t>(desc.size())).u32(type);
  out.text(name).u8(0).align(4).text(desc).align(4);
  return out;
}

/// A file with nothing but a header, one note segment and, before it, one of another type.
std::vector<std::byte> elf_with(std::span<const std::byte> notes) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr load{};
  load.p_type = PT_LOAD;
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof header + 2 * sizeof segment;
  segment.p_filesz = notes.size();
  segment.p_align = 4;
  ByteWriter out;
  out.bytes(std::as_bytes(std::span(&header, 1))).bytes(std::as_bytes(std::span(&load, 1)));
  out.bytes(std::as_bytes(std::span(&segment, 1))).bytes(notes);
  return out.take();
}

}  // namespace

TEST_CASE("the build id is found behind other notes") {
  ByteWriter notes;
  notes.bytes(note(1, "Linux", "abcdefg").view());
  notes.bytes(note(NT_GNU_BUILD_ID, "Go", "wrong owner").view());
  notes.bytes(note(NT_GNU_BUILD_ID, "GNU", "\x01\x02\x03").view());
  CHECK(build_id_of_notes(notes.view()).hex() == "010203");
  CHECK(build_id_of_image(elf_with(notes.view())).hex() == "010203");
}

TEST_CASE("an ELF image cut at any byte gives no build id and no fault") {
  const auto whole = elf_with(note(NT_GNU_BUILD_ID, "GNU", "12345678").view());
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(build_id_of_image(cut).empty());
  }
  CHECK(build_id_of_image(whole).size == 8);
}

TEST_CASE("notes that claim more than there is give nothing") {
  ByteWriter notes;
  notes.u32(0xfffffff0).u32(20).u32(NT_GNU_BUILD_ID).text("GNU").u8(0);
  CHECK(build_id_of_notes(notes.view()).empty());
  ByteWriter desc;
  desc.u32(4).u32(0xffffffff).u32(NT_GNU_BUILD_ID).text("GNU").u8(0);
  CHECK(build_id_of_notes(desc.view()).empty());
}

TEST_CASE("the running kernel and its vdso have build ids, and this binary can be asked") {
  uint64_t size = 0;
  CHECK_FALSE(vdso_build_id(size).empty());
  CHECK(size >= 4096);
  CHECK(kernel_build_id().size == BuildId::kMaxSize);
  UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto id = build_id_of_file(self.get());
  CHECK(id.size == BuildId::kMaxSize);
}
