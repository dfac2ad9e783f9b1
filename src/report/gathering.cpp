#include "report/gathering.h"

#include <algorithm>
#include <span>
#include <utility>

#include "perfdata/woken.h"
#include "report/callchain.h"
#include "report/sample_text.h"

namespace prof {

namespace {

/// What the periods of an event count: its clock's time, or its occurrences.
std::string unit_of(const EventAttr& event) {
  const bool clock =
      event.attr.type == PERF_TYPE_SOFTWARE && (event.attr.config == PERF_COUNT_SW_CPU_CLOCK ||
                                                event.attr.config == PERF_COUNT_SW_TASK_CLOCK);
  return clock || is_time_away(event) ? "ns" : "events";
}

}  // namespace

Gathering::Gathering(Recording& recording, const LoadOptions& options, const SampleFilter& filter,
                     StackWalker& walker, TraceColumns columns, WeightField weight)
    : recording_(recording),
      options_(options),
      filter_(filter),
      walker_(walker),
      columns_(std::move(columns)),
      weight_(std::move(weight)),
      wall_(recording.events().all(), options.input.filter.event),
      contexts_(recording, filter, options.group, wall_, profile_),
      stacks_(recording.in_place() && !walker.needed()) {
  stacks_.set_max_stack(options.max_stack);
  if (options.with_timeline) stacks_.keep_sequence();
  for (const EventAttr& event : recording.events().all()) {
    profile_.events.push_back({event.name, unit_of(event)});
    profile_.events.back().in_periods = is_time_away(event);
    if (event.attr.freq != 0) profile_.events.back().frequency = event.attr.sample_freq;
    if (const auto field = event.weight_field(); !field.empty()) {
      profile_.events.back().in_periods = true;
      profile_.events.back().unit = profile_.events.back().weight_field = field;
    }
    if (options.weigh_accesses) {
      profile_.events.back().in_periods = true;
      profile_.events.back().unit = "weight";
    }
    if (!weight_) continue;
    profile_.events.back().in_periods = true;
    profile_.events.back().unit = profile_.events.back().weight_field = weight_.name();
  }
  if (wall_.is_whole()) {
    profile_.events[wall_.event()].name = kWallTimeName;
    profile_.events[wall_.event()].in_periods = true;
  }
}

void Gathering::run(bool in_order) {
  const auto take = [this](const SampleRecord& sample) {
    add(sample);
    return !walker_.should_join();
  };
  if (in_order) {
    recording_.for_each_sample_in_order(take);
  } else {
    recording_.for_each_sample(take);
  }
  stacks_.finish();
  columns_.set_widths(profile_);
}

void Gathering::add(const SampleRecord& sample) {
  if (filter_.drops(sample)) {
    if (options_.with_callchain) walker_.pass_over(sample);
    return;
  }
  U64View chain;
  bool has_chain = false;
  if (WhereFilter* where = filter_.where()) {
    const ThreadState state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
    has_chain = options_.with_callchain || where->uses_stack();
    if (has_chain) chain = walker_.needed() ? walker_.chain(sample, state) : sample.callchain;
    const StringId comm = recording_.comm_of(state, sample.pid, sample.tid);
    if (!where->takes(sample, recording_.strings()[comm], state, chain)) return;
    if (!options_.with_callchain) chain = {};
  }
  uint64_t period = sample.period;
  if (options_.weigh_accesses) {
    period = std::max<uint64_t>(weight_of(sample, recording_.events()[sample.event]).weight, 1);
  }
  if (weight_) {
    const auto weight = weight_.of(sample);
    if (!weight) return;
    period = *weight;
  }
  ProfileEvent& event = profile_.events[wall_.has(sample.event) ? wall_.event() : sample.event];
  const bool counted = recording_.events()[sample.event].counts_stacks();
  const uint64_t samples = counted ? std::max<uint64_t>(sample.weight, 1) : 1;
  event.total_samples += samples;
  event.counted_stacks += counted;
  event.total_period += period;
  if (options_.join_wakers && recording_.events()[sample.event].tells_woken() &&
      add_woken(sample, samples)) {
    return;
  }
  const SampleContext context = contexts_.of(sample, columns_.take(sample, profile_));
  if (contexts_.hides(context)) return;
  if (options_.with_callchain && !has_chain) {
    chain =
        walker_.needed() ? walker_.chain(sample, contexts_[context.index].state) : sample.callchain;
  }
  if (!has_address(chain)) {  // the sampled address stands for it
    ips_[at_] = sample.ip;
    chain = {std::as_bytes(std::span(&ips_[at_], 1)), false};
    at_ = (at_ + 1) % ips_.size();
  }
  stacks_.add(context, sample.cpu_mode(), chain, period, samples);
  if (options_.with_timeline) add_moment(sample, context, period, samples);
}

void Gathering::add_moment(const SampleRecord& sample, SampleContext context, uint64_t period,
                           uint64_t samples) {
  const Context& of = contexts_[context.index];
  timeline_.add(sample, profile_.groups[of.group].event, period, samples, context.index, [&] {
    const StringId comm = recording_.comm_of(of.state, sample.pid, sample.tid);
    return profile_.strings.intern(recording_.strings()[comm]);
  });
}

/// A sample of a waker, to be shown as one of the thread that it woke.
bool Gathering::add_woken(const SampleRecord& sample, uint64_t samples) {
  const auto woken = decode_woken(sample.raw, sample.callchain.swapped());
  if (!woken) return false;
  SampleRecord slept = sample;
  slept.pid = woken->pid;
  slept.tid = woken->tid;
  const SampleContext context = contexts_.of(slept);
  if (contexts_.hides(context)) return true;
  const ThreadState waker = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
  const StringId comm = recording_.comm_of(waker, sample.pid, sample.tid);
  woken_.add({context, CpuMode::User, woken->chain},
             {contexts_.of(sample), sample.cpu_mode(), sample.callchain}, comm, stacks_.addresses(),
             sample.period, samples);
  return true;
}

}  // namespace prof
