#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "perfdata/decode.h"
#include "perfdata/record_walk.h"
#include "perfdata/woken.h"
#include "record/stack_counts.h"
#include "symbolize/kernel_symbols.h"

using namespace prof;

namespace {

constexpr uint64_t kKernelIp = 0xffffffff81000010;
constexpr uint64_t kUserIp = 0x401234;

std::vector<EventAttr> one_event() {
  EventAttr event;
  event.attr.type = PERF_TYPE_SOFTWARE;
  event.attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                           PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT;
  event.attr.wakeup_events = kOwnMarks | kMarkCounted;
  event.attr.sample_period = 1000;
  event.ids = {7};
  return {event};
}

std::vector<std::byte> message(uint64_t number, std::vector<uint64_t> kernel,
                               std::vector<uint64_t> user) {
  stack_message head{};
  head.kind = STACK_MESSAGE_NEW;
  head.key = {number, number * 3};
  head.pid = 10;
  head.tid = 11;
  head.kernel_frames = static_cast<uint32_t>(kernel.size());
  head.user_frames = static_cast<uint32_t>(user.size());
  head.ip = kernel.empty() ? kUserIp : kKernelIp;
  std::vector<std::byte> bytes(offsetof(stack_message, frames) + 8 * (kernel.size() + user.size()));
  std::memcpy(bytes.data(), &head, offsetof(stack_message, frames));
  kernel.insert(kernel.end(), user.begin(), user.end());
  std::memcpy(bytes.data() + offsetof(stack_message, frames), kernel.data(), 8 * kernel.size());
  return bytes;
}

count_key key(uint64_t number) {
  return {{number, number * 3}, 0, 0};
}

struct Read {
  uint64_t period, samples, time;
  CpuMode mode;
  std::vector<uint64_t> chain;
};

std::vector<Read> read(const std::vector<std::byte>& records) {
  EventTable events;
  events.add(one_event().front());
  const Decoder decoder(events, false);
  std::vector<Read> found;
  for_each_record(records,
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    RecordView view;
                    view.header = header;
                    view.payload = payload;
                    SampleRecord sample;
                    REQUIRE(decoder.sample(view, sample));
                    Read each{sample.period, sample.weight, sample.time, sample.cpu_mode(), {}};
                    for (size_t i = 0; i < sample.callchain.size(); ++i) {
                      each.chain.push_back(sample.callchain[i]);
                    }
                    found.push_back(each);
                  });
  return found;
}

}  // namespace

namespace {

std::vector<std::byte> pair_message(uint64_t number, uint64_t woken, uint64_t waker) {
  const stack_pair pair{STACK_MESSAGE_PAIR, 0, key(number).stack, key(woken).stack,
                        key(waker).stack};
  const auto bytes = std::as_bytes(std::span(&pair, 1));
  return {bytes.begin(), bytes.end()};
}

std::vector<EventAttr> wakeup_event() {
  auto events = one_event();
  events.front().attr.sample_type |= PERF_SAMPLE_RAW;
  events.front().attr.wakeup_events = kOwnMarks | kMarkCounted | kMarkWoken;
  return events;
}

/// The only sample in there; its views are of `records`.
SampleRecord only_sample(const std::vector<std::byte>& records, const EventTable& events) {
  const Decoder decoder(events, false);
  SampleRecord sample;
  size_t count = 0;
  for_each_record(records,
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    CHECK(header.size % 8 == 0);
                    RecordView view;
                    view.header = header;
                    view.payload = payload;
                    REQUIRE(decoder.sample(view, sample));
                    ++count;
                  });
  REQUIRE(count == 1);
  return sample;
}

}  // namespace

