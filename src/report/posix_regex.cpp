#include "report/posix_regex.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace prof {

namespace {

// glibc writes repetitions out, one within the other ("a++++" doubles with each), and then works
// out what can follow what, in time that grows with the square of it and more.
constexpr double kMostAtoms = 1000;
constexpr unsigned kMostDepth =
    4;  // of repetitions within repetitions: its time is exponential in it
constexpr double kHuge = 1e18;

/// The times that a "{2,5}" at `at` repeats what is before it; moves behind it. What is no such
/// thing is text.
double bound(std::string_view pattern, size_t& at) {
  const size_t end = pattern.find('}', at);
  if (end == pattern.npos) return 1;
  double most = 0;
  size_t from = at + 1;
  while (from < end) {
    unsigned number = 0;
    const auto [rest, bad] = std::from_chars(pattern.data() + from, pattern.data() + end, number);
    most = std::max(most, bad == std::errc::result_out_of_range ? kHuge : double{1} * number);
    from = std::max(static_cast<size_t>(rest - pattern.data()), from) + 1;
  }
  at = end;
  return most + 1;  // "{2,}" goes on with a star
}

/// A "[...]" that begins at `at`: moves to its end. "]" is a member as the first one.
void pass_brackets(std::string_view pattern, size_t& at) {
  size_t from = at + 1;
  if (from < pattern.size() && pattern[from] == '^') ++from;
  if (from < pattern.size() && pattern[from] == ']') ++from;
  const size_t end = pattern.find(']', from);
  if (end != pattern.npos) at = end;
}

}  // namespace

RegexSize written_out_size(std::string_view pattern) {
  // What a group has so far: its size without its last atom, that atom's, and the deepest nesting
  // of repetitions in both.
  struct Level {
    double before = 0, last = 0;
    unsigned depth_before = 0, depth_last = 0;
    double size() const { return std::min(before + last, kHuge); }
    unsigned depth() const { return std::max(depth_before, depth_last); }
    void begin_atom(double size, unsigned depth) {
      before = this->size();
      depth_before = this->depth();
      last = size;
      depth_last = depth;
    }
    void repeat(double size) {
      last = std::min(size, kHuge);
      ++depth_last;
    }
  };
  std::vector<Level> levels(1);
  for (size_t at = 0; at < pattern.size(); ++at) {
    Level& level = levels.back();
    switch (pattern[at]) {
      case '+':
        level.repeat(level.last * 2);
        break;
      case '*':
      case '?':
        level.repeat(level.last + 1);
        break;
      case '{':
        level.repeat(level.last * bound(pattern, at));
        break;
      case '(':
        levels.emplace_back();
        break;
      case ')': {
        if (levels.size() == 1) break;
        const Level group = level;
        levels.pop_back();
        levels.back().begin_atom(group.size() + 1, group.depth());
        break;
      }
      default:
        if (pattern[at] == '[') pass_brackets(pattern, at);
        if (pattern[at] == '\\') ++at;
        level.begin_atom(1, 0);
    }
  }
  RegexSize all;
  for (const Level& level : levels) {
    all.atoms = std::min(all.atoms + level.size(), kHuge);
    all.depth = std::max(all.depth, level.depth());
  }
  return all;
}

PosixRegex::PosixRegex(const std::string& pattern, bool ignore_case) {
  if (const RegexSize size = written_out_size(pattern);
      size.atoms > kMostAtoms || size.depth > kMostDepth) {
    error_ = "its repetitions make it too large";
    return;
  }
  auto regex = std::make_unique<regex_t>();
  const int flags = REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0);
  if (const int code = ::regcomp(regex.get(), pattern.c_str(), flags); code != 0) {
    char text[128];
    ::regerror(code, regex.get(), text, sizeof text);
    error_ = text;
    return;
  }
  regex_.reset(regex.release());
}

bool PosixRegex::matches(const std::string& text) const {
  return ::regexec(regex_.get(), text.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace prof
