#include "record/stack_counts.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "perfdata/woken.h"
#include "record/chain_sample.h"

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

void put_bytes(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Why a walk in the kernel ended, as it stands in a finished message: an UnwindStop plus one, or 0
/// where the kernel walked by frame pointers, and does not say.
uint32_t stop_of(uint32_t end) {
  const auto stop = [](UnwindStop why) { return 1 + static_cast<uint32_t>(why); };
  switch (end) {
    case UNWIND_STEPPED:
      return 0;
    case UNWIND_END_OF_STACK:
      return stop(UnwindStop::EndOfStack);
    case UNWIND_UNSUPPORTED_RULE:
      return stop(UnwindStop::UnsupportedRule);
    case UNWIND_UNREADABLE:
    case UNWIND_NO_PROGRESS:
      return stop(UnwindStop::NoProgress);
    case UNWIND_END_NO_RANGE:
      return stop(UnwindStop::NoMapping);
    case UNWIND_END_LIMIT:
      return stop(UnwindStop::FrameLimit);
    default:
      return stop(UnwindStop::NoUnwindInfo);
  }
}

stack_message head_of(std::span<const std::byte> message) {
  stack_message head{};
  std::memcpy(&head, message.data(), kHeadSize);
  return head;
}

size_t size_of(const stack_message& head) {
  return kHeadSize + 8 * (size_t{head.kernel_frames} + head.user_frames);
}

/// The raw data that tell of a thread that was woken.
std::vector<std::byte> woken_data(std::span<const std::byte> message) {
  const stack_message head = head_of(message);
  const auto frames = message.subspan(kHeadSize);
  const size_t kernel = size_t{head.kernel_frames} * 8;
  return encode_woken(head.pid, head.tid, frames.first(kernel),
                      frames.subspan(kernel, size_t{head.user_frames} * 8));
}

/// A record of a stack; what else it says is to be filled in.
ChainSample sample_of(const EventAttr& event, const stack_message& head,
                      std::span<const std::byte> frames) {
  ChainSample sample;
  sample.ip = head.ip;
  sample.pid = head.pid;
  sample.tid = head.tid;
  sample.kernel = frames.first(size_t{head.kernel_frames} * 8);
  sample.user = frames.subspan(sample.kernel.size(), size_t{head.user_frames} * 8);
  sample.ends = event.is_unwound() ? head.end : 0;
  return sample;
}

void put_counted(std::vector<std::byte>& out, const EventAttr& event, ChainSample record,
                 const stack_count& count) {
  record.time = count.last_time;
  record.period = count.period;
  record.weight = count.samples;
  put_sample(out, event, record);
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
  } else if (kind == STACK_MESSAGE_SAMPLE && message.size() >= sizeof(stack_sample)) {
    stack_sample sample;
    std::memcpy(&sample, message.data(), sizeof sample);
    take_sample(sample);
  } else if (kind == STACK_MESSAGE_PAIR && message.size() >= sizeof(stack_pair)) {
    stack_pair pair;
    std::memcpy(&pair, message.data(), sizeof pair);
    take_pair(pair);
  } else if (kind == STACK_MESSAGE_NEW && message.size() >= kHeadSize) {
    take_stack(message);
  }
}

/// Where one of the two stacks is forgotten the pair is none, and what it counts is lost.
void StackCounts::take_pair(const stack_pair& pair) {
  if (current_.stacks.find(pair.key)) return;
  if (!keep_here(pair.waker) || !keep_here(pair.woken)) return;
  current_.pairs.push_back(pair);
  current_.stacks.insert({pair.key, 0, false, static_cast<uint32_t>(current_.pairs.size())});
}

/// Makes sure that the stack is in the current epoch, with its message.
bool StackCounts::keep_here(const stack_key& key) {
  if (const Stack* here = current_.stacks.find(key)) return here->pair == 0;
  const Stack* before = previous_.stacks.find(key);
  if (!before || before->pair != 0) return false;
  const auto message = std::span<const std::byte>(previous_.messages).subspan(before->message);
  current_.stacks.insert({key, current_.messages.size(), before->unfinished});
  put_bytes(current_.messages, message.first(size_of(head_of(message))));
  return true;
}

