// JsonDocument: a file of JSON that others wrote, in memory: 16 bytes a value, each distinct text
// once. Used by the imports of JSON formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/string_table.h"

namespace prof {

class JsonDocument;

/// A value in a document, or none: what is asked of a value that is none, or of another kind, is
/// none as well, so that a path of members needs one check at its end.
class JsonValue {
 public:
  JsonValue() = default;
  bool exists() const { return document_ != nullptr; }
  bool is_object() const;
  bool is_array() const;
  bool is_null() const;

  /// Of an array its elements, of an object its members; 0 of all else.
  uint32_t size() const;
  /// A member; the first of that name.
  JsonValue operator[](std::string_view key) const;
  /// An element. Takes no search where all elements are single values: columns of tables.
  JsonValue at(uint64_t index) const;

  std::optional<std::string_view> text() const;
  std::optional<double> number() const;
  std::optional<int64_t> integer() const;  // also what is written "1.0"
  std::optional<uint32_t> index() const;   // an integer from 0 to below 2^32
  bool is_true() const;

  /// Elements of an array, one after the other; of an object, its members' values.
  class Iterator {
   public:
    JsonValue operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    std::string_view key() const;  // of a member

   private:
    friend class JsonValue;
    Iterator(const JsonDocument* document, uint32_t at, bool members)
        : document_(document), at_(at), members_(members) {}
    const JsonDocument* document_;
    uint32_t at_;
    bool members_;
  };
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, uint32_t at) : document_(document), at_(at) {}
  const JsonDocument* document_ = nullptr;
  uint32_t at_ = 0;
};

class JsonDocument {
 public:
  static constexpr size_t kMostDepth = 512;
  static constexpr size_t kMostValues = size_t{1} << 26;

  /// Whether the text begins as an object, or an array of such, as all documents of JSON do that
  /// have stacks. Folded text may begin with a bracket, too.
  static bool may_begin(std::string_view text);

  /// What is no JSON, is nested deeper than kMostDepth or has more than kMostValues values is an
  /// error that names `name` and the byte.
  static Result<JsonDocument> parse(std::string_view text, const std::string& name);

  JsonValue root() const { return {this, 0}; }

 private:
  friend class JsonValue;
  friend class JsonTape;
  enum class Kind : uint8_t { Null, False, True, Integer, Number, Text, Array, FlatArray, Object };
  struct Node {
    Kind kind = Kind::Null;
    uint32_t count = 0;  // of elements or members; of a text its StringId
    union {
      int64_t integer = 0;
      double number;
      uint32_t end;  // of an array or object: behind its last element
    };
  };
  /// The value behind this one.
  uint32_t behind(uint32_t at) const {
    return nodes_[at].kind >= Kind::Array ? nodes_[at].end : at + 1;
  }

  std::vector<Node> nodes_;  // depth first; a member is its key, a text, and its value
  StringTable texts_;
};

}  // namespace prof
