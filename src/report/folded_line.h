// FoldedLine: one line of folded text, taken apart. Used by import_folded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prof {

/// A count as its whole part and millionths.
struct FoldedCount {
  static constexpr uint32_t kMillion = 1000000;
  uint64_t whole = 0;
  uint32_t millionths = 0;
  uint32_t decimals = 0;  // digits after the point that matter, 0 to 6
};

struct FoldedLine {
  std::string_view stack;
  FoldedCount count;
  /// The stack ends in something that reads as a count as well: of a differential, that of the
  /// earlier side, and this is the stack without it.
  std::optional<FoldedCount> before;
  std::string_view stack_of_two;
  bool has_two() const { return before.has_value(); }
};

/// Digits with an optional fraction, as flamegraph.pl takes them: no sign, no exponent, at most 15
/// digits before the point. Digits behind the sixth decimal are cut off.
std::optional<FoldedCount> parse_folded_count(std::string_view text);

/// The last word of the line is the count, what is before it the stack; nothing if either is
/// missing. `line` has no line end.
std::optional<FoldedLine> parse_folded_line(std::string_view line);

}  // namespace prof
