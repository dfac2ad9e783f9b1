// The parser of `--where`: recursive descent over the text, one function for each rule.
//
//   or         = and { ("||" | "or") and }
//   and        = unary { ("&&" | "and") unary }
//   unary      = ("!" | "not") unary | "(" or ")" | comparison
//   comparison = field op value | field ("=~" | "!~") regex | field ["not"] "in" set
//   set        = range | "{" range { "," range } "}"
//   range      = value [".." value] | value ".." | ".." value
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "report/where.h"
#include "report/where_node.h"

namespace prof {

namespace {

constexpr size_t kMostNesting = 64;
constexpr size_t kMostNodes = 4096;
constexpr size_t kMostText = size_t{64} << 10;

constexpr std::array<std::pair<std::string_view, WhereField>, 19> kFields = {{
    {"comm", WhereField::Comm},
    {"pid", WhereField::Pid},
    {"tid", WhereField::Tid},
    {"cpu", WhereField::Cpu},
    {"event", WhereField::Event},
    {"time", WhereField::Time},
    {"clock", WhereField::Clock},
    {"period", WhereField::Period},
    {"weight", WhereField::Weight},
    {"addr", WhereField::Address},
    {"phys_addr", WhereField::PhysicalAddress},
    {"ip", WhereField::Ip},
    {"mode", WhereField::Mode},
    {"cgroup", WhereField::Cgroup},
    {"sym", WhereField::Symbol},
    {"dso", WhereField::Dso},
    {"stack.sym", WhereField::StackSymbol},
    {"stack.dso", WhereField::StackDso},
    {"stack.depth", WhereField::StackDepth},
}};

bool is_text(WhereField field) {
  switch (field) {
    case WhereField::Comm:
    case WhereField::Event:
    case WhereField::Mode:
    case WhereField::Cgroup:
    case WhereField::Symbol:
    case WhereField::Dso:
    case WhereField::StackSymbol:
    case WhereField::StackDso:
      return true;
    default:
      return false;
  }
}

bool is_time(WhereField field) {
  return field == WhereField::Time || field == WhereField::Clock;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// What a word without quotes may be made of: names of commands, files, functions.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_.:/-+@[]*#%$").find(c) != std::string_view::npos;
}

constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};

/// The part of "12.5s" from the dot on; 0 without one.
double read_fraction(std::string_view number) {
  const size_t dot = number.find('.');
  if (dot == number.npos) return 0;
  double fraction = 0;
  const std::string text = "0" + std::string(number.substr(dot));
  std::from_chars(text.data(), text.data() + text.size(), fraction, std::chars_format::fixed);
  return fraction;
}

/// What the C library makes of a pattern grows with the product of its counts, "(a{99}){99}", and
/// with its nesting, so both have a bound.
bool is_modest(std::string_view pattern) {
  constexpr size_t kMostPattern = 4096;
  constexpr uint64_t kMostCopies = 4096;
  if (pattern.size() > kMostPattern) return false;
  uint64_t copies = 1;
  for (size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1)) {
    uint64_t most = 1;
    const size_t end = std::min(pattern.find('}', at), pattern.size());
    for (size_t i = at + 1; i < end;) {
      uint64_t count = 0;
      const char* const from = pattern.data() + i;
      const auto [rest, error] = std::from_chars(from, pattern.data() + end, count);
      if (error == std::errc::result_out_of_range) return false;
      most = std::max(most, count);
      i += std::max<size_t>(static_cast<size_t>(rest - from), 1);
    }
    if (most > kMostCopies || (copies *= most) > kMostCopies) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Where::Node>& nodes) : text_(text), nodes_(nodes) {}

  Result<void> parse() {
    if (text_.size() > kMostText) return wrong("the filter is too long");
    auto whole = parse_or();
    if (!whole) return tl::unexpected(std::move(whole.error()));
    skip_blanks();
    if (at_ < text_.size()) return wrong("expected '&&', '||' or the end");
    return {};
  }

 private:
  using Node = Where::Node;
  using Kind = Node::Kind;

  tl::unexpected<Error> wrong(const std::string& what) const {
    const std::string shown =
        text_.size() > 200 ? std::string(text_.substr(0, 200)) + "…" : std::string(text_);
    return fail(fmt::format("'{}': {} at column {}", shown, what, at_ + 1), "see 'man prof-where'",
                2);
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  /// A word that stands alone.
  bool take_word(std::string_view word) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && is_word(rest[word.size()]))) {
      return false;
    }
    at_ += word.size();
    return true;
  }
  Result<size_t> add(Node node) {
    if (nodes_.size() >= kMostNodes) return wrong("too many conditions");
    nodes_.push_back(std::move(node));
    return nodes_.size() - 1;
  }
  Result<size_t> add_and(size_t left, size_t right) {
    Node node;
    node.kind = Kind::And;
    node.left = left;
    node.right = right;
    return add(std::move(node));
  }

  Result<size_t> parse_or();
  Result<size_t> parse_and();
  Result<size_t> parse_unary();
  Result<size_t> parse_comparison();
  Result<void> parse_operator(Node& node);
  Result<void> parse_regex(Node& node);
  Result<void> parse_set(Node& node);
  Result<WhereValue> parse_range(const Node& node);
  Result<WhereValue> parse_value(const Node& node);
  Result<std::string> parse_quoted(char quote);
  std::string_view parse_bare();
  Result<void> read_number(const Node& node, WhereValue& value) const;

  std::string_view text_;
  std::vector<Node>& nodes_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

