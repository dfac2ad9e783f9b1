#include "record/unfinished_walks.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace prof {

namespace {

// Of each CPU, as a program that was interrupted goes on later.
constexpr size_t kMostBegun = 4096;

template <class T>
std::optional<T> head_of(std::span<const std::byte> message, size_t size) {
  if (message.size() < size) return std::nullopt;
  T head{};
  std::memcpy(&head, message.data(), size);
  return head;
}

}  // namespace

void UnfinishedWalks::take(std::span<const std::byte> message) {
  const auto kind = head_of<uint32_t>(message, sizeof(uint32_t));
  if (kind == STACK_MESSAGE_STATE) {
    if (const auto state = head_of<stack_state>(message, sizeof(stack_state))) begin(*state);
  } else if (kind == STACK_MESSAGE_COPY) {
    constexpr size_t kHead = offsetof(stack_copy, data);
    if (const auto copy = head_of<stack_copy>(message, kHead))
      extend(*copy, message.subspan(kHead));
  } else if (kind == STACK_MESSAGE_NEW) {
    constexpr size_t kHead = offsetof(stack_message, frames);
    const auto stack = head_of<stack_message>(message, kHead);
    if (stack && stack->unfinished != 0) complete(stack->key);
  }
}

void UnfinishedWalks::begin(const stack_state& state) {
  if (begun_.size() >= kMostBegun) begun_.clear();  // their stacks were lost
  LiveWalk walk;
  walk.key = state.key;
  walk.pid = state.pid;
  walk.time = state.time;
  walk.exec_pages = state.exec_pages;
  walk.user.machine = EM_X86_64;
  std::ranges::copy(state.registers, walk.user.registers.begin());
  walk.user.valid = (uint64_t{1} << STACK_REGISTERS) - 1;
  constexpr size_t kStackPointer = 7;  // rsp, by DWARF's numbers
  walk.user.stack_begin = VirtAddr{state.registers[kStackPointer]};
  begun_.insert_or_assign(state.key.low, std::move(walk));
}

void UnfinishedWalks::extend(const stack_copy& head, std::span<const std::byte> bytes) {
  const auto found = begun_.find(head.key.low);
  if (found == begun_.end() || head.size > bytes.size()) return;
  LiveWalk& walk = found->second;
  if (head.address != raw(walk.user.stack_begin) + walk.stack.size()) return;
  const auto part = bytes.first(head.size);
  walk.stack.insert(walk.stack.end(), part.begin(), part.end());
}

void UnfinishedWalks::complete(const stack_key& key) {
  const auto found = begun_.find(key.low);
  if (found == begun_.end()) {
    // Where it began was lost: it stays as it is, but somebody has to say so.
    LiveWalk walk;
    walk.key = key;
    walk.has_user = false;
    complete_.push_back(std::move(walk));
    return;
  }
  complete_.push_back(std::move(found->second));
  begun_.erase(found);
}

std::vector<LiveWalk> UnfinishedWalks::take_complete() {
  return std::exchange(complete_, {});
}

}  // namespace prof
