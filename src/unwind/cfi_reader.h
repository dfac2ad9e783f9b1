// CfiReader: a ByteReader that knows DWARF's and .eh_frame's numbers. Used by the readers of call
// frame information (CFI).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/byte_reader.h"

namespace prof {

/// How .eh_frame encodes a pointer (Linux Standard Base, "DWARF Exception Header Encoding").
enum PointerEncoding : uint8_t {
  kPointerAbsolute = 0x00,
  kPointerUleb = 0x01,
  kPointerU16 = 0x02,
  kPointerU32 = 0x03,
  kPointerU64 = 0x04,
  kPointerSleb = 0x09,
  kPointerS16 = 0x0a,
  kPointerS32 = 0x0b,
  kPointerS64 = 0x0c,
  kPointerFormat = 0x0f,  // mask of the above

  kPointerPcRelative = 0x10,
  kPointerDataRelative = 0x30,
  kPointerRelative = 0x70,  // mask of what it counts from
  kPointerIndirect = 0x80,
  kPointerOmitted = 0xff,
};

class CfiReader : public ByteReader {
 public:
  CfiReader() = default;
  /// `addr` is where the first byte is loaded, which relative pointers count from.
  explicit CfiReader(std::span<const std::byte> data, uint64_t addr = 0)
      : ByteReader(data), addr_(addr) {}

  uint64_t addr() const { return addr_ + position(); }

  /// Bits beyond 64 are dropped, as other readers do.
  uint64_t uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const uint8_t byte = u8();
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
  }
  int64_t sleb() {
    uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const uint8_t byte = u8();
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      shift += 7;
      if (byte & 0x80) continue;
      if (shift < 64 && (byte & 0x40)) value |= ~uint64_t{0} << shift;
      return static_cast<int64_t>(value);
    }
  }

  /// A register's number; those that no machine has are one.
  uint32_t reg() { return static_cast<uint32_t>(std::min<uint64_t>(uleb(), UINT32_MAX)); }

  /// A number in the format of `encoding`, not yet relative to anything; nullopt for an encoding
  /// that is not one. `address_size` is what an absolute pointer has.
  std::optional<uint64_t> encoded_number(uint8_t encoding, unsigned address_size = 8) {
    switch (encoding & kPointerFormat) {
      case kPointerAbsolute:
        return address_size == 8 ? u64() : u32();
      case kPointerUleb:
        return uleb();
      case kPointerU16:
        return u16();
      case kPointerU32:
        return u32();
      case kPointerU64:
      case kPointerS64:
        return u64();
      case kPointerSleb:
        return static_cast<uint64_t>(sleb());
      case kPointerS16:
        return static_cast<uint64_t>(int64_t{get<int16_t>()});
      case kPointerS32:
        return static_cast<uint64_t>(int64_t{i32()});
      default:
        return std::nullopt;
    }
  }

  /// An address. Indirect ones, and those that count from a function or a text section, do not
  /// occur in files that a linker made for Linux: nullopt.
  std::optional<uint64_t> encoded_pointer(uint8_t encoding, uint64_t data_base,
                                          unsigned address_size = 8) {
    const uint64_t here = addr();
    const auto number = encoded_number(encoding, address_size);
    if (!number || (encoding & kPointerIndirect)) return std::nullopt;
    switch (encoding & kPointerRelative) {
      case 0:
        return *number;
      case kPointerPcRelative:
        return here + *number;
      case kPointerDataRelative:
        return data_base + *number;
      default:
        return std::nullopt;
    }
  }

 private:
  uint64_t addr_ = 0;
};

}  // namespace prof
