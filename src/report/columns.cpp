#include "report/columns.h"

#include <algorithm>

namespace prof {

namespace {

void append(std::vector<SortKey>& keys, SortKey key) {
  if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
}

/// What there is without -F.
std::vector<SortKey> usual_numbers(const ReportOptions& options, bool children) {
  std::vector<SortKey> numbers;
  if (children) numbers.push_back(SortKey::Children);
  numbers.push_back(SortKey::Overhead);
  if (options.show_modes) {
    numbers.push_back(SortKey::KernelOverhead);
    numbers.push_back(SortKey::UserOverhead);
  }
  if (options.show_samples) numbers.push_back(SortKey::Samples);
  if (options.show_period) numbers.push_back(SortKey::Period);
  return numbers;
}

}  // namespace

std::vector<SortKey> Columns::keys() const {
  std::vector<SortKey> out;
  std::ranges::remove_copy_if(shown, std::back_inserter(out), is_number);
  return out;
}

bool Columns::shows(SortKey key) const {
  return std::ranges::find(shown, key) != shown.end();
}

void Columns::hide(SortKey key) {
  if (keys().size() < 2) return;
  std::erase(shown, key);
  std::erase(order, key);
}

Columns choose_columns(const ReportOptions& options, bool children) {
  const bool only = !options.columns.empty() && !options.columns_append;
  Columns out;
  if (!only) out.shown = usual_numbers(options, children);
  for (const SortKey key : options.columns) append(out.shown, key);
  if (!only && children) out.order.push_back(SortKey::Children);
  if (!only) append(out.order, SortKey::Overhead);
  if (!only || options.sort_given) {
    for (const SortKey key : options.sort) append(out.order, key);
  }
  for (const SortKey key : out.order) append(out.shown, key);
  for (const SortKey key : out.shown) append(out.order, key);
  return out;
}

}  // namespace prof
