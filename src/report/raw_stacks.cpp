#include "report/raw_stacks.h"

#include <algorithm>
#include <cstring>

#include "common/hash.h"

namespace prof {

namespace {
constexpr size_t kChunkSize = size_t{1} << 20;

uint32_t tag_of(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}
}  // namespace

void RawStacks::add(uint32_t context, CpuMode mode, std::span<const std::byte> chain,
                    uint64_t period) {
  const uint64_t seed = uint64_t{context} << 8 | static_cast<uint8_t>(mode);
  const uint64_t hash = hash_bytes(chain, seed);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot].stack != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].tag != tag_of(hash)) continue;
    RawStack& stack = stacks_[slots_[slot].stack - 1];
    if (stack.hash == hash && stack.context == context && stack.mode == mode &&
        stack.length == chain.size() && std::memcmp(stack.chain, chain.data(), chain.size()) == 0) {
      ++stack.samples;
      stack.period += period;
      return;
    }
  }
  stacks_.push_back(
      {hash, store(chain), static_cast<uint32_t>(chain.size()), context, mode, 1, period});
  slots_[slot] = {tag_of(hash), static_cast<uint32_t>(stacks_.size())};
  if (stacks_.size() * 2 > slots_.size()) grow();
}

const std::byte* RawStacks::store(std::span<const std::byte> chain) {
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < chain.size()) {
    chunks_.emplace_back().reserve(std::max(kChunkSize, chain.size()));
  }
  auto& chunk = chunks_.back();
  const size_t begin = chunk.size();
  chunk.insert(chunk.end(), chain.begin(), chain.end());
  return chunk.data() + begin;
}

void RawStacks::grow() {
  slots_.assign(slots_.size() * 2, {});
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < stacks_.size(); ++i) {
    size_t slot = stacks_[i].hash & mask;
    while (slots_[slot].stack != 0) slot = (slot + 1) & mask;
    slots_[slot] = {tag_of(stacks_[i].hash), static_cast<uint32_t>(i + 1)};
  }
}

}  // namespace prof
