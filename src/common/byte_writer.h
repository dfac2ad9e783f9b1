// ByteWriter: builds records and header sections byte by byte. Used by encoders and test builders.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace prof {

class ByteWriter {
 public:
  template <std::integral T>
  ByteWriter& put(T value) {
    return bytes(std::as_bytes(std::span(&value, 1)));
  }
  ByteWriter& u8(uint8_t v) { return put(v); }
  ByteWriter& u16(uint16_t v) { return put(v); }
  ByteWriter& u32(uint32_t v) { return put(v); }
  ByteWriter& u64(uint64_t v) { return put(v); }
  ByteWriter& bytes(std::span<const std::byte> data) {
    const size_t end = buffer_.size();
    buffer_.resize(end + data.size());  // g++ 12 warns of insert()
    std::copy(data.begin(), data.end(), buffer_.begin() + static_cast<ptrdiff_t>(end));
    return *this;
  }
  ByteWriter& text(std::string_view data) { return bytes(std::as_bytes(std::span(data))); }
  ByteWriter& zeros(size_t count) {
    buffer_.resize(buffer_.size() + count);
    return *this;
  }
  /// Zero bytes up to the next multiple of `alignment` of the buffer's size.
  ByteWriter& align(size_t alignment) {
    return zeros((alignment - buffer_.size() % alignment) % alignment);
  }
  /// `text`, a NUL, and zeros to a multiple of 8: the form of every name in a record.
  ByteWriter& padded_string(std::string_view value) {
    text(value);
    u8(0);
    return zeros((8 - (value.size() + 1) % 8) % 8);
  }
  template <std::integral T>
  void patch(size_t position, T value) {
    std::memcpy(buffer_.data() + position, &value, sizeof value);
  }

  size_t size() const { return buffer_.size(); }
  void clear() { buffer_.clear(); }
  std::span<const std::byte> view() const { return buffer_; }
  std::vector<std::byte> take() { return std::move(buffer_); }

 private:
  std::vector<std::byte> buffer_;
};

}  // namespace prof
