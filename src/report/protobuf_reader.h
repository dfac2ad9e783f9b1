// ProtobufReader: messages of Protocol Buffers' wire format, field by field
// (https://protobuf.dev/programming-guides/encoding/). Used by the import of pprof.
#pragma once

#include <cstdint>
#include <string_view>

namespace prof {

/// Walks over one message. A field that is cut off, or of a kind that nobody writes any more (a
/// group), ends the walk, and ok() is false for good.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : message_(message) {}

  /// Steps on to the next field; false behind the last, or where it cannot be read.
  bool next() {
    if (!ok_ || at_ == message_.size()) return false;
    begin_ = at_;
    uint64_t tag = 0;
    if (!varint(tag)) return false;
    constexpr uint64_t kMostField = (uint64_t{1} << 29) - 1;
    if (tag >> 3 == 0 || tag >> 3 > kMostField) return refuse();
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<uint32_t>(tag & 7);
    number_ = 0;
    bytes_ = {};
    switch (type_) {
      case kVarint:
        return varint(number_);
      case kFixed64:
        return take(8);
      case kBytes: {
        uint64_t size = 0;
        return varint(size) && take(size);
      }
      case kFixed32:
        return take(4);
      default:
        return refuse();
    }
  }

  bool ok() const { return ok_; }
  uint32_t field() const { return field_; }
  bool is_number() const { return type_ == kVarint; }
  bool is_bytes() const { return type_ == kBytes; }
  uint64_t number() const { return number_; }
  std::string_view bytes() const { return bytes_; }
  /// Where in the message the field begins, or where it could not be read.
  size_t position() const { return begin_; }

  /// The numbers of a repeated field: one, or many packed into one. False if they cannot be read.
  template <class Visit>
  bool for_each_number(Visit&& visit) const {
    if (is_number()) {
      visit(number_);
      return true;
    }
    ProtobufReader packed(bytes_);
    while (is_bytes() && packed.ok_ && packed.at_ < packed.message_.size()) {
      uint64_t number = 0;
      if (packed.varint(number)) visit(number);
    }
    return is_bytes() && packed.ok_;
  }

 private:
  static constexpr uint32_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

  bool refuse() {
    ok_ = false;
    return false;
  }
  bool take(uint64_t size) {
    if (size > message_.size() - at_) return refuse();
    bytes_ = message_.substr(at_, static_cast<size_t>(size));
    at_ += static_cast<size_t>(size);
    return true;
  }
  bool varint(uint64_t& value) {
    value = 0;
    for (uint32_t shift = 0; shift < 64 && at_ < message_.size(); shift += 7) {
      const auto byte = static_cast<uint8_t>(message_[at_++]);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return refuse();
  }

  std::string_view message_;
  size_t at_ = 0, begin_ = 0;
  uint32_t field_ = 0, type_ = 0;
  uint64_t number_ = 0;
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace prof
