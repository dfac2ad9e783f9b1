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
    return open_.empty() && is_whole();
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

  // The grammar, from here on: the library's way out of what it does not expect leads through freed
  // memory, so nothing else is given to it.

  bool is_mark(char mark, size_t distance = 0) const {
    const size_t index = at_ + distance;
    return index < tokens_.size() && tokens_[index].kind == Kind::Mark &&
           tokens_[index].text.front() == mark;
  }
  bool is_kind(Kind kind, size_t distance = 0) const {
    const size_t index = at_ + distance;
    return index < tokens_.size() && tokens_[index].kind == kind;
  }
  bool take(char mark) {
    if (!is_mark(mark)) return false;
    ++at_;
    return true;
  }
  bool take(Kind kind) {
    if (!is_kind(kind)) return false;
    ++at_;
    return true;
  }

  /// "format", argument, argument…
  bool is_whole() {
    at_ = 0;
    while (take(Kind::String)) {
    }
    while (take(',')) {
      if (!take_expression(0)) return false;
    }
    return at_ == tokens_.size();
  }

  bool take_expression(size_t depth) {
    if (depth > kMaxDepth || !take_operand(depth)) return false;
    while (take_operator()) {
      if (!take_operand(depth)) return false;
    }
    if (!take('?')) return true;
    return take_expression(depth + 1) && take(':') && take_expression(depth + 1);
  }

  bool take_operator() {
    static constexpr std::array<std::string_view, 8> kDouble = {"<<", ">>", "&&", "||",
                                                                "==", "!=", "<=", ">="};
    if (!is_kind(Kind::Mark)) return false;
    if (is_kind(Kind::Mark, 1)) {
      const std::string both = std::string(ahead(0)) + std::string(ahead(1));
      if (std::ranges::find(kDouble, both) != kDouble.end()) {
        at_ += 2;
        return true;
      }
    }
    if (!is_any_of(ahead(0).front(), "+-*/%&|^<>")) return false;
    ++at_;
    return true;
  }

  bool take_operand(size_t depth) {
    while (is_mark('!') || is_mark('~') || is_mark('-')) ++at_;
    if (take(Kind::Number) || take(Kind::String)) return true;
    if (is_mark('(')) {
      if (take_cast()) return depth < kMaxDepth && take_operand(depth + 1);
      ++at_;
      return take_expression(depth + 1) && take(')');
    }
    if (!is_kind(Kind::Word)) return false;
    if (ahead(0) == "REC") return take_field();
    if (is_mark('(', 1)) return take_call(depth);
    return !is_type(ahead(0)) && take(Kind::Word);  // a constant whose value the text does not say
  }

  /// "REC->name" or "REC->name[3]".
  bool take_field() {
    if (ahead(0) != "REC" || !is_mark('-', 1) || !is_mark('>', 2) || !format_.field(ahead(3))) {
      return false;
    }
    at_ += 4;
    if (is_mark('[')) at_ += 3;  // which is_index has seen
    return true;
  }

  static bool is_type(std::string_view word) {
    static constexpr std::array<std::string_view, 20> kTypes = {
        "unsigned", "signed", "int", "long", "short", "char", "void", "uint",  "u8",    "u16",
        "u32",      "u64",    "s8",  "s16",  "s32",   "s64",  "bool", "const", "__u64", "__u32"};
    return std::ranges::find(kTypes, word) != kTypes.end() || word.ends_with("_t");
  }

  /// "(unsigned long)", "(struct page *)"; nothing is taken if it is none.
  bool take_cast() {
    size_t next = 1;
    if ((ahead(next) == "struct" || ahead(next) == "enum") && is_kind(Kind::Word, next + 1)) {
      next += 2;
    } else {
      while (is_kind(Kind::Word, next) && is_type(ahead(next))) ++next;
    }
    if (next == 1) return false;
    while (is_mark('*', next)) ++next;
    if (!is_mark(')', next)) return false;
    at_ += next + 1;
    return true;
  }

  /// A macro of the kernel's include/trace/stages/stage3_trace_output.h.
  bool take_call(size_t depth) {
    static constexpr std::array<std::string_view, 7> kOfField = {"__get_str",
                                                                 "__get_dynamic_array",
                                                                 "__get_dynamic_array_len",
                                                                 "__get_bitmask",
                                                                 "__get_rel_dynamic_array",
                                                                 "__get_rel_str",
                                                                 "__get_rel_dynamic_array_len"};
    const std::string_view name = ahead(0);
    at_ += 2;
    if (std::ranges::find(kOfField, name) != kOfField.end()) {
      const EventField* field = format_.field(ahead(0));
      return field && field->is_dynamic && take(Kind::Word) && take(')');
    }
    if (name == "sizeof") {
      while (is_kind(Kind::Word) && is_type(ahead(0))) ++at_;
      return ahead(0) == ")" && take(')');
    }
    if (name == "__print_flags") {
      return take_expression(depth + 1) && take(',') && take(Kind::String) && take(',') &&
             take_names(depth);
    }
    if (name == "__print_symbolic")
      return take_expression(depth + 1) && take(',') && take_names(depth);
    if (name == "__builtin_expect") {
      return take_expression(depth + 1) && take(',') && take_expression(depth + 1) && take(')');
    }
    const bool array = name == "__print_array";
    if (!array && name != "__print_hex" && name != "__print_hex_str") return false;
    const bool of_array = ahead(0) == "__get_dynamic_array" && is_mark('(', 1) && take_call(depth);
    if (!of_array && !take_field()) return false;
    if (!take(',') || !take_expression(depth + 1)) return false;
    if (array && (!take(',') || !take_expression(depth + 1))) return false;
    return take(')');
  }

  /// Strings, or what ends a table in some headers: ((void *)0).
  bool take_name() {
    if (take(Kind::String)) {
      while (take(Kind::String)) {
      }
      return true;
    }
    return take('(') && take_cast() && ahead(0) == "0" && take(Kind::Number) && take(')');
  }

  /// "{ 1, "one" }, { 2, "two" })".
  bool take_names(size_t depth) {
    do {
      if (!take('{') || !take_expression(depth + 1) || !take(',') || !take_name() || !take('}')) {
        return false;
      }
    } while (take(','));
    return take(')');
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
