#include "report/print_format.h"

#include <algorithm>
#include <array>
#include <string>

namespace prof {

namespace {

// The longest of Linux 6.18 has 5,000 characters; recursion is as deep as an argument has tokens.
constexpr size_t kMaxText = 32768;
constexpr size_t kMaxTokens = 1024;  // of an argument
constexpr size_t kMaxDepth = 48;
constexpr size_t kMaxWidthDigits = 4;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_any_of(char c, std::string_view set) {
  return set.find(c) != set.npos;
}

/// The text of a string, without its quotes, as a format: every conversion is one that takes a
/// number or a string, and is no wider than a line.
bool is_safe_format(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    ++i;
    const auto at = [&] { return i < text.size() ? text[i] : '\0'; };
    const auto skip_digits = [&] {
      const size_t begin = i;
      while (is_digit(at())) ++i;
      return i - begin <= kMaxWidthDigits;
    };
    while (is_any_of(at(), "-+ #") && i < text.size()) ++i;
    if (!skip_digits()) return false;
    bool counted = false;
    if (at() == '.') {
      ++i;
      counted = at() == '*';
      if (counted) ++i;
      if (!skip_digits()) return false;
    }
    while (is_any_of(at(), "hlLqzt") && i < text.size()) ++i;
    if (i >= text.size()) return false;
    if (!is_any_of(at(), counted ? "s" : "diuxXoscp%")) return false;
  }
  return true;
}

/// Splits the text behind "print fmt:" into tokens and checks each where it stands.
class Checker {
 public:
  explicit Checker(const EventFormat& format) : format_(format), text_(format.print) {}

  bool run(std::vector<const EventField*>& lengths) {
    if (text_.size() > kMaxText || !split()) return false;
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      if (!check_token(lengths)) return false;
    }
    return open_.empty();
  }

 private:
  enum class Kind : uint8_t { Word, Number, String, Mark };
  struct Token {
    Kind kind;
    std::string_view text;  // of a string: without its quotes
  };

