#include "symbolize/dwarf_sections.h"

#include <algorithm>
#include <array>

#include "symbolize/dwarf_cursor.h"

namespace prof {

namespace {

// Up to these sizes a compressed section is inflated at once, beyond them piece by piece.
constexpr uint64_t kWholeInfo = uint64_t{16} << 20;
constexpr uint64_t kWholeStrings = uint64_t{48} << 20;
constexpr uint64_t kWholeLines = uint64_t{64} << 20;
// Those that are needed whole are at most a few percent of .debug_info.
constexpr uint64_t kWholeSmall = uint64_t{512} << 20;

constexpr size_t kCopyStep = 4096;
constexpr size_t kMostCopies = 256;

SectionData section_of(const ElfFile& file, std::string_view name, DwarfSections::Variant variant,
                       uint64_t whole_up_to) {
  std::string full(name);
  if (variant == DwarfSections::Variant::Split) {
    full += ".dwo";
    whole_up_to = kWholeSmall;  // is of one unit, or uncompressed
  }
  return SectionData::of(file, full, whole_up_to);
}

}  // namespace

DwarfSections::DwarfSections(std::shared_ptr<const ElfFile> file, Variant variant,
                             uint64_t hold_up_to)
    : info(section_of(*file, ".debug_info", variant, hold_up_to ? hold_up_to : kWholeInfo)),
      line(section_of(*file, ".debug_line", variant, hold_up_to ? hold_up_to : kWholeLines)),
      str(section_of(*file, ".debug_str", variant, hold_up_to ? hold_up_to : kWholeStrings)),
      file_(std::move(file)) {
  constexpr std::array kNames = {".debug_abbrev", ".debug_line_str", ".debug_str_offsets",
                                 ".debug_addr",   ".debug_ranges",   ".debug_rnglists"};
  for (size_t i = 0; i < kNames.size(); ++i) {
    small_[i] = section_of(*file_, kNames[i], variant, kWholeSmall);
  }
}

void DwarfSections::load() {
  abbrev = small_[0].bytes();
  line_str = small_[1].bytes();
  str_offsets = small_[2].bytes();
  addr = small_[3].bytes();
  ranges = small_[4].bytes();
  rnglists = small_[5].bytes();
  str_bytes_ = str.bytes();
  if (info.is_whole()) info.bytes();
  if (line.is_whole()) line.bytes();
}

void DwarfSections::release() {
  abbrev = line_str = str_offsets = addr = ranges = rnglists = str_bytes_ = {};
  for (SectionData& section : small_) section.release();
  info.release();
  line.release();
  str.release();
}

std::optional<std::string_view> DwarfSections::string_in_place(uint64_t offset) const {
  if (!str.is_whole()) return std::nullopt;
  return DwarfCursor(str_bytes_, false, offset).c_string();
}

std::string DwarfSections::string_copy(uint64_t offset) {
  if (const auto text = string_in_place(offset)) return std::string(*text);
  const std::lock_guard lock(reading_);
  const auto known = std::ranges::find(copied_, offset, &std::pair<uint64_t, std::string>::first);
  if (known != copied_.end()) return known->second;
  ByteBuffer buffer;
  const uint64_t size = std::min<uint64_t>(kCopyStep, str.size() - std::min(offset, str.size()));
  std::string text(DwarfCursor(str.read(offset, size, buffer), false).c_string());
  if (copied_.size() < kMostCopies) copied_.emplace_back(offset, text);
  return text;
}

std::span<const std::byte> DwarfSections::line_table(uint64_t offset, ByteBuffer& buffer) {
  const bool in_place = line.is_whole();
  const std::unique_lock lock =
      in_place ? std::unique_lock<std::mutex>() : std::unique_lock(reading_);
  constexpr uint64_t kLongLength = 12;  // of 64-bit DWARF: 0xffffffff, then the length
  if (offset >= line.size()) return {};
  const uint64_t left = line.size() - offset;
  const auto head = line.read(offset, std::min(kLongLength, left), buffer);
  DwarfCursor in(head, swapped());
  uint64_t length = in.u32();
  if (length == UINT32_MAX) length = in.u64();
  if (!in.ok() || length > left - in.position()) return {};
  return line.read(offset, in.position() + length, buffer, head.size());
}

}  // namespace prof
