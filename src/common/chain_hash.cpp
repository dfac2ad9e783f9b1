#include "common/chain_hash.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "common/hash.h"

namespace prof {

namespace {

__extension__ using Wide = unsigned __int128;

void fill_random(std::span<std::byte> out) {
  const auto got = ::getrandom(out.data(), out.size(), GRND_NONBLOCK);
  if (got == static_cast<ssize_t>(out.size())) return;
  std::random_device device;  // early in boot, or without the call
  for (std::byte& b : out) b = static_cast<std::byte>(device());
}

uint64_t fold(Wide value, uint64_t key) {
  return hash_mix(static_cast<uint64_t>(value) ^ key, static_cast<uint64_t>(value >> 64));
}

}  // namespace

ChainHash::ChainHash() {
  fill_random(std::as_writable_bytes(std::span(keys_)));
  fill_random(std::as_writable_bytes(std::span(mix_keys_)));
}

Hash128 ChainHash::operator()(std::span<const std::byte> data, uint64_t seed) const {
  Hash128 state{seed ^ mix_keys_[0], data.size() ^ mix_keys_[1]};
  const std::byte* at = data.data();
  size_t left = data.size();
  do {
    const size_t size = std::min(left, kBlock * sizeof(uint64_t));
    Wide a = 0;
    Wide b = 0;
    const size_t pairs = size / 16;
    for (size_t i = 0; i < pairs; ++i) {
      uint64_t words[2];
      std::memcpy(words, at + 16 * i, 16);
      const uint64_t* key = &keys_[2 * i];
      a += static_cast<Wide>(words[0] + key[0]) * (words[1] + key[1]);
      b += static_cast<Wide>(words[0] + key[2]) * (words[1] + key[3]);
    }
    if (size % 16 != 0) {
      uint64_t words[2] = {0, 0};
      std::memcpy(words, at + 16 * pairs, size % 16);
      const uint64_t* key = &keys_[2 * pairs];
      a += static_cast<Wide>(words[0] + key[0]) * (words[1] + key[1]);
      b += static_cast<Wide>(words[0] + key[2]) * (words[1] + key[3]);
    }
    state.low = fold(a, mix_keys_[2]) ^ hash_mix(state.low, mix_keys_[4]);
    state.high = fold(b, mix_keys_[3]) ^ hash_mix(state.high, mix_keys_[5]);
    at += size;
    left -= size;
  } while (left > 0);
  return {hash_mix(state.low ^ mix_keys_[6], state.high),
          hash_mix(state.high ^ mix_keys_[7], state.low)};
}

}  // namespace prof
