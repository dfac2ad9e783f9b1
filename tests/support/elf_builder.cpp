#include "support/elf_builder.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace prof::test {

ElfBuilder::ElfBuilder(bool is_64, bool big_endian)
    : is_64_(is_64),
      swap_(big_endian != (std::endian::native == std::endian::big)),
      big_endian_(big_endian) {}

ElfBuilder& ElfBuilder::type(uint16_t value) {
  type_ = value;
  return *this;
}

ElfBuilder& ElfBuilder::machine(uint16_t value) {
  machine_ = value;
  return *this;
}

ElfBuilder& ElfBuilder::entry(uint64_t addr) {
  entry_ = addr;
  return *this;
}

uint16_t ElfBuilder::section(BuilderSection section) {
  const uint64_t offset = cursor_;
  cursor_ += (section.content.size() + 15) / 16 * 16;
  section.size = std::max<uint64_t>(section.size, section.content.size());
  sections_.push_back({std::move(section), offset});
  return static_cast<uint16_t>(sections_.size());
}

uint16_t ElfBuilder::symbols(const std::string& name, uint32_t type,
                             const std::vector<BuilderSymbol>& symbols) {
  ByteWriter table;
  ByteWriter strings;
  strings.u8(0);
  table.zeros(is_64_ ? 24 : 16);
  for (const BuilderSymbol& symbol : symbols) {
    put(table, static_cast<uint32_t>(symbol.name.empty() ? 0 : strings.size()));
    if (!symbol.name.empty()) strings.text(symbol.name).u8(0);
    const auto info = static_cast<uint8_t>(symbol.binding << 4 | symbol.type);
    if (!is_64_) {
      put_word(table, symbol.value);
      put_word(table, symbol.size);
    }
    table.u8(info).u8(symbol.other);
    put(table, symbol.section);
    if (is_64_) {
      put_word(table, symbol.value);
      put_word(table, symbol.size);
    }
  }
  const uint16_t text = section({name + ".strings", SHT_STRTAB, 0, 0, strings.take()});
  return section({name, type, 0, 0, table.take(), 0, text, is_64_ ? 24u : 16u, 8});
}

uint64_t ElfBuilder::offset_of(uint16_t section) const {
  return sections_[section - 1u].offset;
}

ElfBuilder& ElfBuilder::segment(uint32_t type, uint64_t offset, uint64_t vaddr, uint64_t size) {
  segments_.push_back({type, offset, vaddr, size});
  return *this;
}

ElfBuilder& ElfBuilder::load(uint16_t section) {
  const Placed& placed = sections_[section - 1u];
  return segment(PT_LOAD, placed.offset, placed.section.addr, placed.section.size);
}

uint16_t ElfBuilder::build_id(std::string_view bytes) {
  ByteWriter note;
  put(note, uint32_t{4});
  put(note, static_cast<uint32_t>(bytes.size()));
  put(note, uint32_t{NT_GNU_BUILD_ID});
  note.text("GNU").u8(0).text(bytes).align(4);
  return section({".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, 0, note.take()});
}

void ElfBuilder::put_word(ByteWriter& out, uint64_t value) const {
  if (is_64_) {
    put(out, value);
  } else {
    put(out, static_cast<uint32_t>(value));
  }
}

void ElfBuilder::put_header(ByteWriter& out, uint64_t section_headers) const {
  out.text(std::string_view(ELFMAG, SELFMAG));
  out.u8(is_64_ ? ELFCLASS64 : ELFCLASS32).u8(big_endian_ ? ELFDATA2MSB : ELFDATA2LSB);
  out.u8(EV_CURRENT).zeros(9);
  put(out, type_);
  put(out, machine_);
  put(out, uint32_t{EV_CURRENT});
  put_word(out, entry_);
  put_word(out, is_64_ ? 64 : 52);
  put_word(out, section_headers);
  put(out, uint32_t{0});
  put(out, static_cast<uint16_t>(is_64_ ? 64 : 52));
  put(out, static_cast<uint16_t>(is_64_ ? 56 : 32));
  put(out, static_cast<uint16_t>(segments_.size()));
  put(out, static_cast<uint16_t>(is_64_ ? 64 : 40));
  put(out, static_cast<uint16_t>(sections_.size() + 2));
  put(out, static_cast<uint16_t>(sections_.size() + 1));
}

void ElfBuilder::put_segment(ByteWriter& out, const Segment& segment) const {
  put(out, segment.type);
  if (is_64_) put(out, uint32_t{PF_R | PF_X});
  put_word(out, segment.offset);
  put_word(out, segment.vaddr);
  put_word(out, segment.vaddr);
  put_word(out, segment.size);
  put_word(out, segment.size);
  if (!is_64_) put(out, uint32_t{PF_R | PF_X});
  put_word(out, 1);
}

void ElfBuilder::put_section(ByteWriter& out, const Placed& placed, uint32_t name) const {
  const BuilderSection& s = placed.section;
  put(out, name);
  put(out, s.type);
  put_word(out, s.flags);
  put_word(out, s.addr);
  put_word(out, placed.offset);
  put_word(out, s.size);
  put(out, s.link);
  put(out, uint32_t{0});
  put_word(out, s.align);
  put_word(out, s.entsize);
}

std::vector<std::byte> ElfBuilder::bytes() const {
  ByteWriter names;
  names.u8(0);
  std::vector<uint32_t> name_offsets;
  for (const Placed& placed : sections_) {
    name_offsets.push_back(static_cast<uint32_t>(names.size()));
    names.text(placed.section.name).u8(0);
  }
  Placed name_table{{".shstrtab", SHT_STRTAB, 0}, cursor_};
  const auto own_name = static_cast<uint32_t>(names.size());
  names.text(".shstrtab").u8(0).align(16);
  name_table.section.size = names.size();

  ByteWriter out;
  put_header(out, cursor_ + names.size());
  for (const Segment& segment : segments_) put_segment(out, segment);
  for (const Placed& placed : sections_) {
    out.zeros(static_cast<size_t>(placed.offset) - out.size());
    out.bytes(placed.section.content);
  }
  out.zeros(static_cast<size_t>(cursor_) - out.size()).bytes(names.view());
  out.zeros(is_64_ ? 64 : 40);  // section 0
  for (size_t i = 0; i < sections_.size(); ++i) put_section(out, sections_[i], name_offsets[i]);
  put_section(out, name_table, own_name);
  return out.take();
}

namespace {

/// Directories made by this process, which go with it.
struct TemporaryDirectories {
  std::vector<std::string> paths;
  ~TemporaryDirectories() {
    std::error_code ignored;
    for (const std::string& path : paths) std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

std::string write_temporary(std::string_view name, std::span<const std::byte> bytes) {
  static TemporaryDirectories made;
  std::string directory = std::filesystem::temp_directory_path() / "prof-test-XXXXXX";
  if (!::mkdtemp(directory.data())) std::abort();
  made.paths.push_back(directory);
  const std::string path = directory + "/" + std::string(name);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace prof::test
