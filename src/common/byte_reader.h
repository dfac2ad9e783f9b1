// ByteReader: the only way bytes of a file or ring are read. Used by every decoder.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace prof {

template <std::integral T>
constexpr T byte_swapped(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
}

/// A bounds-checked cursor with a sticky failure: a read past the end yields zeros and makes ok()
/// false for good, so that a decoder reads all its fields and asks once. Reads need no alignment.
/// With `swap`, integers are taken as being of the other byte order.
class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::span<const std::byte> data, bool swap = false)
      : data_(data), swap_(swap) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  size_t remaining() const { return data_.size() - position_; }
  bool at_end() const { return remaining() == 0; }
  bool swapped() const { return swap_; }
  std::span<const std::byte> rest() const { return data_.subspan(position_); }

  template <std::integral T>
  T get() {
    T value{};
    if (!take(&value, sizeof value)) return T{};
    return swap_ ? byte_swapped(value) : value;
  }
  uint8_t u8() { return get<uint8_t>(); }
  uint16_t u16() { return get<uint16_t>(); }
  uint32_t u32() { return get<uint32_t>(); }
  uint64_t u64() { return get<uint64_t>(); }
  int32_t i32() { return get<int32_t>(); }

  /// The next `size` bytes; an empty span, and failure, if there are fewer.
  std::span<const std::byte> bytes(uint64_t size) {
    if (size > remaining()) {
      ok_ = false;
      position_ = data_.size();
      return {};
    }
    auto result = data_.subspan(position_, static_cast<size_t>(size));
    position_ += static_cast<size_t>(size);
    return result;
  }
  void skip(uint64_t size) { bytes(size); }

  /// A NUL-terminated string inside the next `size` bytes (to their end if there is no NUL).
  std::string_view fixed_string(uint64_t size) {
    auto field = bytes(size);
    auto text = std::string_view(reinterpret_cast<const char*>(field.data()), field.size());
    return text.substr(0, text.find('\0'));
  }
  /// The NUL-terminated string that starts here; without a NUL it goes to the end.
  std::string_view c_string() {
    auto text =
        std::string_view(reinterpret_cast<const char*>(data_.data()) + position_, remaining());
    auto length = text.find('\0');
    skip(length == text.npos ? text.size() : length + 1);
    return text.substr(0, length);
  }

 private:
  bool take(void* out, size_t size) {
    if (size > remaining()) {
      ok_ = false;
      position_ = data_.size();
      return false;
    }
    std::memcpy(out, data_.data() + position_, size);
    position_ += size;
    return true;
  }

  std::span<const std::byte> data_;
  size_t position_ = 0;
  bool swap_ = false;
  bool ok_ = true;
};

/// An array of u64 inside file bytes, of any alignment and byte order.
class U64View {
 public:
  U64View() = default;
  U64View(std::span<const std::byte> bytes, bool swap) : bytes_(bytes), swap_(swap) {}
  size_t size() const { return bytes_.size() / 8; }
  bool empty() const { return size() == 0; }
  uint64_t operator[](size_t i) const {
    uint64_t value;
    std::memcpy(&value, bytes_.data() + i * 8, 8);
    return swap_ ? byte_swapped(value) : value;
  }
  std::span<const std::byte> bytes() const { return bytes_; }
  bool swapped() const { return swap_; }

 private:
  std::span<const std::byte> bytes_;
  bool swap_ = false;
};

}  // namespace prof
