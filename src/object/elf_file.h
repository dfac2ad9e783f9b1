// ElfFile: a mapped ELF file's headers, sections, segments and build id, every offset checked.
// Used by the symbol sources and by whoever needs a build id or a file offset of an ELF address.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/address.h"
#include "common/build_id.h"
#include "common/mapped_file.h"
#include "common/result.h"

namespace prof {

struct ElfSection {
  std::string_view name;
  uint32_t type = SHT_NULL;
  uint32_t link = 0;
  uint64_t flags = 0;
  uint64_t addr = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t align = 0;
  uint64_t entsize = 0;
};

struct ElfSegment {
  uint32_t type = PT_NULL;
  uint32_t flags = 0;
  uint64_t offset = 0;
  uint64_t vaddr = 0;
  uint64_t filesz = 0;
  uint64_t memsz = 0;
};

struct ElfSymbol {
  uint32_t name = 0;  // offset in the table's strings
  uint8_t info = 0;
  uint8_t other = 0;
  uint16_t section = SHN_UNDEF;
  uint64_t value = 0;
  uint64_t size = 0;

  unsigned type() const { return info & 0xfu; }
  unsigned binding() const { return info >> 4; }
  unsigned visibility() const { return other & 3u; }
};

/// A relocation of .rela.* or .rel.* (addend 0).
struct ElfRelocation {
  uint64_t offset = 0;
  uint32_t symbol = 0;
  uint32_t type = 0;
  int64_t addend = 0;
};

/// 32 and 64 bit, either byte order. Views and spans it gives stay valid as long as the bytes: its
/// own mapping for open(), the caller's for parse(); moving the ElfFile keeps them.
class ElfFile {
 public:
  static Result<ElfFile> open(const std::string& path);
  /// `image` must outlive the result; `name` is for messages only.
  static Result<ElfFile> parse(std::span<const std::byte> image, const std::string& name);

  uint16_t type() const { return type_; }  // ET_EXEC, ET_DYN …
  uint16_t machine() const { return machine_; }
  bool is_64() const { return is_64_; }
  /// Whether its integers are of the other byte order than ours.
  bool swapped() const { return swap_; }
  ElfAddr entry() const { return entry_; }

  std::span<const ElfSection> sections() const { return sections_; }
  std::span<const ElfSegment> segments() const { return segments_; }
  /// The first section of that name; nullptr if there is none.
  const ElfSection* section(std::string_view name) const;
  /// What the file holds of a section: nothing for SHT_NOBITS, or if it lies outside the file.
  std::span<const std::byte> contents(const ElfSection& section) const;
  /// Tells that these bytes of the file will not be read again soon, so that a walk through a file
  /// of gigabytes stays small in memory. They can be read as before.
  void drop(std::span<const std::byte> part) const;
  /// The same of the whole file.
  void drop_all() const { mapping_.drop(0, mapping_.bytes().size()); }

  /// What the file holds from `addr` on, up to the end of its PT_LOAD; nothing if none holds it.
  std::span<const std::byte> loaded_bytes(ElfAddr addr) const;

  /// The symbols and relocations of a section of that kind. An index past the end gives zeros.
  size_t symbol_count(const ElfSection& table) const;
  ElfSymbol symbol(const ElfSection& table, size_t index) const;
  size_t relocation_count(const ElfSection& table) const;
  ElfRelocation relocation(const ElfSection& table, size_t index) const;
  /// The strings that a symbol table's names are offsets of.
  std::string_view strings_of(const ElfSection& table) const;

  /// Where in the file the loaded byte at `addr` is, by the PT_LOAD that holds it. Addresses of a
  /// segment's zero-filled tail get the offset they would have.
  std::optional<FileOffset> file_offset(ElfAddr addr) const;
  /// The address at which the byte at `offset` is loaded.
  std::optional<ElfAddr> elf_addr(FileOffset offset) const;

  /// The NT_GNU_BUILD_ID note; empty if there is none.
  BuildId build_id() const;

 private:
  Result<void> read(const std::string& name);
  void read_segments(uint64_t offset, uint64_t count, uint64_t entry_size);
  void read_sections(uint64_t offset, uint64_t count, uint64_t entry_size, uint64_t names);
  ElfSection read_section(std::span<const std::byte> header, uint32_t& name) const;
  std::span<const std::byte> slice(uint64_t offset, uint64_t size) const;

  MappedFile mapping_;  // empty for parse()
  std::span<const std::byte> image_;
  bool is_64_ = false;
  bool swap_ = false;
  uint16_t type_ = 0;
  uint16_t machine_ = 0;
  ElfAddr entry_{};
  std::vector<ElfSection> sections_;
  std::vector<ElfSegment> segments_;
};

/// The text at `offset` of a string table, up to its NUL or the table's end.
std::string_view elf_string(std::string_view table, uint64_t offset);

/// The build id among ELF notes (a section or segment of them, or /sys/kernel/notes).
BuildId build_id_of_notes(std::span<const std::byte> notes, bool swap = false);

}  // namespace prof
