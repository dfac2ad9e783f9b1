#include "symbolize/short_name.h"

#include <array>
#include <cstddef>

namespace prof {

namespace {

constexpr std::string_view kEllipsis = "…";

bool is_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

/// The length of the operator at the beginning of `text`, whose '<', '>', '(' are no brackets.
size_t operator_length(std::string_view text) {
  constexpr std::array<std::string_view, 12> kBracketed = {"<=>", "<<=", ">>=", "->*", "<<", ">>",
                                                           "<=",  ">=",  "->",  "()",  "<",  ">"};
  for (const std::string_view one : kBracketed) {
    if (text.starts_with(one)) return one.size();
  }
  return 0;
}

class Shortener {
 public:
  explicit Shortener(std::string_view name) : name_(name) {}

  std::string run() {
    while (at_ < name_.size() && step()) {
    }
    out_.append(name_.substr(at_));
    return std::move(out_);
  }

 private:
  /// Takes a part of the name; false if the rest is better left alone.
  bool step() {
    constexpr std::string_view kOperator = "operator";
    constexpr std::string_view kAnonymous = "(anonymous namespace)";
    const std::string_view rest = name_.substr(at_);
    const bool in_word = at_ > 0 && is_identifier(name_[at_ - 1]);
    if (!in_word && rest.starts_with(kOperator)) {
      const size_t symbol = operator_length(rest.substr(kOperator.size()));
      copy(kOperator.size() + symbol);
      // "operator<< <char>": the blank keeps the two apart.
      if (symbol > 0 && name_.substr(at_).starts_with(" <")) copy(1);
      after_operator_ = symbol > 0;
      return true;
    }
    if (rest.starts_with(kAnonymous)) return copy(kAnonymous.size());
    if (rest[0] == '<' && begins_arguments()) return fold('<', '>', kEllipsis);
    if (rest[0] == '!' && rest.substr(1).starts_with('(')) {
      copy(1);
      return fold('(', ')', kEllipsis);
    }
    if (rest[0] == '(') {
      if (!fold('(', ')', {})) return false;
      // Lambdas keep their parentheses, by which one knows them.
      if (!name_.substr(at_).starts_with('#')) out_.resize(out_.size() - 2);
      skip_qualifiers();
      return true;
    }
    return copy(1);
  }

  /// "<T as Trait>::f", in Rust, is not a list of arguments; "f::<T>" is.
  bool begins_arguments() const {
    if (after_operator_) return true;
    if (out_.empty()) return false;
    const char before = out_.back();
    return is_identifier(before) || before == ':' || before == ']' || before == '}' ||
           before == ')';
  }

  /// Replaces what stands between the bracket here and its partner.
  bool fold(char open, char close, std::string_view by) {
    size_t depth = 0;
    size_t parentheses = 0;  // in which '<' and '>' compare
    for (size_t i = at_; i < name_.size(); ++i) {
      const char c = name_[i];
      if (open == '<' && (c == '(' || c == ')')) {
        if (c == ')' && parentheses == 0) return false;
        parentheses += c == '(' ? size_t{1} : static_cast<size_t>(-1);
      }
      if (parentheses > 0) continue;
      if (c == open) ++depth;
      if (c == close && !(c == '>' && name_[i - 1] == '-') && --depth == 0) {
        out_ += open;
        out_ += by;
        out_ += close;
        at_ = i + 1;
        after_operator_ = false;
        return true;
      }
    }
    return false;
  }

  /// " const &" and the like follow the parameters of a function that others are local to.
  void skip_qualifiers() {
    for (bool found = true; found;) {
      found = false;
      for (const std::string_view word : {" const", " volatile", " &&", " &"}) {
        const std::string_view rest = name_.substr(at_);
        if (!rest.starts_with(word)) continue;
        if (rest.size() > word.size() && is_identifier(rest[word.size()])) continue;
        at_ += word.size();
        found = true;
      }
    }
  }

  bool copy(size_t count) {
    out_.append(name_.substr(at_, count));
    at_ += count;
    after_operator_ = false;
    return true;
  }

  std::string_view name_;
  size_t at_ = 0;
  std::string out_;
  bool after_operator_ = false;
};

}  // namespace

std::string short_name(std::string_view name) {
  return Shortener(name).run();
}

}  // namespace prof
