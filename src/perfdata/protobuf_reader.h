// ProtobufReader: the fields of one protobuf message, one after the other. Used for simpleperf's
// FILE2 feature. Source: protobuf.dev, "Encoding".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/byte_reader.h"

namespace prof {

class ProtobufReader {
 public:
  struct Field {
    uint32_t number = 0;
    uint64_t value = 0;                // of a varint or fixed field
    std::span<const std::byte> bytes;  // of a string or message
    std::string_view text() const {
      return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
  };

  explicit ProtobufReader(std::span<const std::byte> message) : in_(message) {}

  /// The next field; false at the end of the message, and where it is damaged: see ok().
  bool next(Field& out) {
    if (!ok_ || in_.at_end()) return false;
    const uint64_t tag = varint();
    out = {static_cast<uint32_t>(tag >> 3), 0, {}};
    switch (tag & 7) {
      case 0:
        out.value = varint();
        break;
      case 1:
        out.value = in_.u64();
        break;
      case 2:
        out.bytes = in_.bytes(varint());
        break;
      case 5:
        out.value = in_.u32();
        break;
      default:  // groups are obsolete, and how long the others are nobody knows
        ok_ = false;
    }
    ok_ = ok_ && in_.ok();
    return ok_;
  }
  bool ok() const { return ok_; }

 private:
  /// Seven bits a byte, the lowest first; the top bit says that more follow, ten at most.
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const uint8_t byte = in_.u8();
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

  ByteReader in_;
  bool ok_ = true;
};

}  // namespace prof
