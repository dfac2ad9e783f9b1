#include "record/event_filter.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "record/nearest_names.h"

namespace prof {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class FilterChecker {
 public:
  FilterChecker(std::string_view text, std::span<const std::string> fields, std::string_view event)
      : text_(text), fields_(fields), event_(event) {}

  Result<void> check() {
    if (auto done = check_terms(0); !done) return done;
    if (at_ != text_.size()) return bad("what is this?");
    return {};
  }

 private:
  /// Terms with && or || between; which of them binds closer does not matter here.
  Result<void> check_terms(unsigned depth) {
    constexpr unsigned kDeepest = 100;
    if (depth > kDeepest) return bad("too many parentheses");
    for (;;) {
      while (skip("!")) {
      }
      const size_t open = (skip_space(), at_);
      if (skip("(")) {
        if (auto done = check_terms(depth + 1); !done) return done;
        if (!skip(")")) return bad_at(open, "this parenthesis is not closed");
      } else if (auto done = check_predicate(); !done) {
        return done;
      }
      if (!skip("&&") && !skip("||")) return {};
    }
  }

  Result<void> check_predicate() {
    skip_space();
    const size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string field(text_.substr(begin, at_ - begin));
    if (field.empty()) return bad_at(begin, "here should be a field");
    if (std::ranges::find(fields_, field) == fields_.end()) return unknown(field, begin);
    if (at_ < text_.size() && text_[at_] == '.') {  // .function, .ustring
      do ++at_;
      while (at_ < text_.size() && is_word(text_[at_]));
    }
    constexpr auto kOperators =
        std::to_array<std::string_view>({"==", "!=", "<=", ">=", "<", ">", "~", "&"});
    // "a && b" is no "&" with a strange value.
    const bool two = (skip_space(), text_.substr(at_).starts_with("&&"));
    if (two || std::ranges::none_of(kOperators, [this](auto each) { return skip(each); })) {
      return bad("here should be ==, !=, <, <=, >, >=, ~ or &");
    }
    return check_value();
  }

  Result<void> check_value() {
    skip_space();
    const size_t begin = at_;
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote == '"' || quote == '\'') {
      const size_t end = text_.find(quote, at_ + 1);
      if (end == text_.npos) return bad_at(begin, "this quote is not closed");
      at_ = end + 1;
      return {};
    }
    while (at_ < text_.size() && std::string_view(" \t\n()!&|<>=").find(text_[at_]) == text_.npos) {
      ++at_;
    }
    if (at_ == begin) return bad("here should be a value");
    return {};
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n").find(text_[at_]) != text_.npos) ++at_;
  }
  bool skip(std::string_view what) {
    skip_space();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }

  Result<void> bad(std::string_view what) {
    skip_space();
    return bad_at(at_, what);
  }
  Result<void> bad_at(size_t at, std::string_view what) const {
    return fail(fmt::format("bad filter for '{}': {}", event_, what), mark_place(text_, at), 2);
  }
  Result<void> unknown(const std::string& field, size_t at) const {
    std::string hint = did_you_mean(field, {fields_.begin(), fields_.end()});
    if (hint.empty()) {
      hint = "it has";
      for (const std::string& each : fields_) {
        if (!each.starts_with("common_")) hint += (hint == "it has" ? " " : ", ") + each;
      }
    }
    return fail(fmt::format("'{}' has no field '{}'", event_, field),
                mark_place(text_, at) + "\n      " + hint, 2);
  }

  std::string_view text_;
  std::span<const std::string> fields_;
  std::string_view event_;
  size_t at_ = 0;
};

}  // namespace

Result<void> check_filter(std::string_view filter, std::span<const std::string> fields,
                          std::string_view event) {
  return FilterChecker(filter, fields, event).check();
}

std::string join_filters(std::string_view one, std::string_view other) {
  if (one.empty() || other.empty()) return std::string(one.empty() ? other : one);
  return fmt::format("({}) && ({})", one, other);
}

std::string mark_place(std::string_view filter, size_t column) {
  std::string line(filter);
  std::ranges::replace(line, '\n', ' ');
  return line + "\n      " + std::string(std::min(column, line.size()), ' ') + "^";
}

}  // namespace prof