Result<size_t> Parser::parse_or() {
  auto left = parse_and();
  while (left && (take("||") || take_word("or"))) {
    auto right = parse_and();
    if (!right) return right;
    Node node;
    node.kind = Kind::Or;
    node.left = *left;
    node.right = *right;
    left = add(std::move(node));
  }
  return left;
}

Result<size_t> Parser::parse_and() {
  auto left = parse_unary();
  while (left && (take("&&") || take_word("and"))) {
    auto right = parse_unary();
    if (!right) return right;
    left = add_and(*left, *right);
  }
  return left;
}

Result<size_t> Parser::parse_unary() {
  skip_blanks();
  const bool negates = (text_.substr(at_).starts_with('!') && take("!")) || take_word("not");
  if (!negates && !take("(")) return parse_comparison();
  if (depth_ >= kMostNesting) return wrong("nested too deeply");
  ++depth_;
  auto inner = negates ? parse_unary() : parse_or();
  --depth_;
  if (!inner) return inner;
  if (negates) {
    Node node;
    node.kind = Kind::Not;
    node.left = *inner;
    return add(std::move(node));
  }
  if (!take(")")) return wrong("expected ')'");
  return inner;
}

Result<size_t> Parser::parse_comparison() {
  skip_blanks();
  const size_t begin = at_;
  while (at_ < text_.size() &&
         ((text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z') ||
          (text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '_' || text_[at_] == '.')) {
    ++at_;
  }
  std::string_view name = text_.substr(begin, at_ - begin);
  if (name.empty()) return wrong("expected a field (comm, pid, sym, dso, time…)");
  Node node;
  const auto known =
      std::ranges::find(kFields, name, [](const auto& entry) { return entry.first; });
  if (known != kFields.end()) {
    node.field = known->second;
  } else {
    // Any other word is a tracepoint's field; so is one with this before it that has a meaning.
    constexpr std::string_view kPrefix = "field.";
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    if (name.empty() || name.find('.') != name.npos) {
      at_ = begin;
      return wrong(fmt::format("no field '{}'", text_.substr(begin, name.size())));
    }
    node.field = WhereField::Trace;
    node.name = name;
  }
  if (auto done = parse_operator(node); !done) return tl::unexpected(std::move(done.error()));
  return add(std::move(node));
}

Result<void> Parser::parse_operator(Node& node) {
  if (take("=~")) return parse_regex(node);
  if (take("!~")) {
    node.negated = true;
    return parse_regex(node);
  }
  struct Operator {
    std::string_view token;
    Kind kind;
    bool negated;
  };
  // The longer ones first.
  constexpr std::array<Operator, 6> kOperators = {{{"==", Kind::Equal, false},
                                                   {"!=", Kind::Equal, true},
                                                   {"<=", Kind::LessEqual, false},
                                                   {">=", Kind::Less, true},
                                                   {"<", Kind::Less, false},
                                                   {">", Kind::LessEqual, true}}};
  for (const Operator& op : kOperators) {
    if (!take(op.token)) continue;
    node.kind = op.kind;
    node.negated = op.negated;
    if (op.kind != Kind::Equal && is_text(node.field)) {
      return wrong("a text is compared by ==, !=, =~, !~ or in");
    }
    auto value = parse_value(node);
    if (!value) return tl::unexpected(std::move(value.error()));
    node.values.push_back(std::move(*value));
    return {};
  }
  if (take_word("not")) node.negated = true;
  if (take_word("in")) return parse_set(node);
  return wrong("expected ==, !=, <, <=, >, >=, =~, !~ or in");
}

Result<void> Parser::parse_regex(Node& node) {
  node.kind = Kind::Match;
  if (!is_text(node.field) && node.field != WhereField::Trace) {
    return wrong("a number is compared by ==, !=, <, <=, >, >= or in");
  }
  skip_blanks();
  const size_t begin = at_;
  if (at_ >= text_.size()) return wrong("expected a regular expression, as /^std::/");
  const char quote = text_[at_];
  if (quote != '/' && quote != '"' && quote != '\'') {
    return wrong("expected a regular expression, as /^std::/");
  }
  auto pattern = parse_quoted(quote);
  if (!pattern) return tl::unexpected(std::move(pattern.error()));
  const bool ignore_case = quote == '/' && at_ < text_.size() && text_[at_] == 'i';
  if (ignore_case) ++at_;
  if (!is_modest(*pattern)) {
    at_ = begin;
    return wrong("the regular expression is too long, or repeats too much");
  }
  auto regex = std::make_shared<PosixRegex>(*pattern, ignore_case);
  if (const std::string error = regex->error(); !error.empty()) {
    at_ = begin;
    return wrong("the regular expression is none: " + error);
  }
  node.regex = std::move(regex);
  return {};
}

Result<void> Parser::parse_set(Node& node) {
  node.kind = Kind::In;
  const bool several = take("{");
  do {
    auto value = parse_range(node);
    if (!value) return tl::unexpected(std::move(value.error()));
    node.values.push_back(std::move(*value));
    if (node.values.size() > kMostNodes) return wrong("too many values");
  } while (several && take(","));
  if (several && !take("}")) return wrong("expected ',' or '}'");
  return {};
}

Result<WhereValue> Parser::parse_range(const Node& node) {
  WhereValue range;
  if (!take("..")) {
    auto first = parse_value(node);
    if (!first) return first;
    if (!take("..")) return first;
    range = std::move(*first);
  }
  range.has_range = true;
  if (is_text(node.field)) return wrong("texts have no ranges");
  skip_blanks();
  const bool open = at_ >= text_.size() || !is_word(text_[at_]);
  if (open) return range;
  auto last = parse_value(node);
  if (!last) return last;
  range.last = last->number;
  range.last_percent = last->percent;
  return range;
}

Result<std::string> Parser::parse_quoted(char quote) {
  std::string out;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == quote) {
      ++at_;
      return out;
    }
    if (c == '\0') break;
    // In a regular expression the backslash is its own, but for the quote.
    if (c == '\\' && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == quote || (quote != '/' && text_[at_ + 1] == '\\'))) {
      ++at_;
    }
    out += text_[at_];
  }
  return wrong(fmt::format("expected a closing {}", quote));
}

