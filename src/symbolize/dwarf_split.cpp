#include "symbolize/dwarf_split.h"

#include <dwarf.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace prof {

namespace {

// What an index may claim, far beyond what linkers make.
constexpr uint32_t kMostColumns = 16;

std::shared_ptr<DwarfSections> open_sections(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  auto file = ElfFile::open(path);
  if (!file) return nullptr;
  auto shared = std::make_shared<const ElfFile>(std::move(*file));
  auto sections = std::make_shared<DwarfSections>(shared, DwarfSections::Variant::Split);
  if (sections->info.empty()) return nullptr;
  sections->load();
  return sections;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::span<const std::byte> part_of(std::span<const std::byte> section, const DwpIndex::Part& part) {
  if (part.offset > section.size() || part.size > section.size() - part.offset) return {};
  return section.subspan(static_cast<size_t>(part.offset), static_cast<size_t>(part.size));
}

/// The column of a DW_SECT_* number; the GNU extension has no range lists.
int column_of(uint32_t section) {
  switch (section) {
    case DW_SECT_INFO:
      return DwpIndex::kInfo;
    case DW_SECT_ABBREV:
      return DwpIndex::kAbbrev;
    case DW_SECT_STR_OFFSETS:
      return DwpIndex::kStrOffsets;
    case DW_SECT_RNGLISTS:
      return DwpIndex::kRnglists;
    default:
      return -1;
  }
}

}  // namespace

DwpIndex::DwpIndex(std::span<const std::byte> section, bool swap) {
  DwarfCursor in(section, swap);
  in.u32();  // version, 2 or 5, in 4 or 2 bytes
  const uint64_t columns = in.u32();
  const uint64_t units = in.u32();
  const uint64_t slots = in.u32();
  if (!in.ok() || columns > kMostColumns) return;
  // Signatures, row numbers from 1, section numbers, offsets, sizes.
  const uint64_t numbers = 16 + slots * 8;
  const uint64_t names = numbers + slots * 4;
  const uint64_t offsets = names + columns * 4;
  const uint64_t sizes = offsets + units * columns * 4;
  if (sizes + units * columns * 4 > section.size()) return;
  std::vector<int> column_at(columns);
  in.seek(names);
  for (int& column : column_at) column = column_of(in.u32());
  for (uint64_t slot = 0; slot < slots; ++slot) {
    in.seek(16 + slot * 8);
    const uint64_t id = in.u64();
    in.seek(numbers + slot * 4);
    const uint64_t number = in.u32();
    if (number == 0 || number > units) continue;
    Row& row = rows_[id];
    for (uint64_t c = 0; c < columns; ++c) {
      if (column_at[c] < 0) continue;
      Part& part = row[static_cast<size_t>(column_at[c])];
      in.seek(offsets + ((number - 1) * columns + c) * 4);
      part.offset = in.u32();
      in.seek(sizes + ((number - 1) * columns + c) * 4);
      part.size = in.u32();
    }
  }
}

const DwpIndex::Row* DwpIndex::find(uint64_t dwo_id) const {
  const auto found = rows_.find(dwo_id);
  return found == rows_.end() ? nullptr : &found->second;
}

SplitUnits::SplitUnits(std::string binary_path, std::string debug_path, std::string symfs)
    : binary_path_(std::move(binary_path)),
      debug_path_(std::move(debug_path)),
      symfs_(std::move(symfs)) {}

void SplitUnits::open_package() {
  for (const std::string& path : {binary_path_ + ".dwp", debug_path_ + ".dwp"}) {
    package_ = open_sections(path);
    if (!package_) continue;
    SectionData index = SectionData::of(package_->file(), ".debug_cu_index", uint64_t{64} << 20);
    index_ = DwpIndex(index.bytes(), package_->swapped());
    return;
  }
}

/// Fills in the unit whose header was read; the bytes of `info` from header.offset on are its own.
bool SplitUnits::read_unit(SplitUnit& split, const Unit& skeleton, const UnitHeader& header,
                           std::span<const std::byte> info, uint64_t abbrev_base) {
  Unit& unit = split.unit;
  DwarfSections& sections = *split.sections;
  unit.header = header;
  unit.bytes = info.subspan(static_cast<size_t>(header.offset), static_cast<size_t>(header.size));
  unit.sections = &sections;
  unit.skeleton = skeleton.sections;
  unit.addr_base = skeleton.addr_base;
  unit.ranges_base = skeleton.ranges_base;
  unit.low_pc = skeleton.low_pc;
  if (abbrev_base > sections.abbrev.size()) return false;
  split.abbrevs =
      std::make_unique<AbbrevTable>(sections.abbrev.subspan(static_cast<size_t>(abbrev_base)),
                                    header.abbrev_offset, sections.swapped(), header.format);
  unit.abbrevs = split.abbrevs.get();
  return unit.read_die() && unit.dwo_id == skeleton.dwo_id;
}

std::optional<SplitUnit> SplitUnits::open_packaged(const Unit& skeleton) {
  std::call_once(package_opened_, [&] { open_package(); });
  if (!package_) return std::nullopt;
  const DwpIndex::Row* row = index_.find(skeleton.dwo_id);
  if (!row) return std::nullopt;
  SplitUnit split;
  split.sections = package_;
  const auto info = part_of(package_->info.bytes(), (*row)[DwpIndex::kInfo]);
  const auto header = read_unit_header(info, 0, info.size(), package_->swapped());
  if (!header || header->format.version == 0) return std::nullopt;
  split.unit.str_offsets = part_of(package_->str_offsets, (*row)[DwpIndex::kStrOffsets]);
  split.unit.rnglists = part_of(package_->rnglists, (*row)[DwpIndex::kRnglists]);
  if (!read_unit(split, skeleton, *header, info, (*row)[DwpIndex::kAbbrev].offset)) {
    return std::nullopt;
  }
  return split;
}

std::optional<SplitUnit> SplitUnits::open_file(const Unit& skeleton, const std::string& path) {
  SplitUnit split;
  split.sections = open_sections(path);
  if (!split.sections) return std::nullopt;
  const auto info = split.sections->info.bytes();
  for (uint64_t offset = 0; offset < info.size();) {
    const auto head = info.subspan(static_cast<size_t>(offset));
    const auto header = read_unit_header(head, offset, info.size(), split.sections->swapped());
    if (!header) break;
    offset += header->size;
    if (header->format.version == 0) continue;
    split.unit = {};
    split.unit.str_offsets = split.sections->str_offsets;
    split.unit.rnglists = split.sections->rnglists;
    if (read_unit(split, skeleton, *header, info, 0)) return split;
  }
  return std::nullopt;
}

std::optional<SplitUnit> SplitUnits::open(const Unit& skeleton) {
  asked_ = true;
  if (auto packaged = open_packaged(skeleton)) return packaged;
  const std::string name = skeleton.string(skeleton.dwo_name);
  if (name.empty()) return std::nullopt;
  const std::string base = name.substr(name.rfind('/') + 1);
  std::string said = name;
  if (!name.starts_with('/')) said = skeleton.string(skeleton.comp_dir) + "/" + name;
  for (const std::string& path :
       {symfs_ + said, folder_of(binary_path_) + "/" + base, folder_of(debug_path_) + "/" + base}) {
    if (auto split = open_file(skeleton, path)) return split;
  }
  return std::nullopt;
}

}  // namespace prof
