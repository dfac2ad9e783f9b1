// PosixRegex: POSIX's extended regular expressions, which perf's options have and --where has.
// Other than std::regex they do not recurse on the text.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>

namespace prof {

class PosixRegex {
 public:
  explicit PosixRegex(const std::string& pattern, bool ignore_case = false);

  /// What is wrong with the pattern; empty if nothing is.
  const std::string& error() const { return error_; }
  /// Whether a part of the text matches. Only where there is no error.
  bool matches(const std::string& text) const;

 private:
  struct Free {
    void operator()(regex_t* regex) const {
      ::regfree(regex);
      delete regex;
    }
  };
  std::unique_ptr<regex_t, Free> regex_;
  std::string error_;
};

/// How many atoms and options a pattern has once the C library has written its repetitions out:
/// "a++" has four, "(ab){10}" twenty, "a?" two. Not less than there are, and at most about 1e18.
/// And how many repetitions are within each other: two in "a++" and in "(a?b)*".
struct RegexSize {
  double atoms = 0;
  unsigned depth = 0;
};
RegexSize written_out_size(std::string_view pattern);

}  // namespace prof
