#include "report/raw_stacks.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "common/hash.h"

namespace prof {

namespace {
// The first chunk is small for small recordings; the others are large enough for huge pages.
constexpr size_t kFirstChunk = size_t{1} << 20;
constexpr size_t kChunkSize = size_t{8} << 20;
constexpr size_t kCacheLine = 64;

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

uint32_t tag_of(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}
}  // namespace

void RawStacks::add(uint32_t context, CpuMode mode, std::span<const std::byte> chain,
                    uint64_t period) {
  const size_t at = queued_++;
  Waiting& sample = queue_[at % kQueue];
  if (at >= kQueue) count(sample);  // the oldest makes room
  const uint64_t seed = uint64_t{context} << 8 | static_cast<uint8_t>(mode);
  sample.hash = hash_bytes(chain, seed);
  sample.context = context;
  sample.mode = mode;
  sample.period = period;
  sample.chain = chain;
  if (!in_place_) {
    sample.copy.assign(chain.begin(), chain.end());
    sample.chain = sample.copy;
  }
  __builtin_prefetch(&slots_[sample.hash & (slots_.size() - 1)]);
  // The slot of the sample in the middle of the queue has come: fetch the stack it names.
  if (at >= kQueue / 2) fetch_stack(queue_[(at - kQueue / 2) % kQueue]);
}

void RawStacks::flush() {
  for (size_t i = queued_ - std::min(queued_, kQueue); i < queued_; ++i) count(queue_[i % kQueue]);
  queued_ = 0;
}

void RawStacks::fetch_stack(const Waiting& sample) const {
  const Slot& slot = slots_[sample.hash & (slots_.size() - 1)];
  if (slot.stack == 0) return;
  const auto* stack = reinterpret_cast<const char*>(stacks_[slot.stack - 1]);
  const size_t end = sizeof(RawStack) + std::min<size_t>(sample.chain.size(), 4 * kCacheLine);
  for (size_t at = 0; at < end; at += kCacheLine) __builtin_prefetch(stack + at);
}

void RawStacks::count(const Waiting& sample) {
  const size_t mask = slots_.size() - 1;
  size_t slot = sample.hash & mask;
  for (; slots_[slot].stack != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].tag != tag_of(sample.hash)) continue;
    RawStack& stack = *stacks_[slots_[slot].stack - 1];
    if (stack.hash == sample.hash && stack.context == sample.context && stack.mode == sample.mode &&
        same_bytes(stack.chain(), sample.chain)) {
      ++stack.samples;
      stack.period += sample.period;
      return;
    }
  }
  stacks_.push_back(store(sample));
  slots_[slot] = {tag_of(sample.hash), static_cast<uint32_t>(stacks_.size())};
  if (stacks_.size() * 2 > slots_.size()) grow();
}

RawStack* RawStacks::store(const Waiting& sample) {
  const size_t size = (sizeof(RawStack) + sample.chain.size() + 7) & ~size_t{7};
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < size) {
    const size_t least = chunks_.empty() ? kFirstChunk : kChunkSize;
    chunks_.emplace_back().reserve(std::max(least, size));
  }
  auto& chunk = chunks_.back();
  const size_t begin = chunk.size();
  chunk.resize(begin + size);
  auto* stack = new (chunk.data() + begin) RawStack;
  stack->hash = sample.hash;
  stack->length = static_cast<uint32_t>(sample.chain.size());
  stack->context = sample.context;
  stack->mode = sample.mode;
  stack->samples = 1;
  stack->period = sample.period;
  std::ranges::copy(sample.chain, reinterpret_cast<std::byte*>(stack + 1));
  return stack;
}

void RawStacks::grow() {
  slots_.assign(slots_.size() * 2, {});
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < stacks_.size(); ++i) {
    const uint64_t hash = stacks_[i]->hash;
    size_t slot = hash & mask;
    while (slots_[slot].stack != 0) slot = (slot + 1) & mask;
    slots_[slot] = {tag_of(hash), static_cast<uint32_t>(i + 1)};
  }
}

}  // namespace prof
