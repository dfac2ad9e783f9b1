#include "report/raw_stacks.h"

#include <algorithm>

#include "perfdata/record.h"
#include "report/callchain.h"

namespace prof {

namespace {
uint32_t tag_of(const Hash128& hash) {
  return static_cast<uint32_t>(hash.high);
}
}  // namespace

void RawStacks::add(SampleContext context, CpuMode mode, U64View chain, uint64_t period,
                    uint64_t samples) {
  Waiting& sample = queue_[queued_ % kQueue];
  if (queued_ >= kQueue) count(sample);  // the oldest makes room
  ++queued_;
  sample.hash = hash_(chain.bytes(), uint64_t{context.index} << 8 | static_cast<uint8_t>(mode));
  sample.context = context;
  sample.mode = mode;
  sample.period = period;
  sample.samples = samples;
  sample.chain = chain;
  if (!in_place_) {
    sample.copy.assign(chain.bytes().begin(), chain.bytes().end());
    sample.chain = {sample.copy, chain.swapped()};
  }
  __builtin_prefetch(&slots_[sample.hash.low & (slots_.size() - 1)], 1);
}

void RawStacks::finish() {
  for (size_t i = queued_ - std::min(queued_, kQueue); i < queued_; ++i) count(queue_[i % kQueue]);
  queued_ = 0;
  for (const Slot& slot : slots_) {
    if (slot.stack == 0) continue;
    stacks_[slot.stack - 1].samples = slot.samples;
    stacks_[slot.stack - 1].period = slot.period;
  }
}

void RawStacks::count(const Waiting& sample) {
  const size_t mask = slots_.size() - 1;
  size_t at = sample.hash.low & mask;
  for (; slots_[at].stack != 0; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.hash != sample.hash.low || slot.tag != tag_of(sample.hash)) continue;
    slot.samples += sample.samples;
    slot.period += sample.period;
    if (keeps_sequence_) sequence_.push_back(slot.stack - 1);
    return;
  }
  if (keeps_sequence_) sequence_.push_back(static_cast<uint32_t>(stacks_.size()));
  store(sample);
  slots_[at] = {sample.hash.low, tag_of(sample.hash), static_cast<uint32_t>(stacks_.size()),
                sample.samples, sample.period};
  if (stacks_.size() * 2 > slots_.size()) grow();
}

void RawStacks::store(const Waiting& sample) {
  RawStack stack;
  stack.context = sample.context.index;
  numbers_.begin();
  for_each_address(sample.chain, sample.mode, [&](CpuMode mode, FrameAddress address) {
    stack.joined = stack.joined || address.addr == kJoinedStack;
    if (max_stack_ > 0 && numbers_.length() >= max_stack_) return;
    numbers_.put(addresses_.intern(sample.context, mode, address));
  });
  if (const size_t words = sample.chain.size(); words > 0) {
    const uint64_t last = sample.chain[words - 1];
    if (is_stop_marker(last)) stack.end = stack_end(static_cast<UnwindStop>(last - kContextStop));
  }
  stack.addresses = numbers_.last();
  stack.length = static_cast<uint32_t>(numbers_.length());
  total_length_ += stack.length;
  stacks_.push_back(stack);
}

void RawStacks::grow() {
  std::vector<Slot, HugeAllocator<Slot>> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.stack == 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].stack != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace prof
