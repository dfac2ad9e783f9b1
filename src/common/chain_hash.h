// ChainHash: a keyed 128-bit hash of sequences of words, strong enough to stand for them. Used to
// merge equal call chains without looking at their bytes again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace prof {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
};

/// Each half is NH, the universal hash of UMAC (RFC 4418, section 5.2.2), on 64-bit words: the sum
/// over pairs of (word + key) * (word + key) in 128 bits, which is then folded. The keys are random
/// and new in every process, so that nobody can choose data that collide, and two that differ do so
/// with a chance of some 2^-128. Hashes are never written anywhere, and nothing that is may depend
/// on their order.
class ChainHash {
 public:
  /// Takes its keys from the system's random numbers.
  ChainHash();

  Hash128 operator()(std::span<const std::byte> data, uint64_t seed) const;

 private:
  static constexpr size_t kBlock = 64;  // words; longer data is a chain of blocks
  std::array<uint64_t, kBlock + 2> keys_;
  std::array<uint64_t, 8> mix_keys_;
};

}  // namespace prof