/// Up to a range's two dots, or what can be in no word.
std::string_view Parser::parse_bare() {
  const size_t begin = at_;
  while (at_ < text_.size() && is_word(text_[at_]) && !text_.substr(at_).starts_with("..")) ++at_;
  return text_.substr(begin, at_ - begin);
}

Result<WhereValue> Parser::parse_value(const Node& node) {
  skip_blanks();
  const size_t begin = at_;
  WhereValue value;
  const char first = at_ < text_.size() ? text_[at_] : '\0';
  const bool quoted = first == '"' || first == '\'';
  if (quoted) {
    auto text = parse_quoted(first);
    if (!text) return tl::unexpected(std::move(text.error()));
    value.text = std::move(*text);
  } else {
    value.text = parse_bare();
    if (value.text.empty()) return wrong("expected a value");
  }
  if (!is_text(node.field) && !quoted) {
    auto read = read_number(node, value);
    if (!read) {
      at_ = begin;
      return wrong(read.error().message);
    }
  }
  const bool is_number = value.number || value.percent;
  if (!is_text(node.field) && node.field != WhereField::Trace && !is_number) {
    at_ = begin;
    return wrong(fmt::format("'{}' is no number", value.text));
  }
  return value;
}

/// "12", "0x7f", "-1", "1.5ms", "10%". Times without a unit are seconds, as in `prof script`.
Result<void> Parser::read_number(const Node& node, WhereValue& value) const {
  std::string_view text = value.text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  uint64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, whole, hex ? 16 : 10);
  if (error == std::errc::invalid_argument) return {};  // a word
  if (error != std::errc{}) return fail(fmt::format("'{}' is too large", value.text));
  if (rest == end && !is_time(node.field)) {
    if (negative && whole > uint64_t{1} << 63) {
      return fail(fmt::format("'{}' is too small", value.text));
    }
    value.number = FieldNumber{negative ? ~whole + 1 : whole, negative};
    return {};
  }
  double number = 0;
  const auto [unit_at, bad] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (hex || bad != std::errc{}) return {};
  const std::string_view unit(unit_at, static_cast<size_t>(end - unit_at));
  if (unit == "%" && node.field == WhereField::Time && !negative) {
    value.percent = number;
    return {};
  }
  double scale = 0;
  if (unit.empty() && is_time(node.field)) scale = 1e9;
  for (const auto& [name, ns] : kUnits) {
    if (unit == name) scale = ns;
  }
  if (scale == 0) return {};
  const double ns = std::round(number * scale);
  if (!(ns < 0x1p63)) return fail(fmt::format("'{}' is too large", value.text));
  // Seconds with nine digits are more than a double holds: the part before the dot is exact.
  auto exact = static_cast<uint64_t>(ns);
  if (const uint64_t seconds = whole; scale == 1e9 && seconds < UINT64_MAX / 1'000'000'000) {
    const double fraction = read_fraction(text);
    exact = seconds * 1'000'000'000 + static_cast<uint64_t>(std::round(fraction * 1e9));
  }
  value.number = FieldNumber{negative ? ~exact + 1 : exact, negative};
  return {};
}

}  // namespace

Result<Where> Where::parse(std::string_view text) {
  Where where;
  if (auto done = Parser(text, where.nodes_).parse(); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return where;
}

}  // namespace prof
