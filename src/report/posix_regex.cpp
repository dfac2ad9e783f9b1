#include "report/posix_regex.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace prof {

namespace {

// glibc writes repetitions out, one within the other ("a++++" doubles with each), and then builds
// automata of them: some ten kilobytes an atom in the worst case.
constexpr double kMostAtoms = 10'000;
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

double written_out_size(std::string_view pattern) {
  std::vector<double> outer;  // sizes of what is before the open groups
  double before = 0;          // of the group at hand, without its last atom
  double last = 0;
  for (size_t at = 0; at < pattern.size(); ++at) {
    switch (pattern[at]) {
      case '+':
        last = std::min(last * 2, kHuge);
        break;
      case '*':
      case '?':
        break;
      case '{':
        last = std::min(last * bound(pattern, at), kHuge);
        break;
      case '(':
        outer.push_back(std::min(before + last, kHuge));
        before = last = 0;
        break;
      case ')':
        last = before + last + 1;  // the group itself; also where there is none
        before = 0;
        if (!outer.empty()) {
          before = outer.back();
          outer.pop_back();
        }
        break;
      default:
        if (pattern[at] == '[') pass_brackets(pattern, at);
        if (pattern[at] == '\\') ++at;
        before = std::min(before + last, kHuge);
        last = 1;
    }
  }
  double all = before + last;
  for (const double group : outer) all += group;
  return std::min(all, kHuge);
}

PosixRegex::PosixRegex(const std::string& pattern, bool ignore_case) {
  if (written_out_size(pattern) > kMostAtoms) {
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
