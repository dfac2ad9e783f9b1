#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "common/chain_hash.h"

using namespace prof;

namespace {
std::pair<uint64_t, uint64_t> pair_of(Hash128 hash) {
  return {hash.low, hash.high};
}
}  // namespace

TEST_CASE("equal bytes and seeds have equal hashes, all else differs") {
  const ChainHash hash;
  std::mt19937_64 random(3);
  std::set<std::pair<uint64_t, uint64_t>> seen;
  size_t count = 0;
  for (const size_t size : {0, 1, 7, 8, 9, 15, 16, 24, 160, 512, 513, 520, 4096, 70000}) {
    std::vector<std::byte> data(size);
    for (std::byte& b : data) b = static_cast<std::byte>(random());
    for (const uint64_t seed : {0, 1, 256}) {
      CHECK(pair_of(hash(data, seed)) == pair_of(hash(data, seed)));
      seen.insert(pair_of(hash(data, seed)));
      ++count;
    }
    for (size_t i = 0; i < size; i += 1 + size / 100) {  // one bit in each part of it
      auto other = data;
      other[i] ^= std::byte{1};
      seen.insert(pair_of(hash(other, 0)));
      ++count;
    }
  }
  CHECK(seen.size() == count);
}

TEST_CASE("the order of blocks and words counts") {
  const ChainHash hash;
  std::vector<uint64_t> data(256);
  for (size_t i = 0; i < data.size(); ++i) data[i] = i / 64;
  const auto straight = pair_of(hash(std::as_bytes(std::span(data)), 0));
  std::vector<uint64_t> moved(data.rbegin(), data.rend());
  CHECK(pair_of(hash(std::as_bytes(std::span(moved)), 0)) != straight);
  moved = data;
  std::swap(moved[0], moved[64]);
  CHECK(pair_of(hash(std::as_bytes(std::span(moved)), 0)) != straight);
}

TEST_CASE("each table has keys of its own") {
  const std::vector<std::byte> data(160);
  CHECK(pair_of(ChainHash()(data, 0)) != pair_of(ChainHash()(data, 0)));
}