void StackCounts::take_stack(std::span<const std::byte> message) {
  stack_message head{};
  std::memcpy(&head, message.data(), kHeadSize);
  const size_t room = (message.size() - kHeadSize) / 8;
  if (head.kernel_frames > STACK_MAX_KERNEL || head.user_frames > STACK_MAX_USER) return;
  const size_t frames = size_t{head.kernel_frames} + head.user_frames;
  if (frames > room || current_.stacks.find(head.key)) return;
  head.end = stop_of(head.end);
  current_.stacks.insert({head.key, current_.messages.size(), head.unfinished != 0});
  put_bytes(current_.messages, std::as_bytes(std::span(&head, 1)).first(kHeadSize));
  put_bytes(current_.messages, message.subspan(kHeadSize, frames * 8));
}

void StackCounts::finish(const LiveChain& chain) {
  const bool known = finish(current_, chain);
  if (!finish(previous_, chain) && !known) return;
  auto [held, end] = held_.equal_range(chain.key.low);
  while (held != end) {
    const bool done =
        put_single(current_, held->second, true) || put_single(previous_, held->second, true);
    held = done ? held_.erase(held) : std::next(held);
  }
}

bool StackCounts::finish(Epoch& epoch, const LiveChain& chain) {
  Stack* stack = epoch.stacks.find(chain.key);
  if (!stack || stack->pair != 0) return false;
  stack_message head{};
  std::memcpy(&head, epoch.messages.data() + stack->message, kHeadSize);
  stack->unfinished = false;
  const size_t kernel = size_t{head.kernel_frames} * 8;
  const size_t from = stack->message + kHeadSize;
  head.end = 1 + static_cast<uint32_t>(chain.stop);
  const size_t room = max_frames_ - std::min<size_t>(max_frames_, head.kernel_frames);
  const auto frames = std::span(chain.frames).first(std::min(chain.frames.size(), room));
  if (frames.size() < chain.frames.size()) {
    head.end = 1 + static_cast<uint32_t>(UnwindStop::FrameLimit);
  }
  if (frames.empty()) {
    std::memcpy(epoch.messages.data() + stack->message, &head, kHeadSize);
    return true;
  }
  head.user_frames = static_cast<uint32_t>(frames.size());
  std::vector<std::byte> message;
  message.reserve(kHeadSize + kernel + frames.size_bytes());
  put_bytes(message, std::as_bytes(std::span(&head, 1)).first(kHeadSize));
  put_bytes(message, std::span<const std::byte>(epoch.messages).subspan(from, kernel));
  put_bytes(message, std::as_bytes(frames));
  stack->message = epoch.messages.size();
  put_bytes(epoch.messages, message);
  return true;
}

/// A sample of a stack that is known, and finished unless it may be as it is.
bool StackCounts::put_single(Epoch& epoch, const stack_sample& sample, bool finished_only) {
  const Stack* stack = epoch.stacks.find(sample.key);
  if (!stack || stack->pair != 0 || (stack->unfinished && finished_only)) return false;
  Count* counted = epoch.count_of({sample.key, sample.event, 0}, stacks_);
  if (!counted) return false;
  const auto message = std::span<const std::byte>(epoch.messages).subspan(stack->message);
  stack_message head{};
  std::memcpy(&head, message.data(), kHeadSize);
  ChainSample record = sample_of(events_[sample.event], head, message.subspan(kHeadSize));
  record.tid = sample.tid;
  record.cpu = sample.cpu;
  record.time = sample.time;
  record.period = sample.period;
  record.weight = 1;
  put_sample(single_, events_[sample.event], record);
  ++samples_[sample.event];
  return true;
}

void StackCounts::take_sample(const stack_sample& sample) {
  if (sample.event >= events_.size()) return;
  if (put_single(current_, sample, true) || put_single(previous_, sample, true)) return;
  if (find(current_, sample.key) || find(previous_, sample.key)) {
    held_.emplace(sample.key.low, sample);
  } else {
    ++lost_;
  }
}

