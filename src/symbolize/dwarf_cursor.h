// DwarfCursor: checked reading of DWARF's encodings, fast enough for hundreds of megabytes.
// Used by everything that reads a debug section.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "common/byte_reader.h"

namespace prof {

/// Like ByteReader: a read past the end gives zeros, and ok() is false from then on.
class DwarfCursor {
 public:
  DwarfCursor() = default;
  DwarfCursor(std::span<const std::byte> bytes, bool swap, uint64_t position = 0)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), swap_(swap) {
    seek(position);
  }

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  uint64_t position() const { return static_cast<uint64_t>(at_ - begin_); }
  uint64_t remaining() const { return static_cast<uint64_t>(end_ - at_); }
  bool swapped() const { return swap_; }

  void seek(uint64_t position) {
    if (position > static_cast<uint64_t>(end_ - begin_)) return fail();
    at_ = begin_ + position;
  }
  void skip(uint64_t size) {
    if (size > remaining()) return fail();
    at_ += size;
  }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  template <std::integral T>
  T get() {
    T value{};
    if (sizeof value > remaining()) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return swap_ ? byte_swapped(value) : value;
  }
  uint8_t u8() { return get<uint8_t>(); }
  uint16_t u16() { return get<uint16_t>(); }
  uint32_t u32() { return get<uint32_t>(); }
  uint64_t u64() { return get<uint64_t>(); }
  /// An unsigned number of 1, 2, 3, 4 or 8 bytes; anything else fails.
  uint64_t number(unsigned size) {
    switch (size) {
      case 1:
        return u8();
      case 2:
        return u16();
      case 3:
        return u24();
      case 4:
        return u32();
      case 8:
        return u64();
      default:
        fail();
        return 0;
    }
  }
  /// 4 or 8 bytes, by the unit's format (DWARF 5, 7.4).
  uint64_t offset(bool is_64) { return is_64 ? u64() : u32(); }

  /// Unsigned LEB128. What exceeds 64 bits is lost, as it is for everyone else.
  uint64_t uleb() {
    if (at_ != end_ && *at_ < std::byte{0x80}) return std::to_integer<uint64_t>(*at_++);
    return long_uleb();
  }
  int64_t sleb() {
    unsigned bits = 0;
    const uint64_t value = leb_bits(bits);
    if (bits < 64 && bits > 0 && (value >> (bits - 1) & 1)) {
      return static_cast<int64_t>(value | ~uint64_t{0} << bits);
    }
    return static_cast<int64_t>(value);
  }
  void skip_leb() {
    while (at_ != end_ && *at_ >= std::byte{0x80}) ++at_;
    skip(1);
  }

  /// Up to a NUL, which has to be there.
  std::string_view c_string() {
    const void* nul = at_ == end_ ? nullptr : std::memchr(at_, 0, remaining());
    if (!nul) {
      fail();
      return {};
    }
    const auto* end = static_cast<const std::byte*>(nul);
    const std::string_view text(reinterpret_cast<const char*>(at_), static_cast<size_t>(end - at_));
    at_ = end + 1;
    return text;
  }

 private:
  uint64_t u24() {
    uint8_t b[3] = {u8(), u8(), u8()};
    const bool big = swap_ == (std::endian::native == std::endian::little);
    if (big) std::swap(b[0], b[2]);
    return b[0] | uint64_t{b[1]} << 8 | uint64_t{b[2]} << 16;
  }
  uint64_t leb_bits(unsigned& bits) {
    uint64_t value = 0;
    bits = 0;
    while (at_ != end_) {
      const auto byte = std::to_integer<uint64_t>(*at_++);
      if (bits < 64) value |= (byte & 0x7f) << bits;
      bits += 7;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  uint64_t long_uleb() {
    unsigned bits = 0;
    return leb_bits(bits);
  }

  const std::byte* begin_ = nullptr;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  bool swap_ = false;
  bool ok_ = true;
};

}  // namespace prof
