#include "report/woken_stacks.h"

#include "report/callchain.h"

namespace prof {

namespace {

void append(std::vector<std::byte>& bytes, const WokenPart& part) {
  const uint64_t head[] = {part.context.index, static_cast<uint64_t>(part.mode), part.chain.size()};
  const auto words = std::as_bytes(std::span(head));
  bytes.insert(bytes.end(), words.begin(), words.end());
  bytes.insert(bytes.end(), part.chain.bytes().begin(), part.chain.bytes().end());
}

std::vector<uint32_t> numbers_of(const WokenPart& part, AddressTable& addresses) {
  std::vector<uint32_t> numbers;
  for_each_address(part.chain, part.mode, [&](CpuMode mode, FrameAddress address) {
    numbers.push_back(addresses.intern(part.context, mode, address));
  });
  return numbers;
}

}  // namespace

void WokenStacks::add(const WokenPart& woken, const WokenPart& waker, StringId waker_comm,
                      AddressTable& addresses, uint64_t period, uint64_t samples) {
  bytes_.clear();
  append(bytes_, woken);
  append(bytes_, waker);
  const Hash128 hash = hash_(bytes_, waker_comm.value);
  const auto [found, added] = by_hash_.try_emplace({hash.low, hash.high}, stacks_.size());
  if (added) {
    Stack stack;
    stack.context = woken.context.index;
    stack.waker_comm = waker_comm;
    stack.woken = numbers_of(woken, addresses);
    stack.waker = numbers_of(waker, addresses);
    total_length_ += stack.woken.size() + stack.waker.size() + 2;
    stacks_.push_back(std::move(stack));
  }
  stacks_[found->second].samples += samples;
  stacks_[found->second].period += period;
}

}  // namespace prof
