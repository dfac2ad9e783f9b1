#include "report/fail_if.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "report/posix_regex.h"

namespace prof {

namespace {

constexpr std::string_view kForm =
    "write it as 'total(NAME) > +3%', 'self(/REGEX/) > +0.5pp'; operators are > >= < <=";

/// Reads from the end, since names of functions may have anything in them.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text), end_(text.size()) {}

  Result<FailIf> run() {
    FailIf out;
    out.text = text_;
    skip_spaces();
    if (take("pp")) {
      out.in_points = true;
    } else if (!take("%")) {
      return wrong("a change ends in % or pp");
    }
    skip_spaces();
    if (!take_number(out.limit)) return wrong("here should be a number");
    skip_spaces();
    if (!take_operator(out.compare)) return wrong("here should be one of > >= < <=");
    skip_spaces();
    if (!take(")")) return wrong("here should be the ) behind a function");
    const size_t name_end = end_;
    size_t at = text_.find_first_not_of(" \t");
    const std::string_view begin = std::string_view(text_).substr(std::min(at, text_.size()));
    out.of_self = begin.starts_with("self");
    if (!out.of_self && !begin.starts_with("total")) return wrong_at(at, "self or total is first");
    at = text_.find_first_not_of(" \t", at + (out.of_self ? 4 : 5));
    if (at >= name_end || text_[at] != '(') return wrong_at(at, "here should be ( and a function");
    out.function = text_.substr(at + 1, name_end - at - 1);
    const size_t first = out.function.find_first_not_of(" \t");
    out.function.erase(0, std::min(first, out.function.size()));
    while (!out.function.empty() && is_space(out.function.back())) out.function.pop_back();
    if (out.function.empty()) return wrong_at(at + 1, "here should be a function");
    const std::string& name = out.function;
    out.is_regex = name.size() > 2 && name.front() == '/' && name.back() == '/';
    if (!out.is_regex) return out;
    out.function = name.substr(1, name.size() - 2);
    const PosixRegex regex(out.function);
    if (!regex.error().empty()) return wrong_at(at + 2, regex.error());
    return out;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t'; }
  void skip_spaces() {
    while (end_ > 0 && is_space(text_[end_ - 1])) --end_;
  }
  bool take(std::string_view what) {
    if (!std::string_view(text_).substr(0, end_).ends_with(what)) return false;
    end_ -= what.size();
    return true;
  }
  bool take_number(double& number) {
    size_t begin = end_;
    while (begin > 0 &&
           ((text_[begin - 1] >= '0' && text_[begin - 1] <= '9') || text_[begin - 1] == '.')) {
      --begin;
    }
    const char* const last = text_.data() + end_;
    const auto [rest, error] = std::from_chars(text_.data() + begin, last, number);
    if (error != std::errc{} || rest != last) return false;
    end_ = begin;
    skip_spaces();
    if (take("-")) {
      number = -number;
    } else {
      take("+");
    }
    return true;
  }
  bool take_operator(FailIf::Compare& compare) {
    if (take(">=")) {
      compare = FailIf::Compare::AtLeast;
    } else if (take("<=")) {
      compare = FailIf::Compare::AtMost;
    } else if (take(">")) {
      compare = FailIf::Compare::Above;
    } else if (take("<")) {
      compare = FailIf::Compare::Below;
    } else {
      return false;
    }
    return true;
  }
  tl::unexpected<Error> wrong_at(size_t at, std::string_view what) const {
    return fail(fmt::format("cannot read --fail-if '{}' at character {}: {}", text_,
                            std::min(at, text_.size()) + 1, what),
                std::string(kForm), 2);
  }
  /// Before what was read last.
  tl::unexpected<Error> wrong(std::string_view what) const {
    return wrong_at(end_ == 0 ? 0 : end_ - 1, what);
  }

  const std::string& text_;
  size_t end_;  // behind what is not read yet
};

/// Of what it was before; infinite where that was nothing.
double relative(const DiffValue& value) {
  if (value.before != 0) return 100 * value.change() / value.before;
  if (value.after == 0) return 0;
  return std::numeric_limits<double>::infinity();
}

}  // namespace

bool FailIf::holds(double change) const {
  switch (compare) {
    case Compare::Above:
      return change > limit;
    case Compare::AtLeast:
      return change >= limit;
    case Compare::Below:
      return change < limit;
    case Compare::AtMost:
      return change <= limit;
  }
  return false;
}

Result<FailIf> parse_fail_if(const std::string& text) {
  return Parser(text).run();
}

Result<FailIfAnswer> ask(const FailIf& condition, const DiffResult& result) {
  if (condition.in_points && result.normalize != Normalize::Share) {
    return fail(fmt::format("--fail-if '{}': pp are points of a share", condition.text),
                "it takes --normalize share", 2);
  }
  const PosixRegex regex(condition.is_regex ? condition.function : std::string());
  FailIfAnswer answer;
  bool found = false;
  for (const DiffRow& row : result.rows) {
    const Frame& frame = result.joined.frame(row.function);
    const std::string name(result.joined.strings[frame.name]);
    if (condition.is_regex ? !regex.matches(name) : name != condition.function) continue;
    found = true;
    const DiffValue& value = condition.of_self ? row.self : row.total;
    const double change = condition.in_points ? value.change() : relative(value);
    if (!condition.holds(change)) continue;
    // What would fail without any change is to be sure about the limit, all else about a change.
    const double unit = condition.in_points ? 1 : value.before / 100;
    const double from =
        condition.holds(0) ? value.change() - condition.limit * unit : value.change();
    const bool sure = std::fabs(from) > value.bound;
    std::string text =
        fmt::format("{}: {} of '{}'", condition.text, condition.of_self ? "self" : "total", name);
    if (frame.dso_short.valid()) {
      text += fmt::format(" in {}", result.joined.strings[frame.dso_short]);
    }
    const std::string unit_name = result.unit == "%" ? "%" : " " + result.unit;
    text += fmt::format(" was {:.2f}{}, is {:.2f}{}: {:+.2f} +- {:.2f}", value.before, unit_name,
                        value.after, unit_name, value.change(), value.bound);
    if (std::isfinite(change) && !condition.in_points) text += fmt::format(", {:+.1f}%", change);
    (sure ? answer.broken : answer.not_sure).push_back(std::move(text));
  }
  if (!found) {
    return fail(fmt::format("--fail-if '{}': no function {} in either side", condition.text,
                            condition.is_regex ? "matches" : "'" + condition.function + "'"),
                "names are those of the table of 'prof diff'", 2);
  }
  return answer;
}

}  // namespace prof
