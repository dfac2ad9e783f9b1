#include "report/folded_line.h"

#include <cstring>

namespace prof {

namespace {

constexpr size_t kMostWholeDigits = 15;
constexpr uint32_t kMostDecimals = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Splits "stack word" at the last blank.
struct LastWord {
  std::string_view before, word;
};

LastWord last_word(std::string_view text) {
  const auto* space = static_cast<const char*>(::memrchr(text.data(), ' ', text.size()));
  size_t begin = space ? static_cast<size_t>(space - text.data()) + 1 : 0;
  const auto* tab =
      static_cast<const char*>(::memrchr(text.data() + begin, '\t', text.size() - begin));
  if (tab) begin = static_cast<size_t>(tab - text.data()) + 1;
  return {without_trailing_space(text.substr(0, begin)), text.substr(begin)};
}

}  // namespace

std::optional<FoldedCount> parse_folded_count(std::string_view text) {
  FoldedCount count;
  size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (at == kMostWholeDigits) return {};
    count.whole = count.whole * 10 + static_cast<uint64_t>(text[at] - '0');
  }
  if (at == 0) return {};
  if (at == text.size()) return count;
  if (text[at++] != '.') return {};
  uint32_t unit = FoldedCount::kMillion;
  for (uint32_t place = 1; at < text.size(); ++at, ++place) {
    if (!is_digit(text[at])) return {};
    if (place > kMostDecimals) continue;
    unit /= 10;
    count.millionths += static_cast<uint32_t>(text[at] - '0') * unit;
    if (text[at] != '0') count.decimals = place;
  }
  return count;
}

std::optional<FoldedLine> parse_folded_line(std::string_view line) {
  const LastWord last = last_word(without_trailing_space(line));
  const auto count = parse_folded_count(last.word);
  if (!count || last.before.empty()) return {};
  const LastWord second = last_word(last.before);
  FoldedLine parsed{last.before, *count, {}, second.before};
  if (!second.before.empty()) parsed.before = parse_folded_count(second.word);
  return parsed;
}

}  // namespace prof
