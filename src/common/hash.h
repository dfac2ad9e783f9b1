// Fast non-cryptographic hashes for in-memory tables, and checksums of what prof alone reads again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace prof {

/// Mixes two words by a 128-bit product folded in half.
inline uint64_t hash_mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xbf58476d1ce4e5b9u);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hash_bytes(std::span<const std::byte> data, uint64_t seed = 0) {
  const std::byte* p = data.data();
  size_t left = data.size();
  uint64_t h0 = seed ^ 0x2545f4914f6cdd1du;
  uint64_t h1 = seed + left;
  uint64_t a = 0;
  uint64_t b = 0;
  for (; left >= 32; left -= 32, p += 32) {  // two independent chains keep the multipliers busy
    uint64_t c;
    uint64_t d;
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, 8);
    std::memcpy(&c, p + 16, 8);
    std::memcpy(&d, p + 24, 8);
    h0 = hash_mix(a ^ h0, b);
    h1 = hash_mix(c ^ h1, d);
  }
  for (; left >= 8; left -= 8, p += 8) {
    std::memcpy(&a, p, 8);
    h0 = hash_mix(a ^ h0, h1);
  }
  if (left) {
    a = 0;
    std::memcpy(&a, p, left);
    h1 = hash_mix(a ^ h1, h0);
  }
  return hash_mix(h0, h1);
}

inline uint64_t hash_string(std::string_view text) {
  return hash_bytes(std::as_bytes(std::span(text)));
}

}  // namespace prof