void StackCounts::write_samples(std::vector<std::byte>& out) {
  put_bytes(out, single_);
  single_.clear();
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

/// How many of a stack's frames are an interrupt's; 0 if it is none.
uint32_t StackCounts::interrupt_frames(std::span<const std::byte> message) const {
  if (!interrupts_) return 0;
  for (uint32_t i = head_of(message).kernel_frames; i-- > 0;) {
    uint64_t address = 0;
    std::memcpy(&address, message.data() + kHeadSize + size_t{i} * 8, sizeof address);
    if (interrupts_->hold(address)) return i + 1;
  }
  return 0;
}

/// False if it has to wait for one of its stacks to be finished.
bool StackCounts::put_pair(Epoch& epoch, const Count& counted, bool unfinished_too,
                           std::vector<std::byte>& out) const {
  const stack_pair& pair = epoch.pairs[epoch.stacks.all()[counted.stack].pair - 1];
  const Stack* waker = epoch.stacks.find(pair.waker);
  const Stack* woken = epoch.stacks.find(pair.woken);
  if ((waker->unfinished || woken->unfinished) && !unfinished_too) return false;
  const std::span<const std::byte> messages(epoch.messages);
  const auto message = messages.subspan(waker->message);
  stack_message head = head_of(message);
  if (const uint32_t frames = interrupt_frames(message)) {
    // The thread was there by chance: what it did is not told.
    head.pid = head.tid = 0;
    head.kernel_frames = frames;
    head.user_frames = 0;
  }
  const EventAttr& event = events_[counted.key.event];
  const auto raw = woken_data(messages.subspan(woken->message));
  ChainSample record = sample_of(event, head, message.subspan(kHeadSize));
  record.raw = raw;
  put_counted(out, event, record, counted.count);
  return true;
}

void StackCounts::write(Epoch& epoch, std::vector<std::byte>& out, bool unfinished_too) {
  for (Count& counted : epoch.counts.all()) {
    const Stack& stack = epoch.stacks.all()[counted.stack];
    if (counted.count.samples == 0 || (stack.unfinished && !unfinished_too)) continue;
    if (stack.pair != 0) {
      if (!put_pair(epoch, counted, unfinished_too, out)) continue;
    } else {
      const auto message = std::span<const std::byte>(epoch.messages).subspan(stack.message);
      const EventAttr& event = events_[counted.key.event];
      put_counted(out, event, sample_of(event, head_of(message), message.subspan(kHeadSize)),
                  counted.count);
    }
    counted.count = {};
    ++records_;
  }
}

void StackCounts::keep_lasting(const Epoch& from) {
  for (const Stack& stack : from.stacks.all()) {
    if (stack.pair != 0) continue;
    const auto message = std::span<const std::byte>(from.messages).subspan(stack.message);
    const stack_message head = head_of(message);
    if (head.lasting == 0) continue;
    const size_t size = size_of(head);
    if (current_.messages.size() + size > kEpochSize / 2) return;
    current_.stacks.insert({stack.key, current_.messages.size(), stack.unfinished});
    put_bytes(current_.messages, message.first(size));
  }
}

void StackCounts::write(std::vector<std::byte>& out) {
  write(previous_, out, false);
  write(current_, out, false);
}

void StackCounts::begin_epoch(std::vector<std::byte>& out) {
  end_previous(out);
  write(current_, out, false);
  previous_ = std::move(current_);
  current_ = {};
  keep_lasting(previous_);
}

/// What is not finished by now goes as it is.
void StackCounts::end_previous(std::vector<std::byte>& out) {
  write(previous_, out, true);
  std::erase_if(held_, [&](const auto& held) { return put_single(previous_, held.second, false); });
  previous_ = {};
}

void StackCounts::write_all(std::vector<std::byte>& out) {
  write(current_, out, true);
  std::erase_if(held_, [&](const auto& held) { return put_single(current_, held.second, false); });
  end_previous(out);
  lost_ += std::exchange(held_, {}).size();
  write_samples(out);
}

}  // namespace prof
