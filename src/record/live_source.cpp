#include "record/live_source.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "perfdata/record_walk.h"
#include "record/chain_sample.h"
#include "unwind/user_state.h"

namespace prof {

namespace {

#if defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_X86_64;
#endif

constexpr auto kRound = std::chrono::seconds(1);
constexpr auto kPatience = std::chrono::milliseconds(50);

/// As the file has it: with whole chains, and nothing to make them of.
EventAttr unwound(EventAttr event) {
  if (!event.has(PERF_SAMPLE_STACK_USER)) return event;
  perf_event_attr& attr = event.attr;
  attr.sample_type &= ~uint64_t{PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER};
  attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
  attr.sample_regs_user = 0;
  attr.sample_stack_user = 0;
  attr.exclude_callchain_user = 0;
  set_mark(attr, kMarkUnwound);
  return event;
}

std::vector<EventAttr> all_unwound(std::span<const EventAttr> events) {
  std::vector<EventAttr> all;
  for (const EventAttr& event : events) all.push_back(unwound(event));
  return all;
}

}  // namespace

LiveSource::LiveSource(PerfSource& perf, const DiskCache& cache)
    : perf_(perf),
      events_(all_unwound(perf.events())),
      recorded_(EventTable::of(perf.events())),
      decoder_(recorded_, false),
      unwinder_(perf.events(), cache) {}

void LiveSource::stop() {
  perf_.stop();
  stopped_ = true;
}

/// Holds a sample that has a stack to be walked; false for others, which stay as they are.
bool LiveSource::take(const RecordView& view, std::vector<LiveWalk>& walks) {
  Held held;
  SampleRecord& sample = held.sample;
  if (!decoder_.sample(view, sample)) return false;
  const EventAttr& event = recorded_[sample.event];
  if (!event.has(PERF_SAMPLE_STACK_USER)) return false;
  for (size_t i = 0; i < sample.callchain.size(); ++i) {
    if (sample.callchain[i] < kContextMax) held.kernel.push_back(sample.callchain[i]);
  }
  held.raw.assign(sample.raw.begin(), sample.raw.end());
  LiveWalk walk;
  walk.key.low = ++next_;
  walk.pid = sample.pid;
  walk.time = sample.time;
  walk.user = user_state(kMachine, sample.user_abi, event.attr.sample_regs_user,
                         sample.user_registers, sample.user_stack);
  walk.stack.assign(sample.user_stack.begin(), sample.user_stack.end());
  walk.has_user = !sample.user_registers.empty();
  walks.push_back(std::move(walk));
  held_.emplace(next_, std::move(held));
  return true;
}

void LiveSource::put(const Held& held, const LiveChain& chain, std::vector<std::byte>& out) const {
  ChainSample record;
  record.ip = held.sample.ip;
  record.pid = held.sample.pid;
  record.tid = held.sample.tid;
  record.time = held.sample.time;
  record.cpu = held.sample.cpu;
  record.period = held.sample.period;
  record.kernel = std::as_bytes(std::span(held.kernel));
  record.user = std::as_bytes(std::span(chain.frames));
  record.ends = 1 + static_cast<uint64_t>(chain.stop);
  record.raw = held.raw;
  put_sample(out, events_[held.sample.event], record);
}

size_t LiveSource::drain(std::vector<std::byte>& out) {
  const size_t before = out.size();
  std::vector<std::byte> records;
  std::vector<std::byte> others;
  std::vector<LiveWalk> walks;
  perf_.drain(records);
  for_each_record(records,
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    RecordView view;
                    view.header = header;
                    view.payload = payload;
                    if (header.type == kRecordSample && take(view, walks)) return;
                    const std::byte* begin = payload.data() - sizeof header;
                    others.insert(others.end(), begin, begin + header.size);
                  });
  out.insert(out.end(), others.begin(), others.end());
  unwinder_.push(std::move(others), std::move(walks));
  const auto now = std::chrono::steady_clock::now();
  if (stopped_ || std::exchange(settles_, false)) unwinder_.finish();
  if (now >= next_round_) {
    unwinder_.drain(kPatience);
    next_round_ = now + kRound;
  }
  for (const LiveChain& chain : unwinder_.take()) {
    const auto held = held_.find(chain.key.low);
    if (held == held_.end()) continue;
    put(held->second, chain, out);
    held_.erase(held);
  }
  return out.size() - before;
}

}  // namespace prof
