#include "record/nearest_names.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace prof {

namespace {

/// How many letters have to be put in, taken out or changed; what is more than `limit` is told as
/// limit + 1 (Levenshtein's distance, row by row).
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
    if (*std::ranges::min_element(row) > limit) return limit + 1;
  }
  return row.back();
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& names, size_t most) {
  constexpr size_t kShortestPart = 3;
  const size_t limit = std::max<size_t>(2, wanted.size() / 4);
  std::vector<std::tuple<size_t, size_t, std::string_view>> found;
  for (const std::string& name : names) {
    if (wanted.size() >= kShortestPart && name.find(wanted) != name.npos) {
      found.emplace_back(0, name.size(), name);
    } else if (const size_t far = distance(wanted, name, limit); far <= limit) {
      found.emplace_back(1, far, name);
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(found.size(), most); ++i) {
    nearest.emplace_back(std::get<2>(found[i]));
  }
  return nearest;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const auto nearest = nearest_names(wanted, names);
  std::string text;
  for (size_t i = 0; i < nearest.size(); ++i) {
    text += i == 0 ? "did you mean " : i + 1 == nearest.size() ? " or " : ", ";
    text += nearest[i];
  }
  return text.empty() ? text : text + "?";
}

}  // namespace prof
