// ElfBuilder: ELF files made byte by byte, of either class and byte order.
// Used by the tests of the ELF reader and of the symbol sources.
#pragma once

#include <elf.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_reader.h"
#include "common/byte_writer.h"

namespace prof::test {

struct BuilderSymbol {
  std::string name;
  uint64_t value = 0;
  uint64_t size = 0;
  unsigned type = STT_FUNC;
  unsigned binding = STB_GLOBAL;
  uint16_t section = 1;
  uint8_t other = 0;
};

struct BuilderSection {
  std::string name;
  uint32_t type = SHT_PROGBITS;
  uint64_t flags = SHF_ALLOC;
  uint64_t addr = 0;
  std::vector<std::byte> content = {};
  uint64_t size = 0;  // if larger than the content, as for SHT_NOBITS
  uint32_t link = 0;
  uint64_t entsize = 0;
  uint64_t align = 1;
};

class ElfBuilder {
 public:
  explicit ElfBuilder(bool is_64 = true, bool big_endian = false);

  ElfBuilder& machine(uint16_t value);
  ElfBuilder& type(uint16_t value);  // ET_DYN unless said
  ElfBuilder& entry(uint64_t addr);
  /// Returns the section's index, counted from 1.
  uint16_t section(BuilderSection section);
  /// A symbol table with its string table, after the null symbol. Returns the table's index.
  uint16_t symbols(const std::string& name, uint32_t type,
                   const std::vector<BuilderSymbol>& symbols);
  /// Where a section's content is in the file.
  uint64_t offset_of(uint16_t section) const;
  ElfBuilder& segment(uint32_t type, uint64_t offset, uint64_t vaddr, uint64_t size);
  /// A PT_LOAD of exactly that section.
  ElfBuilder& load(uint16_t section);
  /// A section with an NT_GNU_BUILD_ID note of those bytes.
  uint16_t build_id(std::string_view bytes);

  std::vector<std::byte> bytes() const;

  template <std::integral T>
  void put(ByteWriter& out, T value) const {
    out.put(swap_ ? byte_swapped(value) : value);
  }
  /// An address or size: 4 or 8 bytes.
  void put_word(ByteWriter& out, uint64_t value) const;

 private:
  struct Segment {
    uint32_t type;
    uint64_t offset, vaddr, size;
  };
  struct Placed {
    BuilderSection section;
    uint64_t offset;
  };
  void put_header(ByteWriter& out, uint64_t section_headers) const;
  void put_segment(ByteWriter& out, const Segment& segment) const;
  void put_section(ByteWriter& out, const Placed& placed, uint32_t name) const;

  bool is_64_;
  bool swap_;
  bool big_endian_;
  uint16_t machine_ = EM_X86_64;
  uint16_t type_ = ET_DYN;
  uint64_t entry_ = 0;
  uint64_t cursor_ = 0x200;  // leaves room for the headers
  std::vector<Placed> sections_;
  std::vector<Segment> segments_;
};

/// Writes `bytes` to a fresh file of that name in a directory of its own, which is removed when the
/// process ends; returns the path.
std::string write_temporary(std::string_view name, std::span<const std::byte> bytes);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace prof::test
