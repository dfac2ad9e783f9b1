// ELF as the System V gABI and its 32-bit and 64-bit object file formats define it.
#include "object/elf_file.h"

#include <algorithm>
#include <bit>

#include "common/byte_reader.h"

namespace prof {

namespace {

// Sizes of the on-disk structs, which are read field by field.
constexpr size_t kHeader32 = 52, kHeader64 = 64;
constexpr size_t kSegment32 = 32, kSegment64 = 56;
constexpr size_t kSection32 = 40, kSection64 = 64;
constexpr size_t kSymbol32 = 16, kSymbol64 = 24;

uint64_t word(ByteReader& in, bool is_64) {
  return is_64 ? in.u64() : in.u32();
}

}  // namespace

std::string_view elf_string(std::string_view table, uint64_t offset) {
  if (offset >= table.size()) return {};
  table.remove_prefix(static_cast<size_t>(offset));
  return table.substr(0, table.find('\0'));
}

Result<ElfFile> ElfFile::open(const std::string& path) {
  auto mapping = MappedFile::open(path);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  ElfFile file;
  file.mapping_ = std::move(*mapping);
  file.image_ = file.mapping_.bytes();
  if (auto done = file.read(path); !done) return tl::unexpected(std::move(done.error()));
  return file;
}

Result<ElfFile> ElfFile::parse(std::span<const std::byte> image, const std::string& name) {
  ElfFile file;
  file.image_ = image;
  if (auto done = file.read(name); !done) return tl::unexpected(std::move(done.error()));
  return file;
}

Result<void> ElfFile::read(const std::string& name) {
  ByteReader ident(image_);
  if (ident.fixed_string(SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
    return fail("'" + name + "' is not an ELF file");
  }
  const uint8_t file_class = ident.u8();
  const uint8_t order = ident.u8();
  if ((file_class != ELFCLASS32 && file_class != ELFCLASS64) ||
      (order != ELFDATA2LSB && order != ELFDATA2MSB)) {
    return fail("'" + name + "' is an ELF file of unknown class or byte order");
  }
  is_64_ = file_class == ELFCLASS64;
  swap_ = (order == ELFDATA2LSB) != (std::endian::native == std::endian::little);

  ByteReader header(slice(0, is_64_ ? kHeader64 : kHeader32), swap_);
  header.skip(EI_NIDENT);
  type_ = header.u16();
  machine_ = header.u16();
  header.u32();  // e_version
  entry_ = ElfAddr{word(header, is_64_)};
  const uint64_t segment_offset = word(header, is_64_);
  const uint64_t section_offset = word(header, is_64_);
  header.skip(4 + 2);  // e_flags, e_ehsize
  const uint16_t segment_size = header.u16();
  uint64_t segment_count = header.u16();
  const uint16_t section_size = header.u16();
  uint64_t section_count = header.u16();
  uint64_t names = header.u16();
  if (!header.ok()) return fail("'" + name + "' is an ELF file cut off inside its header");

  // Counts that do not fit 16 bits are kept in the otherwise unused section 0.
  const auto first = slice(section_offset, is_64_ ? kSection64 : kSection32);
  if (section_offset != 0 && !first.empty()) {
    uint32_t ignored = 0;
    const ElfSection zero = read_section(first, ignored);
    if (section_count == 0) section_count = zero.size;
    if (names == SHN_XINDEX) names = zero.link;
    if (segment_count == PN_XNUM) {
      ByteReader info(first, swap_);
      info.skip(is_64_ ? 44 : 28);
      segment_count = info.u32();
    }
  }
  read_segments(segment_offset, segment_count, segment_size);
  if (section_offset != 0) read_sections(section_offset, section_count, section_size, names);
  return {};
}

std::span<const std::byte> ElfFile::slice(uint64_t offset, uint64_t size) const {
  if (offset > image_.size() || size > image_.size() - offset) return {};
  return image_.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

void ElfFile::read_segments(uint64_t offset, uint64_t count, uint64_t entry_size) {
  if (entry_size < (is_64_ ? kSegment64 : kSegment32) || offset > image_.size()) return;
  count = std::min(count, (image_.size() - offset) / entry_size);
  segments_.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) {
    ByteReader in(slice(offset + i * entry_size, entry_size), swap_);
    ElfSegment segment;
    segment.type = in.u32();
    if (is_64_) segment.flags = in.u32();
    segment.offset = word(in, is_64_);
    segment.vaddr = word(in, is_64_);
    word(in, is_64_);  // p_paddr
    segment.filesz = word(in, is_64_);
    segment.memsz = word(in, is_64_);
    if (!is_64_) segment.flags = in.u32();
    segments_.push_back(segment);
  }
}

ElfSection ElfFile::read_section(std::span<const std::byte> header, uint32_t& name) const {
  ByteReader in(header, swap_);
  ElfSection section;
  name = in.u32();
  section.type = in.u32();
  section.flags = word(in, is_64_);
  section.addr = word(in, is_64_);
  section.offset = word(in, is_64_);
  section.size = word(in, is_64_);
  section.link = in.u32();
  in.u32();  // sh_info
  section.align = word(in, is_64_);
  section.entsize = word(in, is_64_);
  return section;
}

void ElfFile::read_sections(uint64_t offset, uint64_t count, uint64_t entry_size, uint64_t names) {
  if (entry_size < (is_64_ ? kSection64 : kSection32) || offset > image_.size()) return;
  count = std::min(count, (image_.size() - offset) / entry_size);
  sections_.reserve(static_cast<size_t>(count));
  std::vector<uint32_t> name_offsets(static_cast<size_t>(count));
  for (size_t i = 0; i < name_offsets.size(); ++i) {
    sections_.push_back(read_section(slice(offset + i * entry_size, entry_size), name_offsets[i]));
  }
  if (names >= sections_.size()) return;
  const auto strings = contents(sections_[static_cast<size_t>(names)]);
  const std::string_view table(reinterpret_cast<const char*>(strings.data()), strings.size());
  for (size_t i = 0; i < sections_.size(); ++i) {
    sections_[i].name = elf_string(table, name_offsets[i]);
  }
}

const ElfSection* ElfFile::section(std::string_view name) const {
  const auto found = std::ranges::find(sections_, name, &ElfSection::name);
  return found == sections_.end() ? nullptr : &*found;
}

std::span<const std::byte> ElfFile::contents(const ElfSection& section) const {
  if (section.type == SHT_NOBITS || section.type == SHT_NULL) return {};
  return slice(section.offset, section.size);
}

std::span<const std::byte> ElfFile::loaded_bytes(ElfAddr addr) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || raw(addr) < segment.vaddr) continue;
    const uint64_t distance = raw(addr) - segment.vaddr;
    if (distance >= segment.filesz) continue;
    return slice(segment.offset + distance, segment.filesz - distance);
  }
  return {};
}

