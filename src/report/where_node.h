// Where::Node: a filter as its parser leaves it and its evaluation takes it. Used by both, and by
// nobody else.
#pragma once

#include <regex.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "report/where.h"

namespace prof {

/// POSIX's extended regular expressions, which, other than std::regex, do not recurse on the text.
class WhereRegex {
 public:
  explicit WhereRegex(const std::string& pattern, bool ignore_case)
      : code_(::regcomp(&regex_, pattern.c_str(),
                        REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0))) {}
  WhereRegex(const WhereRegex&) = delete;
  WhereRegex& operator=(const WhereRegex&) = delete;
  ~WhereRegex() {
    if (code_ == 0) ::regfree(&regex_);
  }
  /// What is wrong with the pattern; empty if nothing is.
  std::string error() const {
    if (code_ == 0) return {};
    std::string text(128, '\0');
    text.resize(::regerror(code_, &regex_, text.data(), text.size()) - 1);
    return text;
  }
  bool matches(const std::string& text) const {
    return ::regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_{};
  int code_;
};

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
  std::shared_ptr<const WhereRegex> regex;
  // What texts were found to match: names repeat.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  mutable std::unordered_map<std::string, bool, Hash, std::equal_to<>> known;
};

}  // namespace prof