TEST_CASE("A waker's sample tells of whom it woke", "[stack_counts]") {
  const auto events = wakeup_event();
  EventTable table;
  table.add(events.front());
  StackCounts counts(events);
  counts.take(message(1, {kKernelIp}, {kUserIp, kUserIp + 8}));
  counts.take(message(2, {kKernelIp + 16, kKernelIp + 32}, {kUserIp + 64}));
  counts.take(pair_message(3, 1, 2));
  counts.add(key(3), {5, 5000, 77});
  std::vector<std::byte> records;
  counts.write(records);
  const SampleRecord sample = only_sample(records, table);
  CHECK(sample.period == 5000);
  CHECK(sample.weight == 5);
  REQUIRE(sample.callchain.size() == 5);  // with two markers
  CHECK(sample.callchain[1] == kKernelIp + 16);
  CHECK(sample.callchain[4] == kUserIp + 64);
  const auto woken = decode_woken(sample.raw, false);
  REQUIRE(woken.has_value());
  CHECK(woken->pid == 10);
  CHECK(woken->tid == 11);
  REQUIRE(woken->chain.size() == 5);
  CHECK(woken->chain[0] == PERF_CONTEXT_KERNEL);
  CHECK(woken->chain[1] == kKernelIp);
  CHECK(woken->chain[4] == kUserIp + 8);
  for (size_t size = 0; size < sample.raw.size(); ++size) {
    CHECK_FALSE(decode_woken(sample.raw.first(size), false).has_value());
  }
}

TEST_CASE("A pair of which a stack is not known is lost, and counted so", "[stack_counts]") {
  const auto events = wakeup_event();
  StackCounts counts(events);
  counts.take(message(1, {kKernelIp}, {}));
  counts.take(pair_message(3, 1, 2));
  counts.take(pair_message(4, 2, 1));
  counts.add(key(3), {2, 100, 1});
  counts.add(key(4), {1, 100, 1});
  CHECK(counts.lost() == 3);
  std::vector<std::byte> records;
  counts.write(records);
  CHECK(records.empty());
  const auto whole = pair_message(5, 1, 1);
  for (size_t size = 0; size < whole.size(); ++size) {
    counts.take(std::span(whole).first(size));
  }
  counts.add(key(5), {1, 100, 1});
  CHECK(counts.lost() == 4);
}

TEST_CASE("A pair is found by its stacks of the epoch before", "[stack_counts]") {
  const auto events = wakeup_event();
  EventTable table;
  table.add(events.front());
  StackCounts counts(events);
  std::vector<std::byte> records;
  counts.take(message(1, {kKernelIp}, {}));
  counts.begin_epoch(records);
  counts.take(message(2, {kKernelIp + 16}, {}));
  counts.take(pair_message(3, 1, 2));
  counts.end_previous(records);
  counts.add(key(3), {1, 100, 1});
  counts.write(records);
  CHECK(decode_woken(only_sample(records, table).raw, false)->chain[1] == kKernelIp);
}

TEST_CASE("An interrupt is no thread's doing", "[stack_counts]") {
  std::string text;
  text += "ffffffff81000000 T before\n";
  text += "ffffffff81001000 T asm_sysvec_apic_timer_interrupt\n";
  text += "ffffffff81001100 T after\n";
  const InterruptFunctions interrupts(parse_kallsyms({text.begin(), text.end()}, {}).symbols);
  CHECK_FALSE(interrupts.empty());
  CHECK_FALSE(interrupts.hold(0xffffffff81000fff));
  CHECK(interrupts.hold(0xffffffff81001000));
  CHECK(interrupts.hold(0xffffffff810010ff));
  CHECK_FALSE(interrupts.hold(0xffffffff81001100));
  CHECK_FALSE(InterruptFunctions().hold(0xffffffff81001000));

  const auto events = wakeup_event();
  EventTable table;
  table.add(events.front());
  StackCounts counts(events, STACK_MAX_FRAMES, &interrupts);
  counts.take(message(1, {kKernelIp}, {kUserIp}));
  counts.take(message(2, {kKernelIp, 0xffffffff81001010, 0xffffffff81002000}, {kUserIp + 64}));
  counts.take(pair_message(3, 1, 2));
  counts.add(key(3), {1, 100, 1});
  std::vector<std::byte> records;
  counts.write(records);
  const SampleRecord sample = only_sample(records, table);
  CHECK(sample.pid == 0);
  CHECK(sample.tid == 0);
  REQUIRE(sample.callchain.size() == 3);  // a marker, and up to where the interrupt was taken
  CHECK(sample.callchain[2] == 0xffffffff81001010);
  const auto woken = decode_woken(sample.raw, false);
  REQUIRE(woken.has_value());
  CHECK(woken->pid == 10);
  CHECK(woken->chain.size() == 4);
}

