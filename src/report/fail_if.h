// FailIf: a condition on a comparison, 'total(parse) > +3%', that ends prof diff with exit code 1.
// Called by the diff command.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "report/diff.h"

namespace prof {

/// KIND(FUNCTION) OPERATOR NUMBER UNIT: self or total; a name, or /a regular expression/; one of
/// > >= < <=; and a change in percent of what it was before (%), or in points of the share (pp).
struct FailIf {
  enum class Compare : uint8_t { Above, AtLeast, Below, AtMost };
  std::string text;  // as written
  bool of_self = false;
  std::string function;
  bool is_regex = false;
  Compare compare = Compare::Above;
  double limit = 0;
  bool in_points = false;

  bool holds(double change) const;
};

/// What cannot be read is an error that says where, with exit code 2.
Result<FailIf> parse_fail_if(const std::string& text);

struct FailIfAnswer {
  std::vector<std::string> broken;    // a sentence for each function for which the condition holds
  std::vector<std::string> not_sure;  // likewise, but chance alone may have done it
};

/// A function that is in neither side is an error with exit code 2. One that is in one side has 0
/// on the other.
Result<FailIfAnswer> ask(const FailIf& condition, const DiffResult& result);

}  // namespace prof
