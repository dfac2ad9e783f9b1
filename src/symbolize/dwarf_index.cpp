#include "symbolize/dwarf_index.h"

#include <algorithm>

namespace prof {

namespace {

/// The bytes of the header at `offset`, and none beyond the unit, so that a stream need not go back
/// for the next one.
std::span<const std::byte> read_head(DwarfSections& sections, uint64_t offset, ByteBuffer& buffer) {
  constexpr uint64_t kLength = 4, kLongLength = 12;
  const uint64_t left = sections.info.size() - offset;
  if (left < kLength) return {};
  auto head = sections.info.read(offset, kLength, buffer);
  uint64_t length = DwarfCursor(head, sections.swapped()).u32();
  uint64_t before = kLength;
  if (length == UINT32_MAX) {
    if (left < kLongLength) return {};
    head = sections.info.read(offset, kLongLength, buffer, head.size());
    length = DwarfCursor(head, sections.swapped(), kLength).u64();
    before = kLongLength;
  }
  if (head.empty() || length > left - before) return {};
  return sections.info.read(offset, std::min(before + length, kLongestUnitHeader), buffer,
                            head.size());
}

}  // namespace

std::optional<size_t> DwarfIndex::meet_next(DwarfSections& sections, ByteBuffer& buffer,
                                            size_t& kept) {
  const uint64_t size = sections.info.size();
  while (!complete_ && end_ < size) {
    const auto head = read_head(sections, end_, buffer);
    const auto header = read_unit_header(head, end_, size, sections.swapped());
    if (!header) break;
    end_ += header->size;
    if (header->format.version == 0) continue;
    kept = head.size();
    units_.push_back({*header, {}, false, false});
    return units_.size() - 1;
  }
  complete_ = true;
  return std::nullopt;
}

void DwarfIndex::meet_all(DwarfSections& sections) {
  ByteBuffer buffer;
  size_t kept = 0;
  while (meet_next(sections, buffer, kept)) {
  }
}

const IndexedUnit* DwarfIndex::holding(uint64_t offset) const {
  const auto after = std::ranges::upper_bound(units_, offset, {},
                                              [](const IndexedUnit& u) { return u.header.offset; });
  if (after == units_.begin()) return nullptr;
  const IndexedUnit& unit = *(after - 1);
  return offset - unit.header.offset < unit.header.size ? &unit : nullptr;
}

}  // namespace prof
