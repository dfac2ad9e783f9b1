#include "symbolize/symbol_table.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

namespace prof {

namespace {

/// Sorts by start, keeping the order of addition among equals, and returns for each sorted entry
/// the position at which it was added.
std::vector<uint32_t> sort_entries(std::vector<SymbolTable::Entry>& entries) {
  std::vector<uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  if (std::ranges::is_sorted(entries, {}, &SymbolTable::Entry::start)) return order;
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    return std::pair(entries[a].start, a) < std::pair(entries[b].start, b);
  });
  std::vector<SymbolTable::Entry> sorted;
  sorted.reserve(entries.size());
  for (const uint32_t i : order) sorted.push_back(entries[i]);
  entries = std::move(sorted);
  return order;
}

}  // namespace

SymbolTable::SymbolTable(std::vector<Entry> entries, Overlap overlap, std::string_view names,
                         NameStorage storage, std::vector<char> more_names)
    : entries_(std::move(entries)),
      names_(names),
      more_names_(std::move(more_names)),
      storage_(std::move(storage)) {
  std::vector<uint32_t> priority = sort_entries(entries_);
  if (overlap == Overlap::Innermost) std::iota(priority.begin(), priority.end(), 0);
  settle(priority);
}

void SymbolTable::emit(uint64_t start, uint32_t owner) {
  if (!bounds_.empty() && bounds_.back() == start) {
    owners_.back() = owner;
  } else {
    bounds_.push_back(start);
    owners_.push_back(owner);
  }
}

// A sweep from the lowest address up. The heap holds the symbols begun and not yet known to have
// ended, the one that owns the present address on top; ended ones below it are thrown out when
// they surface.
void SymbolTable::settle(std::span<const uint32_t> priority) {
  std::priority_queue<std::pair<uint32_t, uint32_t>> open;  // priority, index
  bounds_.reserve(entries_.size() + 1);
  owners_.reserve(entries_.size() + 1);
  const auto close_until = [&](uint64_t limit) {
    while (!open.empty() && entries_[open.top().second].end <= limit) {
      const uint64_t end = entries_[open.top().second].end;
      while (!open.empty() && entries_[open.top().second].end <= end) open.pop();
      emit(end, open.empty() ? kNotFound : open.top().second);
    }
  };
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.end <= entry.start) continue;
    close_until(entry.start);
    open.push({priority[i], i});
    if (open.top().second == i) emit(entry.start, i);
  }
  close_until(UINT64_MAX);
}

uint32_t SymbolTable::find(uint64_t address) const {
  const auto after = std::ranges::upper_bound(bounds_, address);
  if (after == bounds_.begin()) return kNotFound;
  return owners_[static_cast<size_t>(after - bounds_.begin()) - 1];
}

std::string_view SymbolTable::name(uint32_t index) const {
  size_t offset = entries_[index].name;
  std::string_view text = names_;
  if (offset >= text.size()) {
    offset -= text.size();
    text = {more_names_.data(), more_names_.size()};
    if (offset >= text.size()) return {};
  }
  text.remove_prefix(offset);
  return text.substr(0, text.find('\0'));
}

}  // namespace prof
