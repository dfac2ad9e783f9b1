#include "perfdata/ordering.h"

#include <algorithm>

namespace prof {

namespace {
constexpr size_t kBlockSize = size_t{1} << 20;
}

void RoundSorter::add(const RecordView& view, uint64_t time, bool stable) {
  Entry entry{time, view};
  if (!stable) entry.view.payload = keep(view.payload);
  if (time < emitted_) ++out_of_order_;
  newest_ = std::max(newest_, time);
  pending_.push_back(entry);
}

void RoundSorter::finish_round() {
  emit_until(previous_newest_);
  previous_newest_ = newest_;
  if (current_.empty() && previous_.empty()) return;
  // Whatever of the older copies is still waiting moves on, so that the blocks can go.
  auto dying = std::move(previous_);
  previous_ = std::move(current_);
  current_.clear();
  const auto dies = [&](std::span<const std::byte> payload) {
    return std::ranges::any_of(dying, [&](const std::vector<std::byte>& block) {
      return payload.data() >= block.data() && payload.data() < block.data() + block.size();
    });
  };
  for (Entry& entry : pending_) {
    if (dies(entry.view.payload)) entry.view.payload = keep(entry.view.payload);
  }
}

void RoundSorter::finish() {
  emit_until(UINT64_MAX);
  current_.clear();
  previous_.clear();
}

void RoundSorter::emit_until(uint64_t limit) {
  const auto by_time = [](const Entry& a, const Entry& b) { return a.time < b.time; };
  const auto middle = pending_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  std::stable_sort(middle, pending_.end(), by_time);
  std::inplace_merge(pending_.begin(), middle, pending_.end(), by_time);
  auto end = pending_.begin();
  for (; end != pending_.end() && end->time <= limit; ++end) {
    sink_(end->view, end->time);
    emitted_ = std::max(emitted_, end->time);
  }
  pending_.erase(pending_.begin(), end);
  sorted_ = pending_.size();
}

std::span<const std::byte> RoundSorter::keep(std::span<const std::byte> payload) {
  if (current_.empty() || current_.back().capacity() - current_.back().size() < payload.size()) {
    current_.emplace_back().reserve(std::max(kBlockSize, payload.size()));
  }
  auto& block = current_.back();
  const size_t begin = block.size();
  block.insert(block.end(), payload.begin(), payload.end());
  return std::span<const std::byte>(block).subspan(begin);
}

}  // namespace prof
