#include "object/build_id_reader.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <vector>

#include "common/byte_reader.h"
#include "common/text_file.h"
#include "object/proc_maps.h"

namespace prof {

namespace {

// Bounds for what a file may claim: real ones have a dozen program headers and under 1 KiB of
// notes.
constexpr uint64_t kMaxProgramHeaders = 4096;
constexpr uint64_t kMaxNotes = 64 << 10;

/// Reads `size` bytes at `offset`; fewer, or none, where there are no more.
using ReadAt = std::function<std::span<const std::byte>(uint64_t offset, size_t size)>;

struct ProgramHeader {
  uint32_t type;
  uint64_t offset, file_size, alignment;
};

ProgramHeader read_program_header(ByteReader& reader, bool is64) {
  ProgramHeader header{};
  header.type = reader.u32();
  if (is64) {
    reader.skip(4);  // p_flags
    header.offset = reader.u64();
    reader.skip(16);  // p_vaddr, p_paddr
    header.file_size = reader.u64();
    reader.skip(8);  // p_memsz
    header.alignment = reader.u64();
  } else {
    header.offset = reader.u32();
    reader.skip(8);
    header.file_size = reader.u32();
    reader.skip(8);  // p_memsz, p_flags
    header.alignment = reader.u32();
  }
  return header;
}

BuildId build_id_of_notes(std::span<const std::byte> notes, size_t alignment, bool swap) {
  const auto aligned = [alignment](uint64_t size) {
    return (size + alignment - 1) / alignment * alignment;
  };
  ByteReader reader(notes, swap);
  while (reader.remaining() >= 12) {
    const uint32_t name_size = reader.u32();
    const uint32_t desc_size = reader.u32();
    const uint32_t type = reader.u32();
    const auto name = reader.bytes(name_size);
    // The name's padding, and the description's, may be missing at the very end.
    reader.skip(std::min<uint64_t>(aligned(name_size) - name_size, reader.remaining()));
    const auto desc = reader.bytes(desc_size);
    if (!reader.ok()) break;
    reader.skip(std::min<uint64_t>(aligned(desc_size) - desc_size, reader.remaining()));
    const bool gnu = name.size() == 4 && std::memcmp(name.data(), "GNU", 4) == 0;
    if (gnu && type == NT_GNU_BUILD_ID && desc_size != 0) return BuildId::from(desc);
  }
  return {};
}

BuildId find_build_id(const ReadAt& read_at) {
  const auto ident = read_at(0, sizeof(Elf64_Ehdr));
  if (ident.size() < sizeof(Elf32_Ehdr) || std::memcmp(ident.data(), ELFMAG, SELFMAG) != 0) {
    return {};
  }
  const bool is64 = std::to_integer<int>(ident[EI_CLASS]) == ELFCLASS64;
  const bool big = std::to_integer<int>(ident[EI_DATA]) == ELFDATA2MSB;
  const bool swap = big != (std::endian::native == std::endian::big);
  ByteReader header(ident, swap);
  header.skip(is64 ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff));
  const uint64_t table_offset = is64 ? header.u64() : header.u32();
  header.skip(is64 ? 8 + 4 + 2 : 4 + 4 + 2);  // e_shoff, e_flags, e_ehsize
  const uint16_t entry_size = header.u16();
  const uint16_t count = header.u16();
  const size_t known_size = is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
  if (!header.ok() || entry_size != known_size || count > kMaxProgramHeaders) return {};

  // read_at() reuses its buffer, so the table is taken apart before the notes are read.
  const auto table = read_at(table_offset, size_t{entry_size} * count);
  std::vector<ProgramHeader> notes;
  ByteReader reader(table, swap);
  while (reader.remaining() >= entry_size) {
    const auto entry = read_program_header(reader, is64);
    if (entry.type == PT_NOTE && entry.file_size <= kMaxNotes) notes.push_back(entry);
  }
  for (const ProgramHeader& note : notes) {
    const auto bytes = read_at(note.offset, static_cast<size_t>(note.file_size));
    const auto id = build_id_of_notes(bytes, note.alignment == 8 ? 8 : 4, swap);
    if (!id.empty()) return id;
  }
  return {};
}

}  // namespace

BuildId build_id_of_notes(std::span<const std::byte> notes, size_t alignment) {
  return build_id_of_notes(notes, alignment, false);
}

BuildId build_id_of_file(int fd) {
  // Headers and notes nearly always lie in the first page: one read serves all three steps.
  std::array<std::byte, 4096> first;
  const ssize_t n = ::pread(fd, first.data(), first.size(), 0);
  if (n <= 0) return {};
  const auto head = std::span<const std::byte>(first).first(static_cast<size_t>(n));
  std::vector<std::byte> buffer;
  return find_build_id([&](uint64_t offset, size_t size) -> std::span<const std::byte> {
    if (offset <= head.size() && size <= head.size() - offset) return head.subspan(offset, size);
    if (offset > INT64_MAX) return {};
    buffer.resize(size);
    const ssize_t got = ::pread(fd, buffer.data(), size, static_cast<off_t>(offset));
    return std::span<const std::byte>(buffer).first(got > 0 ? static_cast<size_t>(got) : 0);
  });
}

BuildId build_id_of_image(std::span<const std::byte> image) {
  return find_build_id([image](uint64_t offset, size_t size) -> std::span<const std::byte> {
    if (offset > image.size()) return {};
    return image.subspan(offset, std::min<size_t>(size, image.size() - offset));
  });
}

BuildId kernel_build_id() {
  const auto notes = read_text_file("/sys/kernel/notes");
  if (!notes) return {};
  return build_id_of_notes(std::as_bytes(std::span(*notes)));
}

BuildId module_build_id(const std::string& module) {
  const auto notes = read_text_file("/sys/module/" + module + "/notes/.note.gnu.build-id");
  if (!notes) return {};
  return build_id_of_notes(std::as_bytes(std::span(*notes)));
}

BuildId vdso_build_id(uint64_t& size) {
  size = 0;
  const auto maps = read_text_file("/proc/self/maps");
  if (!maps) return {};
  const std::byte* image = nullptr;
  for_each_proc_map(*maps, [&](const ProcMapsEntry& entry) {
    if (entry.name != "[vdso]") return;
    image = reinterpret_cast<const std::byte*>(entry.start);
    size = entry.end - entry.start;
  });
  if (!image) return {};
  return build_id_of_image({image, static_cast<size_t>(size)});
}

}  // namespace prof