  bool split() {
    for (size_t i = 0; i < text_.size();) {
      const char c = text_[i];
      size_t end = i + 1;
      if (c == ' ' || c == '\t' || c == '\n') {
        i = end;
        continue;
      }
      if (c == '"' || c == '\'') {
        while (end < text_.size() && text_[end] != c) end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size()) return false;
        const std::string_view inside = text_.substr(i + 1, end - i - 1);
        if (std::ranges::any_of(inside, [](char each) {
              return each >= 0 && each < ' ' && each != '\t' && each != '\n';
            })) {
          return false;
        }
        tokens_.push_back({Kind::String, inside});
        ++end;
      } else if (is_word(c)) {
        while (end < text_.size() && is_word(text_[end])) ++end;
        tokens_.push_back({is_digit(c) ? Kind::Number : Kind::Word, text_.substr(i, end - i)});
      } else if (is_any_of(c, "()[]{},.+-*/%&|^~!<>=?:;")) {
        tokens_.push_back({Kind::Mark, text_.substr(i, 1)});
      } else {
        return false;
      }
      i = end;
    }
    return !tokens_.empty() && tokens_.front().kind == Kind::String;
  }

  std::string_view ahead(size_t distance) const {
    const size_t index = at_ + distance;
    return index < tokens_.size() ? tokens_[index].text : std::string_view{};
  }
  bool number_ahead(size_t distance, uint64_t& value) const {
    const size_t index = at_ + distance;
    if (index >= tokens_.size() || tokens_[index].kind != Kind::Number) return false;
    std::string digits(tokens_[index].text);
    while (is_any_of(digits.back(), "uUlL") && digits.size() > 1) digits.pop_back();
    if (digits.size() > 9 || !std::ranges::all_of(digits, is_digit)) return false;
    if (digits.size() > 1 && digits.front() == '0') return false;
    value = std::stoull(digits);
    return true;
  }

  bool check_token(std::vector<const EventField*>& lengths) {
    const Token& token = tokens_[at_];
    if (++in_argument_ > kMaxTokens) return false;
    if (token.kind == Kind::String) return !in_format_ || is_safe_format(token.text);
    if (token.kind == Kind::Word) return check_word(token.text, lengths);
    if (token.kind == Kind::Number) return true;
    const char mark = token.text.front();
    switch (mark) {
      case ',':
        in_format_ = false;
        in_argument_ = 0;
        return true;
      case '(':
      case '{':
      case '[':
        open_ += mark;
        return open_.size() <= kMaxDepth && (mark != '[' || is_index());
      case ')':
      case '}':
      case ']': {
        constexpr std::string_view kOpen = "({[";
        constexpr std::string_view kClose = ")}]";
        if (open_.empty() || open_.back() != kOpen[kClose.find(mark)]) return false;
        open_.pop_back();
        return true;
      }
      case '/':
      case '%':
        return is_divisor();
      default:
        return true;
    }
  }

  /// "[3]": an array's element within the sample, or as far behind it as there is room.
  bool is_index() const {
    uint64_t index = 0;
    return number_ahead(1, index) && index <= kMaxPrintIndex && ahead(2) == "]";
  }

  /// After "/" a number that is not 0, alone.
  bool is_divisor() const {
    uint64_t value = 0;
    size_t next = 0;
    if (ahead(1) == "sizeof" && ahead(2) == "(") {
      constexpr std::array<std::string_view, 11> kSized = {
          "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "char", "int", "long"};
      const size_t type = ahead(3) == "unsigned" ? 4 : 3;
      if (std::ranges::find(kSized, ahead(type)) == kSized.end()) return false;
      if (ahead(type + 1) != ")") return false;
      next = type + 2;
    } else if (number_ahead(1, value) && value != 0) {
      next = 2;
    } else if (ahead(1) == "(" && number_ahead(2, value) && value != 0 && ahead(3) == ")") {
      next = 4;
    }
    if (next == 0) return false;
    const std::string_view after = ahead(next);
    return after.empty() || is_any_of(after.front(), ",):?}");
  }

  bool check_word(std::string_view word, std::vector<const EventField*>& lengths) {
    if (word != "__print_hex" && word != "__print_hex_str" && word != "__print_array") return true;
    if (ahead(1) != "(") return false;
    size_t depth = 0;
    for (size_t i = 2; at_ + i < tokens_.size(); ++i) {
      const std::string_view text = ahead(i);
      if (tokens_[at_ + i].kind != Kind::Mark) continue;
      if (text == "(") ++depth;
      if (text == ")" && depth-- == 0) return false;
      if (text == "," && depth == 0) return is_length(i + 1, lengths);
    }
    return false;
  }

  /// How many bytes or elements to print: what fits into a sample, or what is to be checked there.
  bool is_length(size_t i, std::vector<const EventField*>& lengths) {
    uint64_t value = 0;
    size_t next = 0;
    if (number_ahead(i, value)) {
      if (value > kMaxRawSize / 8) return false;
      next = i + 1;
    } else if (ahead(i) == "__get_dynamic_array_len" && ahead(i + 1) == "(" &&
               ahead(i + 3) == ")") {
      next = i + 4;
    } else if (ahead(i) == "REC" && ahead(i + 1) == "-" && ahead(i + 2) == ">") {
      const EventField* field = format_.field(ahead(i + 3));
      if (!field || !field->is_number()) return false;
      lengths.push_back(field);
      next = i + 4;
    }
    if (next == 0) return false;
    const std::string_view after = ahead(next);
    return after == "," || after == ")" || after == "/";  // which is_divisor looks at
  }

  const EventFormat& format_;
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::string open_;  // brackets
  size_t in_argument_ = 0;
  bool in_format_ = true;
};

}  // namespace

PrintFormatCheck check_print_format(const EventFormat& format) {
  PrintFormatCheck out;
  out.safe = Checker(format).run(out.lengths);
  return out;
}

}  // namespace prof
