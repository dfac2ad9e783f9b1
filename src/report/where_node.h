// Where::Node: a filter as its parser leaves it and its evaluation takes it. Used by both, and by
// nobody else.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "report/posix_regex.h"
#include "report/where.h"

namespace prof {

/// A value, or a range of numbers, to compare with.
struct WhereValue {
  std::string text;                   // as it was typed, without quotes
  std::optional<FieldNumber> number;  // if it is one; times in ns
  std::optional<FieldNumber> last;    // of a range "a..b", both ends included
  bool has_range = false;
  std::optional<double> percent, last_percent;  // of the recording's time, instead
};

struct Where::Node {
  enum class Kind : uint8_t { And, Or, Not, Equal, Less, LessEqual, Match, In } kind = Kind::Equal;
  size_t left = 0, right = 0;  // And, Or; Not has left only
  bool negated = false;        // != !~ and "> is not <="
  WhereField field = WhereField::Comm;
  std::string name;  // of a Trace field
  std::vector<WhereValue> values;
  std::shared_ptr<const PosixRegex> regex;
  // What texts were found to match: names repeat.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  mutable std::unordered_map<std::string, bool, Hash, std::equal_to<>> known;
};

}  // namespace prof
