#include "symbolize/dwarf_worker.h"

#include <dwarf.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace prof {

namespace {

constexpr size_t kMostTables = 8;

// Each part of a sound file is read about once; parts shared by units, a few times. The constants
// let small files do as they like.
constexpr uint64_t kReadsOfEach = 16;
constexpr uint64_t kFreeReads = uint64_t{16} << 20;
constexpr uint64_t kDeepestNesting = 256;

uint64_t budget_of(uint64_t size) {
  return size > (UINT64_MAX - kFreeReads) / kReadsOfEach ? UINT64_MAX
                                                         : size * kReadsOfEach + kFreeReads;
}

}  // namespace

DwarfWorker::DwarfWorker(std::span<const uint64_t> addresses, DwarfSections& sections,
                         DwarfSections* alt, SplitUnits& split)
    : addresses_(addresses), sections_(sections), alt_(alt), split_(split) {
  abbrev_budget_.left = budget_of(sections.abbrev.size());
  range_budget_.left = budget_of(sections.ranges.size() + sections.rnglists.size()) +
                       addresses.size() * kDeepestNesting;
  line_budget_.left = budget_of(sections.line.size());
}

const AbbrevTable* DwarfWorker::abbrevs_at(uint64_t offset, const DwarfFormat& format) {
  for (const auto& cached : abbrevs_) {
    if (cached->offset == offset && cached->table.format() == format) return &cached->table;
  }
  auto made = std::make_unique<CachedAbbrevs>(
      CachedAbbrevs{offset, AbbrevTable(sections_.abbrev, offset, sections_.swapped(), format)});
  if (!abbrev_budget_.spend(made->table.size())) return nullptr;
  if (abbrevs_.size() >= kMostTables) abbrevs_.erase(abbrevs_.begin());
  abbrevs_.push_back(std::move(made));
  return &abbrevs_.back()->table;
}

void DwarfWorker::set_up(const IndexedUnit& indexed, std::span<const std::byte> bytes) {
  unit_ = {};
  split_unit_.reset();
  unit_.header = indexed.header;
  unit_.bytes = bytes;
  unit_.sections = unit_.skeleton = &sections_;
  unit_.alt = alt_;
  unit_.str_offsets = sections_.str_offsets;
  unit_.rnglists = sections_.rnglists;
  unit_.abbrevs = abbrevs_at(indexed.header.abbrev_offset, indexed.header.format);
}

void DwarfWorker::find_ranges(IndexedUnit& indexed) {
  if (indexed.examined) return;
  indexed.examined = true;
  std::vector<AddressRange>& ranges = indexed.ranges;
  unit_.add_ranges(unit_.low, unit_.high, unit_.ranges, ranges, range_budget_);
  std::ranges::sort(ranges, {}, [](const AddressRange& r) { return std::pair(r.low, r.high); });
  ranges.shrink_to_fit();
  // Some producers leave it to the functions to say where the code is. A unit of data alone says
  // nothing either.
  const bool says = unit_.ranges || (unit_.low && unit_.high);
  const bool may_have_code = unit_.abbrevs->has_functions() || unit_.dwo_name;
  indexed.unbounded = !says && may_have_code && unit_.tag != DW_TAG_partial_unit;
}

std::vector<uint32_t> DwarfWorker::find_hits(const IndexedUnit& indexed) const {
  std::vector<uint32_t> hits;
  const auto add = [&](uint64_t low, uint64_t high) {
    const auto first = std::ranges::lower_bound(addresses_, low);
    for (auto it = first; it != addresses_.end() && *it < high; ++it) {
      const auto index = static_cast<uint32_t>(it - addresses_.begin());
      if (hits.empty() || hits.back() < index) hits.push_back(index);
    }
  };
  if (indexed.unbounded) add(0, UINT64_MAX);
  uint64_t done = 0;  // ranges may overlap
  for (const AddressRange& range : indexed.ranges) {
    if (range.high <= done) continue;
    add(std::max(range.low, done), range.high);
    done = range.high;
  }
  return hits;
}

void DwarfWorker::find_scopes_of(const Unit& unit, UnitAnswer& answer) {
  answer.scopes = find_scopes(unit, hits_, WalkDepth::Usual, range_budget_);
  const bool all_found = std::ranges::find(answer.scopes.innermost, DwarfScope::kNone) ==
                         answer.scopes.innermost.end();
  if (all_found || !answer.scopes.jumped) return;
  answer.scopes = find_scopes(unit, hits_, WalkDepth::Full, range_budget_);
}

void DwarfWorker::find_lines(UnitAnswer& answer) {
  answer.rows.clear();
  answer.paths.clear();
  if (!unit_.stmt_list) return;
  const auto bytes = sections_.line_table(unit_.stmt_list.number, line_buffer_);
  if (bytes.empty() || !line_budget_.spend(bytes.size())) return;
  auto table = LineTable::parse(bytes, unit_, unit_.string(unit_.comp_dir));
  if (!table) return;
  answer.rows = table->find(hits_);
  std::vector<uint32_t> files;
  for (const LineRow& row : answer.rows) {
    if (row.found && (files.empty() || files.back() != row.file)) files.push_back(row.file);
  }
  for (const DwarfScope& scope : answer.scopes.scopes) {
    if (scope.inlined) files.push_back(scope.call_file);
  }
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  for (const uint32_t file : files) answer.paths.emplace_back(file, table->path(file));
}

void DwarfWorker::find_names(const Unit& unit, UnitAnswer& answer) const {
  answer.names.assign(answer.scopes.scopes.size(), {});
  std::unordered_map<uint64_t, DwarfName> known;
  for (size_t i = 0; i < answer.names.size(); ++i) {
    const uint64_t die = answer.scopes.scopes[i].name_die;
    const auto [entry, is_new] = known.try_emplace(die);
    if (is_new) {
      entry->second = find_name(unit, die);
      for (DwarfValue* value : {&entry->second.value, &entry->second.plain}) {
        if (value->kind != DwarfValue::Kind::StrOffset) continue;
        const auto text = unit.sections->string_in_place(value->number);
        if (text) *value = {DwarfValue::Kind::Text, 0, *text};
      }
    }
    answer.names[i] = entry->second;
  }
}

bool DwarfWorker::examine(IndexedUnit& indexed, std::span<const std::byte> bytes,
                          UnitAnswer& answer) {
  set_up(indexed, bytes);
  if (!unit_.abbrevs || !unit_.read_die()) {
    indexed.examined = true;
    return false;
  }
  find_ranges(indexed);
  answer.unit_offset = indexed.header.offset;
  answer.indices = find_hits(indexed);
  if (answer.indices.empty()) return false;
  hits_.clear();
  for (const uint32_t index : answer.indices) hits_.push_back(addresses_[index]);
  if (unit_.dwo_name) split_unit_ = split_.open(unit_);
  const Unit& code = split_unit_ ? split_unit_->unit : unit_;
  find_scopes_of(code, answer);
  find_lines(answer);
  find_names(code, answer);
  return true;
}

}  // namespace prof
