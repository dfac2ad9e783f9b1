#include "record/stack_counts.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "perfdata/format.h"

namespace prof {

namespace {

constexpr size_t kHeadSize = offsetof(stack_message, frames);

bool same(const stack_key& a, const stack_key& b) {
  return a.high == b.high && a.low == b.low;
}
bool same(const count_key& a, const count_key& b) {
  return same(a.stack, b.stack) && a.event == b.event;
}
uint64_t hash_of(const stack_key& key) {
  return key.low;
}
uint64_t hash_of(const count_key& key) {
  return key.stack.low + key.event;
}

/// A kernel address has its highest bit set.
bool is_kernel(uint64_t address) {
  return address >> 63 != 0;
}

void put_bytes(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <std::integral T>
void put(std::vector<std::byte>& out, T value) {
  put_bytes(out, std::as_bytes(std::span(&value, 1)));
}

/// A sample as the kernel would have written it (perf_event_open(2)), with markers between the
/// parts of the chain.
void put_sample(std::vector<std::byte>& out, const EventAttr& event, const stack_message& head,
                std::span<const std::byte> frames, const stack_count& count) {
  const size_t begin = out.size();
  perf_event_header header{};
  header.type = kRecordSample;
  header.misc = is_kernel(head.ip) ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
  put_bytes(out, std::as_bytes(std::span(&header, 1)));
  if (event.has(PERF_SAMPLE_IDENTIFIER)) put(out, event.ids.empty() ? 0 : event.ids.front());
  put(out, head.ip);
  put(out, head.pid);
  put(out, head.tid);
  put(out, count.last_time);
  put(out, count.period);
  if (event.has(PERF_SAMPLE_CALLCHAIN)) {
    const uint64_t kernel = head.kernel_frames;
    const uint64_t user = head.user_frames;
    put(out, kernel + (kernel != 0) + user + (user != 0));
    if (kernel != 0) put(out, uint64_t{PERF_CONTEXT_KERNEL});
    put_bytes(out, frames.first(kernel * 8));
    if (user != 0) put(out, uint64_t{PERF_CONTEXT_USER});
    put_bytes(out, frames.subspan(kernel * 8, user * 8));
  }
  put(out, count.samples);
  header.size = static_cast<uint16_t>(out.size() - begin);
  std::memcpy(out.data() + begin, &header, sizeof header);
}

}  // namespace

template <class Item>
template <class Key>
Item* StackCounts::Table<Item>::find(const Key& key) {
  if (slots_.empty()) return nullptr;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_of(key) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Item& item = items_[slots_[slot] - 1];
    if (same(item.key, key)) return &item;
  }
  return nullptr;
}

template <class Item>
Item& StackCounts::Table<Item>::insert(const Item& item) {
  items_.push_back(item);
  size_t first = items_.size() - 1;
  if (items_.size() * 2 > slots_.size()) {
    slots_.assign(std::max<size_t>(slots_.size() * 2, 1024), 0);
    first = 0;
  }
  const size_t mask = slots_.size() - 1;
  for (size_t i = first; i < items_.size(); ++i) {
    size_t slot = hash_of(items_[i].key) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
  return items_.back();
}

/// Where to count; nullptr if the stack is not known. Adds one to `stacks_met` for a new one.
StackCounts::Count* StackCounts::Epoch::count_of(const count_key& key, uint64_t& stacks_met) {
  if (Count* known = counts.find(key)) return known;
  const Stack* stack = stacks.find(key.stack);
  if (!stack) return nullptr;
  ++stacks_met;
  return &counts.insert({key, static_cast<uint32_t>(stack - stacks.all().data()), {}});
}

void StackCounts::take(std::span<const std::byte> message) {
  uint32_t kind = 0;
  if (message.size() < sizeof kind) return;
  std::memcpy(&kind, message.data(), sizeof kind);
  if (kind == STACK_MESSAGE_HIT && message.size() >= sizeof(stack_hit)) {
    stack_hit hit;
    std::memcpy(&hit, message.data(), sizeof hit);
    add(hit.key, hit.count);
  } else if (kind == STACK_MESSAGE_NEW && message.size() >= kHeadSize) {
    stack_message head{};
    std::memcpy(&head, message.data(), kHeadSize);
    const size_t room = (message.size() - kHeadSize) / 8;
    if (head.kernel_frames > STACK_MAX_KERNEL || head.user_frames > STACK_MAX_USER) return;
    if (size_t{head.kernel_frames} + head.user_frames > room) return;
    if (current_.stacks.find(head.key)) return;
    current_.stacks.insert({head.key, current_.messages.size()});
    put_bytes(current_.messages, message);
  }
}

void StackCounts::add(const count_key& key, const stack_count& added) {
  Count* counted = nullptr;
  if (key.event < events_.size()) counted = current_.count_of(key, stacks_);
  if (!counted && key.event < events_.size()) counted = previous_.count_of(key, stacks_);
  if (!counted) {
    lost_ += added.samples;
    return;
  }
  counted->count.samples += added.samples;
  counted->count.period += added.period;
  counted->count.last_time = std::max(counted->count.last_time, added.last_time);
  samples_[key.event] += added.samples;
}

uint64_t StackCounts::samples_before(size_t event) const {
  return std::accumulate(samples_.begin(), samples_.begin() + static_cast<ptrdiff_t>(event),
                         uint64_t{0});
}

uint64_t StackCounts::samples_from(size_t event) const {
  return std::accumulate(samples_.begin() + static_cast<ptrdiff_t>(event), samples_.end(),
                         uint64_t{0});
}

void StackCounts::write(Epoch& epoch, std::vector<std::byte>& out) {
  for (Count& counted : epoch.counts.all()) {
    if (counted.count.samples == 0) continue;
    const auto message = std::span<const std::byte>(epoch.messages)
                             .subspan(epoch.stacks.all()[counted.stack].message);
    stack_message head{};
    std::memcpy(&head, message.data(), kHeadSize);
    put_sample(out, events_[counted.key.event], head, message.subspan(kHeadSize), counted.count);
    counted.count = {};
    ++records_;
  }
}

void StackCounts::keep_lasting(const Epoch& from) {
  for (const Stack& stack : from.stacks.all()) {
    const auto message = std::span<const std::byte>(from.messages).subspan(stack.message);
    stack_message head{};
    std::memcpy(&head, message.data(), kHeadSize);
    if (head.lasting == 0) continue;
    const size_t size = kHeadSize + 8 * (size_t{head.kernel_frames} + head.user_frames);
    if (current_.messages.size() + size > kEpochSize / 2) return;
    current_.stacks.insert({stack.key, current_.messages.size()});
    put_bytes(current_.messages, message.first(size));
  }
}

void StackCounts::write(std::vector<std::byte>& out) {
  write(previous_, out);
  write(current_, out);
}

void StackCounts::begin_epoch(std::vector<std::byte>& out) {
  end_previous(out);
  write(current_, out);
  previous_ = std::move(current_);
  current_ = {};
  keep_lasting(previous_);
}

void StackCounts::end_previous(std::vector<std::byte>& out) {
  write(previous_, out);
  previous_ = {};
}

}  // namespace prof
