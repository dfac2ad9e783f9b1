// An entry: EntryHeader, its rules, the index of pages and the rows as in the table, but that a
// row's rule is a number in the entry's own list.
#include "unwind/table_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace prof {

namespace {

/// To be raised when rules or rows change their meaning, or the builder makes other ones of a file.
constexpr unsigned kForm = 1;

struct EntryHeader {
  uint64_t first_page = 0;
  uint64_t pages = 0;  // the index has one entry more
  uint64_t rows = 0;
  uint64_t rules = 0;
  uint64_t fdes = 0;
  uint64_t unsupported_rows = 0;
  uint64_t broken_fdes = 0;
  uint64_t has_cfi = 0;
};
static_assert(std::has_unique_object_representations_v<EntryHeader>);

template <class T>
void append(std::vector<std::byte>& out, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// `count` values from the front of `bytes`, which are known to be there.
template <class T>
std::vector<T> take(std::span<const std::byte>& bytes, uint64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  if (count > 0) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  bytes = bytes.subspan(values.size() * sizeof(T));
  return values;
}

bool is_rule(const unwind_rule& rule) {
  return rule.cfa_kind <= UNWIND_CFA_SIGNAL && rule.fp_kind <= UNWIND_LOST &&
         rule.ra_kind <= UNWIND_LOST && rule.bx_kind <= UNWIND_LOST;
}

/// Whether an entry of these counts has exactly `size` bytes.
bool has_size(const EntryHeader& header, uint64_t size) {
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  if (header.pages > kMost || header.rows > kMost || header.rules > RuleDictionary::kCapacity) {
    return false;
  }
  return size == sizeof header + header.rules * sizeof(unwind_rule) +
                     (header.pages + 1 + header.rows) * sizeof(uint32_t);
}

/// Gives a page's rows the dictionary's numbers; false if they are not such rows: the first begins
/// where the page does, each other after the one before it.
bool translate(std::span<uint32_t> page, std::span<const uint32_t> ids) {
  if (unwind_row_begin(page.front()) != 0) return false;
  uint32_t last = 0;
  bool good = true;
  for (uint32_t& row : page) {
    const uint32_t begin = unwind_row_begin(row);
    const uint32_t rule = unwind_row_rule(row);
    good = good && (begin > last || &row == page.data()) && rule < ids.size();
    if (!good) return false;
    last = begin;
    row = unwind_row(begin, ids[rule]);
  }
  return true;
}

}  // namespace

std::string unwind_table_key(const ElfFile& file) {
  const BuildId id = file.build_id();
  if (id.empty()) return {};
  const bool debug = file.section(".debug_frame") || file.section(".zdebug_frame");
  return fmt::format("unwind-{}-{}-{}{}", kForm, file.machine(), id.hex(), debug ? "-d" : "");
}

std::vector<std::byte> encode_unwind_table(const UnwindTable& table,
                                           const RuleDictionary& dictionary) {
  constexpr uint32_t kUnseen = UINT32_MAX;
  const auto rules = dictionary.rules();
  std::vector<uint32_t> own(rules.size(), kUnseen);  // the entry's numbers
  std::vector<unwind_rule> used;
  std::vector<uint32_t> rows(table.rows().begin(), table.rows().end());
  for (uint32_t& row : rows) {
    const uint32_t id = unwind_row_rule(row);
    if (own[id] == kUnseen) {
      own[id] = static_cast<uint32_t>(used.size());
      used.push_back(rules[id]);
    }
    row = unwind_row(unwind_row_begin(row), own[id]);
  }
  EntryHeader header;
  header.first_page = table.first_page();
  header.pages = table.page_count();
  header.rows = rows.size();
  header.rules = used.size();
  header.fdes = table.counts().fdes;
  header.unsupported_rows = table.counts().unsupported_rows;
  header.broken_fdes = table.counts().broken_fdes;
  header.has_cfi = table.counts().has_cfi ? 1 : 0;
  std::vector<std::byte> bytes;
  bytes.reserve(sizeof header + used.size() * sizeof(unwind_rule) +
                (table.pages().size() + rows.size()) * sizeof(uint32_t));
  append(bytes, std::span<const EntryHeader>(&header, 1));
  append(bytes, std::span<const unwind_rule>(used));
  append(bytes, table.pages());
  append(bytes, std::span<const uint32_t>(rows));
  return bytes;
}

std::optional<UnwindTable> decode_unwind_table(std::span<const std::byte> bytes,
                                               RuleDictionary& dictionary) {
  const uint64_t size = bytes.size();
  if (size < sizeof(EntryHeader)) return std::nullopt;
  const EntryHeader header = take<EntryHeader>(bytes, 1).front();
  if (!has_size(header, size) || header.pages == 0 || header.has_cfi > 1 ||
      header.first_page > (UINT64_MAX >> UNWIND_PAGE_BITS)) {
    return std::nullopt;
  }
  const auto rules = take<unwind_rule>(bytes, header.rules);
  if (!std::ranges::all_of(rules, is_rule)) return std::nullopt;
  std::vector<uint32_t> pages = take<uint32_t>(bytes, header.pages + 1);
  std::vector<uint32_t> rows = take<uint32_t>(bytes, header.rows);
  if (pages.front() != 0 || pages.back() != rows.size()) return std::nullopt;
  std::vector<uint32_t> ids;
  ids.reserve(rules.size());
  for (const unwind_rule& rule : rules) ids.push_back(dictionary.intern(rule));
  for (size_t i = 0; i + 1 < pages.size(); ++i) {
    // Each page has a row at least, or a search would leave it.
    if (pages[i] >= pages[i + 1] || pages[i + 1] > rows.size()) return std::nullopt;
    const std::span<uint32_t> page(rows.data() + pages[i], pages[i + 1] - pages[i]);
    if (!translate(page, ids)) return std::nullopt;
  }
  UnwindTableCounts counts;
  counts.rows = rows.size();
  counts.fdes = header.fdes;
  counts.unsupported_rows = header.unsupported_rows;
  counts.broken_fdes = header.broken_fdes;
  counts.has_cfi = header.has_cfi != 0;
  return UnwindTable(header.first_page, std::move(pages), std::move(rows), counts);
}

}  // namespace prof
