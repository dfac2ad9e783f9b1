// ProtobufWriter: messages of Protocol Buffers' wire format
// (https://protobuf.dev/programming-guides/encoding/). Used by the export to pprof.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace prof {

class ProtobufWriter {
 public:
  /// A number; 0 is what a field without one has, and is not written.
  void number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    tag(field, kVarint);
    varint(value);
  }
  void text(uint32_t field, std::string_view value) {
    tag(field, kBytes);
    varint(value.size());
    bytes_ += value;
  }
  void message(uint32_t field, const ProtobufWriter& value) { text(field, value.bytes_); }
  /// Numbers of one field, packed.
  void numbers(uint32_t field, std::span<const uint64_t> values) {
    ProtobufWriter packed;
    for (const uint64_t value : values) packed.varint(value);
    message(field, packed);
  }

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  static constexpr uint32_t kVarint = 0, kBytes = 2;

  void tag(uint32_t field, uint32_t type) { varint(uint64_t{field} << 3 | type); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace prof