void ElfFile::drop(std::span<const std::byte> part) const {
  const auto whole = mapping_.bytes();
  if (whole.empty() || part.empty()) return;
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  mapping_.drop(begin, begin + part.size());
}

size_t ElfFile::symbol_count(const ElfSection& table) const {
  return contents(table).size() / (is_64_ ? kSymbol64 : kSymbol32);
}

ElfSymbol ElfFile::symbol(const ElfSection& table, size_t index) const {
  const size_t size = is_64_ ? kSymbol64 : kSymbol32;
  const auto bytes = contents(table);
  if (index >= bytes.size() / size) return {};
  ByteReader in(bytes.subspan(index * size, size), swap_);
  ElfSymbol symbol;
  symbol.name = in.u32();
  if (!is_64_) {
    symbol.value = in.u32();
    symbol.size = in.u32();
  }
  symbol.info = in.u8();
  symbol.other = in.u8();
  symbol.section = in.u16();
  if (is_64_) {
    symbol.value = in.u64();
    symbol.size = in.u64();
  }
  return symbol;
}

size_t ElfFile::relocation_count(const ElfSection& table) const {
  const size_t words = table.type == SHT_RELA ? 3 : 2;
  return contents(table).size() / (words * (is_64_ ? 8u : 4u));
}

ElfRelocation ElfFile::relocation(const ElfSection& table, size_t index) const {
  if (index >= relocation_count(table)) return {};
  const bool has_addend = table.type == SHT_RELA;
  const size_t size = (has_addend ? 3u : 2u) * (is_64_ ? 8u : 4u);
  ByteReader in(contents(table).subspan(index * size, size), swap_);
  ElfRelocation relocation;
  relocation.offset = word(in, is_64_);
  const uint64_t info = word(in, is_64_);
  relocation.symbol = static_cast<uint32_t>(is_64_ ? info >> 32 : info >> 8);
  relocation.type = static_cast<uint32_t>(is_64_ ? info & 0xffffffff : info & 0xff);
  if (has_addend) relocation.addend = is_64_ ? in.get<int64_t>() : in.i32();
  return relocation;
}

std::string_view ElfFile::strings_of(const ElfSection& table) const {
  if (table.link == 0 || table.link >= sections_.size()) return {};
  const auto bytes = contents(sections_[table.link]);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<FileOffset> ElfFile::file_offset(ElfAddr addr) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || raw(addr) < segment.vaddr) continue;
    const uint64_t distance = raw(addr) - segment.vaddr;
    if (distance < std::max(segment.memsz, segment.filesz)) {
      return FileOffset{segment.offset + distance};
    }
  }
  return std::nullopt;
}

std::optional<ElfAddr> ElfFile::elf_addr(FileOffset offset) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || raw(offset) < segment.offset) continue;
    const uint64_t distance = raw(offset) - segment.offset;
    if (distance < segment.filesz) return ElfAddr{segment.vaddr + distance};
  }
  return std::nullopt;
}

BuildId ElfFile::build_id() const {
  for (const ElfSection& section : sections_) {
    if (section.type != SHT_NOTE) continue;
    if (const BuildId id = build_id_of_notes(contents(section), swap_); !id.empty()) return id;
  }
  for (const ElfSegment& segment : segments_) {  // a file whose section table was stripped
    if (segment.type != PT_NOTE) continue;
    const auto notes = slice(segment.offset, segment.filesz);
    if (const BuildId id = build_id_of_notes(notes, swap_); !id.empty()) return id;
  }
  return {};
}

BuildId build_id_of_notes(std::span<const std::byte> notes, bool swap) {
  // Name and descriptor are padded to 4 bytes, also in 64-bit files: binutils and the kernel align
  // the notes that matter here to 4, against the gABI's words.
  const auto padding = [](uint32_t size) { return (4 - size % 4) % 4; };
  ByteReader in(notes, swap);
  while (in.ok() && in.remaining() >= 12) {
    const uint32_t name_size = in.u32();
    const uint32_t data_size = in.u32();
    const uint32_t type = in.u32();
    const std::string_view name = in.fixed_string(name_size);
    in.skip(std::min<size_t>(padding(name_size), in.remaining()));
    const auto data = in.bytes(data_size);
    if (!in.ok()) break;
    in.skip(std::min<size_t>(padding(data_size), in.remaining()));
    if (type == NT_GNU_BUILD_ID && name == "GNU" && name_size == 4) return BuildId::from(data);
  }
  return {};
}

}  // namespace prof
