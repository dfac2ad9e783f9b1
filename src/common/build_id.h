// BuildId: the identity a linker gave a file. Used to tell whether a binary is the recorded one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace prof {

/// Up to 20 bytes; empty when unknown.
struct BuildId {
  static constexpr size_t kMaxSize = 20;
  std::array<std::byte, kMaxSize> bytes{};
  uint8_t size = 0;

  static BuildId from(std::span<const std::byte> data) {
    BuildId id;
    id.size = static_cast<uint8_t>(std::min(data.size(), kMaxSize));
    std::copy_n(data.begin(), id.size, id.bytes.begin());
    return id;
  }
  bool empty() const { return size == 0; }
  std::span<const std::byte> view() const { return {bytes.data(), size}; }
  /// Lower-case hexadecimal, as perf and file names print it.
  std::string hex() const;
  /// Equal up to trailing zeros: old perf files pad a short id to 20 bytes.
  bool same_as(const BuildId& other) const { return bytes == other.bytes; }
  bool operator==(const BuildId&) const = default;
};

}  // namespace prof
