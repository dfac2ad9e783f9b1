#include "report/json_document.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace prof {

/// Lays down what the parser, which does not recurse, comes across.
class JsonTape : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonTape(JsonDocument& document) : document_(document) {}

  bool null() override { return put({}); }
  bool boolean(bool value) override {
    return put(value ? JsonDocument::Kind::True : JsonDocument::Kind::False);
  }
  bool number_integer(int64_t value) override { return put_integer(value); }
  bool number_unsigned(uint64_t value) override {
    if (value <= INT64_MAX) return put_integer(static_cast<int64_t>(value));
    return put_number(static_cast<double>(value));
  }
  bool number_float(double value, const std::string&) override { return put_number(value); }
  bool string(std::string& value) override { return put_text(value); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(size_t) override { return open(JsonDocument::Kind::Object); }
  bool key(std::string& value) override {
    is_key_ = true;
    const bool done = put_text(value);
    is_key_ = false;
    return done;
  }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(JsonDocument::Kind::FlatArray); }
  bool end_array() override { return close(); }
  bool parse_error(size_t position, const std::string& last_token,
                   const nlohmann::json::exception&) override {
    error = fmt::format("no JSON from byte {} on, at '{:.40}'", position, last_token);
    return false;
  }

  std::string error;

 private:
  using Node = JsonDocument::Node;
  using Kind = JsonDocument::Kind;

  bool put(Kind kind) {
    Node node;
    node.kind = kind;
    return put(node);
  }
  bool put_integer(int64_t value) {
    Node node;
    node.kind = Kind::Integer;
    node.integer = value;
    return put(node);
  }
  bool put_number(double value) {
    Node node;
    node.kind = Kind::Number;
    node.number = value;
    return put(node);
  }
  bool put_text(const std::string& value) {
    Node node;
    node.kind = Kind::Text;
    node.count = document_.texts_.intern(value).value;
    return put(node);
  }
  bool put(const Node& node) {
    if (document_.nodes_.size() >= JsonDocument::kMostValues) {
      error = fmt::format("JSON of more than {} values", JsonDocument::kMostValues);
      return false;
    }
    if (!open_.empty() && !is_key_) ++document_.nodes_[open_.back()].count;
    document_.nodes_.push_back(node);
    return true;
  }
  bool open(Kind kind) {
    if (open_.size() >= JsonDocument::kMostDepth) {
      error = fmt::format("JSON nested deeper than {} levels", JsonDocument::kMostDepth);
      return false;
    }
    if (!open_.empty() && document_.nodes_[open_.back()].kind == Kind::FlatArray) {
      document_.nodes_[open_.back()].kind = Kind::Array;
    }
    if (!put(kind)) return false;
    open_.push_back(static_cast<uint32_t>(document_.nodes_.size() - 1));
    return true;
  }
  bool close() {
    Node& node = document_.nodes_[open_.back()];
    open_.pop_back();
    node.end = static_cast<uint32_t>(document_.nodes_.size());
    return true;
  }

  JsonDocument& document_;
  std::vector<uint32_t> open_;  // arrays and objects around what comes
  bool is_key_ = false;
};

bool JsonDocument::may_begin(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto next = [&] {
    const size_t at = text.find_first_not_of(kBlanks);
    if (at == text.npos) return '\0';
    const char found = text[at];
    text.remove_prefix(at + 1);
    return found;
  };
  char first = next();
  if (first == '[') first = next();
  if (first != '{') return false;
  const char second = next();
  return second == '"' || second == '}' || second == '\0';
}

Result<JsonDocument> JsonDocument::parse(std::string_view text, const std::string& name) {
  JsonDocument document;
  JsonTape tape(document);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &tape)) {
    const bool unread = tape.error.starts_with("no JSON");
    return fail(name + ": " + (tape.error.empty() ? "no JSON" : tape.error),
                unread ? "was the file cut off?" : "");
  }
  return document;
}

bool JsonValue::is_object() const {
  return document_ && document_->nodes_[at_].kind == JsonDocument::Kind::Object;
}

bool JsonValue::is_array() const {
  if (!document_) return false;
  const auto kind = document_->nodes_[at_].kind;
  return kind == JsonDocument::Kind::Array || kind == JsonDocument::Kind::FlatArray;
}

bool JsonValue::is_null() const {
  return document_ && document_->nodes_[at_].kind == JsonDocument::Kind::Null;
}

bool JsonValue::is_true() const {
  return document_ && document_->nodes_[at_].kind == JsonDocument::Kind::True;
}

uint32_t JsonValue::size() const {
  return is_object() || is_array() ? document_->nodes_[at_].count : 0;
}

JsonValue JsonValue::operator[](std::string_view key) const {
  if (!is_object()) return {};
  for (auto member = begin(); member != end(); ++member) {
    if (member.key() == key) return *member;
  }
  return {};
}

JsonValue JsonValue::at(uint64_t index) const {
  if (!is_array() || index >= size()) return {};
  if (document_->nodes_[at_].kind == JsonDocument::Kind::FlatArray) {
    return {document_, at_ + 1 + static_cast<uint32_t>(index)};
  }
  auto element = begin();
  for (; index > 0; --index) ++element;
  return *element;
}

std::optional<std::string_view> JsonValue::text() const {
  if (!document_ || document_->nodes_[at_].kind != JsonDocument::Kind::Text) return std::nullopt;
  return document_->texts_[StringId{document_->nodes_[at_].count}];
}

std::optional<double> JsonValue::number() const {
  if (!document_) return std::nullopt;
  const auto& node = document_->nodes_[at_];
  if (node.kind == JsonDocument::Kind::Integer) return static_cast<double>(node.integer);
  if (node.kind == JsonDocument::Kind::Number) return node.number;
  return std::nullopt;
}

std::optional<int64_t> JsonValue::integer() const {
  if (!document_) return std::nullopt;
  const auto& node = document_->nodes_[at_];
  if (node.kind == JsonDocument::Kind::Integer) return node.integer;
  constexpr double kMostExact = 9007199254740992.0;  // 2^53
  if (node.kind != JsonDocument::Kind::Number || std::abs(node.number) > kMostExact ||
      node.number != std::floor(node.number)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(node.number);
}

std::optional<uint32_t> JsonValue::index() const {
  const auto value = integer();
  if (!value || *value < 0 || *value >= UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

JsonValue::Iterator JsonValue::begin() const {
  return {document_, at_ + 1, is_object()};
}

JsonValue::Iterator JsonValue::end() const {
  return {document_, is_object() || is_array() ? document_->nodes_[at_].end : at_ + 1, false};
}

JsonValue JsonValue::Iterator::operator*() const {
  return {document_, members_ ? at_ + 1 : at_};
}

JsonValue::Iterator& JsonValue::Iterator::operator++() {
  at_ = document_->behind(members_ ? at_ + 1 : at_);
  return *this;
}

std::string_view JsonValue::Iterator::key() const {
  return document_->texts_[StringId{document_->nodes_[at_].count}];
}

}  // namespace prof
