#include "record/stack_counts.h"

#include <algorithm>
#include <cstring>

#include "perfdata/format.h"

namespace prof {

namespace {

bool same(const stack_key& a, const stack_key& b) {
  return a.high == b.high && a.low == b.low;
}

/// A kernel address has its highest bit set.
bool is_kernel(uint64_t address) {
  return address >> 63 != 0;
}

void put_bytes(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <class T>
void put(std::vector<std::byte>& out, T value) {
  put_bytes(out, std::as_bytes(std::span(&value, 1)));
}

}  // namespace

StackCounts::StackCounts(std::span<const EventAttr> events) {
  for (const EventAttr& event : events) {
    Layout layout;
    layout.identified = event.has(PERF_SAMPLE_IDENTIFIER);
    layout.chains = event.has(PERF_SAMPLE_CALLCHAIN);
    layout.id = event.ids.empty() ? 0 : event.ids.front();
    // header, identifier, ip, pid and tid, then time and period (perf_event_open(2))
    layout.time_at = sizeof(perf_event_header) + (layout.identified ? 8 : 0) + 16;
    layout.period_at = layout.time_at + 8;
    layouts_.push_back(layout);
  }
}

StackCounts::Stack* StackCounts::Epoch::find(const stack_key& key) {
  if (slots.empty()) return nullptr;
  for (size_t slot = key.low & (slots.size() - 1); slots[slot] != 0;
       slot = (slot + 1) & (slots.size() - 1)) {
    Stack& stack = stacks[slots[slot] - 1];
    if (same(stack.key, key)) return &stack;
  }
  return nullptr;
}

void StackCounts::Epoch::insert(const Stack& stack) {
  stacks.push_back(stack);
  size_t first = stacks.size() - 1;
  if (stacks.size() * 2 > slots.size()) {
    slots.assign(std::max<size_t>(slots.size() * 2, 1024), 0);
    first = 0;
  }
  for (size_t i = first; i < stacks.size(); ++i) {
    size_t slot = stacks[i].key.low & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = static_cast<uint32_t>(i + 1);
  }
}

void StackCounts::take(std::span<const std::byte> message) {
  uint32_t kind = 0;
  if (message.size() < sizeof kind) return;
  std::memcpy(&kind, message.data(), sizeof kind);
  if (kind == STACK_MESSAGE_HIT && message.size() >= sizeof(stack_hit)) {
    stack_hit hit;
    std::memcpy(&hit, message.data(), sizeof hit);
    add(hit.key, hit.count);
  } else if (kind == STACK_MESSAGE_NEW && message.size() >= offsetof(stack_message, frames)) {
    stack_message head{};
    std::memcpy(&head, message.data(), offsetof(stack_message, frames));
    const auto frames = message.subspan(offsetof(stack_message, frames));
    const uint64_t count = uint64_t{head.kernel_frames} + head.user_frames;
    if (head.event < layouts_.size() && count <= frames.size() / 8) remember(head, frames);
  }
}

/// The record as the kernel would have written it, with markers between the parts of the chain.
void StackCounts::remember(const stack_message& message, std::span<const std::byte> frames) {
  if (current_.find(message.key)) return;
  const Layout& layout = layouts_[message.event];
  std::vector<std::byte>& out = current_.records;
  Stack stack;
  stack.key = message.key;
  stack.event = message.event;
  stack.record = out.size();
  perf_event_header header{};
  header.type = kRecordSample;
  header.misc = is_kernel(message.ip) ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
  put(out, header);
  if (layout.identified) put(out, layout.id);
  put(out, message.ip);
  put(out, message.pid);
  put(out, message.tid);
  put(out, message.time);
  put(out, uint64_t{0});  // period
  if (layout.chains) {
    const size_t length_at = out.size();
    uint64_t length = 0;
    put(out, length);
    const auto part = [&](uint64_t context, size_t first, size_t count) {
      if (count == 0) return;
      put(out, context);
      put_bytes(out, frames.subspan(first * 8, count * 8));
      length += 1 + count;
    };
    part(PERF_CONTEXT_KERNEL, 0, message.kernel_frames);
    part(PERF_CONTEXT_USER, message.kernel_frames, message.user_frames);
    std::memcpy(out.data() + length_at, &length, sizeof length);
  }
  stack.weight_at = static_cast<uint32_t>(out.size() - stack.record);
  put(out, uint64_t{0});  // weight
  header.size = static_cast<uint16_t>(out.size() - stack.record);
  std::memcpy(out.data() + stack.record, &header, sizeof header);
  current_.insert(stack);
  ++stacks_;
}

void StackCounts::add(const stack_key& key, const stack_count& count) {
  Stack* stack = current_.find(key);
  if (!stack) stack = previous_.find(key);
  if (!stack) {
    lost_ += count.samples;
    return;
  }
  stack->count.samples += count.samples;
  stack->count.period += count.period;
  stack->count.last_time = std::max(stack->count.last_time, count.last_time);
  samples_ += count.samples;
}

void StackCounts::write(Epoch& epoch, std::vector<std::byte>& out) const {
  for (Stack& stack : epoch.stacks) {
    if (stack.count.samples == 0) continue;
    const Layout& layout = layouts_[stack.event];
    std::byte* record = epoch.records.data() + stack.record;
    perf_event_header header;
    std::memcpy(&header, record, sizeof header);
    std::memcpy(record + layout.time_at, &stack.count.last_time, 8);
    std::memcpy(record + layout.period_at, &stack.count.period, 8);
    std::memcpy(record + stack.weight_at, &stack.count.samples, 8);
    put_bytes(out, std::span(record, header.size));
    stack.count = {};
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
}

void StackCounts::end_previous(std::vector<std::byte>& out) {
  write(previous_, out);
  previous_ = {};
}

}  // namespace prof