TEST_CASE("Each distinct stack becomes one sample with all that was counted", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  counts.take(message(1, {kKernelIp, kKernelIp + 1}, {kUserIp}));
  counts.take(message(2, {}, {kUserIp, kUserIp + 5}));
  counts.add(key(1), {3, 3000, 70});
  counts.add(key(2), {1, 1000, 60});
  counts.add(key(1), {2, 2000, 90});
  std::vector<std::byte> out;
  counts.write(out);
  const auto samples = read(out);
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].samples == 5);
  CHECK(samples[0].period == 5000);
  CHECK(samples[0].time == 90);
  CHECK(samples[0].mode == CpuMode::Kernel);
  CHECK(samples[0].chain == std::vector<uint64_t>{PERF_CONTEXT_KERNEL, kKernelIp, kKernelIp + 1,
                                                  PERF_CONTEXT_USER, kUserIp});
  CHECK(samples[1].samples == 1);
  CHECK(samples[1].mode == CpuMode::User);
  CHECK(samples[1].chain == std::vector<uint64_t>{PERF_CONTEXT_USER, kUserIp, kUserIp + 5});
  CHECK(counts.samples_before(1) == 6);
  CHECK(counts.lost() == 0);

  out.clear();
  counts.write(out);
  CHECK(out.empty());  // nothing was counted since
  counts.add(key(1), {1, 1000, 95});
  counts.write(out);
  CHECK(counts.records() == 3);
  CHECK(counts.stacks() == 2);
}

TEST_CASE("A count whose stack never came is lost, and said to be", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  counts.add(key(9), {4, 4000, 1});
  CHECK(counts.lost() == 4);
  CHECK(counts.samples_before(1) == 0);
}

TEST_CASE("A sample that found no room in the table comes by itself", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  counts.take(message(1, {}, {kUserIp}));
  const stack_hit hit{STACK_MESSAGE_HIT, 0, key(1), {1, 1000, 5}};
  counts.take(std::as_bytes(std::span(&hit, 1)));
  CHECK(counts.samples_before(1) == 1);
}

TEST_CASE("What was counted before an epoch ended is not lost", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  std::vector<std::byte> out;
  counts.take(message(1, {}, {kUserIp}));
  counts.add(key(1), {1, 1000, 5});
  counts.begin_epoch(out);
  counts.add(key(1), {2, 2000, 6});        // late
  counts.take(message(1, {}, {kUserIp}));  // sent again
  counts.add(key(1), {4, 4000, 7});
  counts.end_previous(out);
  counts.write(out);
  uint64_t samples = 0;
  uint64_t period = 0;
  for (const Read& each : read(out)) {
    samples += each.samples;
    period += each.period;
  }
  CHECK(samples == 7);
  CHECK(period == 7000);
  CHECK(counts.lost() == 0);
}

TEST_CASE("Where a thread sleeps is not forgotten while it sleeps", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  auto sleeping = message(1, {kKernelIp}, {kUserIp});
  sleeping[offsetof(stack_message, lasting)] = std::byte{1};
  counts.take(sleeping);
  counts.take(message(2, {}, {kUserIp}));
  std::vector<std::byte> out;
  for (int i = 0; i < 3; ++i) {
    counts.begin_epoch(out);
    counts.end_previous(out);
  }
  counts.add(key(1), {1, 5000, 9});
  counts.add(key(2), {1, 1000, 9});
  CHECK(counts.lost() == 1);
  counts.write(out);
  const auto samples = read(out);
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].period == 5000);
  CHECK(samples[0].chain.size() == 4);
}

TEST_CASE("Many stacks, and messages that make no sense", "[stack_counts]") {
  const auto events = one_event();
  StackCounts counts(events);
  for (uint64_t i = 1; i <= 5000; ++i) {
    counts.take(message(i, {}, {kUserIp + i}));
    counts.add(key(i), {i, i, i});
  }
  std::vector<std::byte> out;
  const auto whole = message(6000, {kKernelIp}, {kUserIp});
  for (size_t size = 0; size < whole.size(); ++size) counts.take(std::span(whole).first(size));
  for (const size_t at :
       {offsetof(stack_message, kernel_frames), offsetof(stack_message, user_frames)}) {
    auto wrong = whole;
    wrong[at] = std::byte{0xff};
    counts.take(wrong);
  }
  counts.add({{6000, 18000}, 0, 0}, {1, 1, 1});
  counts.add({{1, 3}, 7, 0}, {1, 1, 1});
  CHECK(counts.lost() == 2);
  counts.write(out);
  CHECK(read(out).size() == 5000);
  CHECK(counts.samples_before(1) == 5000 * 5001 / 2);
}
