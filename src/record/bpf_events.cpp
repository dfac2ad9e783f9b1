#include "record/bpf_events.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/event_spec.h"

namespace prof {

namespace {

bool is_clock(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_SOFTWARE &&
         (attr.config == PERF_COUNT_SW_CPU_CLOCK || attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

/// The samples that a program takes are laid out by us.
void change_sampled(perf_event_attr& attr, const RecordOptions& options) {
  attr.sample_type |= PERF_SAMPLE_PERIOD;
  if (options.call_graph != CallGraph::None) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
  if (options.walks_in_kernel()) set_mark(attr, kMarkUnwound);
  if (attr.type == PERF_TYPE_TRACEPOINT) {
    // perf takes it for granted that a tracepoint's samples have its fields. What programs take
    // has none: it is an event that BPF puts out, of the tracepoint's name.
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  }
  if (!options.bpf) return;
  attr.sample_type |= PERF_SAMPLE_WEIGHT;
  set_mark(attr, kMarkCounted);
  if (attr.freq && is_clock(attr)) {  // as the kernel does for clocks
    attr.freq = 0;
    attr.sample_period = 1000000000 / attr.sample_freq;
  }
}

/// As perf has it: an event that BPF puts out. All else is as `model` has it.
EventAttr off_cpu_event(const char* name, uint64_t id, const perf_event_attr& model,
                        const RecordOptions& options, bool user_only) {
  EventAttr event;
  event.name = name;
  event.ids = {id};
  perf_event_attr& attr = event.attr;
  attr = model;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.freq = 0;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                     PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT;
  attr.sample_regs_user = 0;
  attr.sample_stack_user = 0;
  attr.exclude_callchain_user = 0;
  attr.exclude_kernel = user_only;
  attr.exclude_user = attr.exclude_hv = 0;
  attr.precise_ip = 0;
  attr.mmap = attr.mmap2 = attr.mmap_data = attr.comm = attr.comm_exec = attr.task = 0;
  attr.ksymbol = attr.bpf_event = attr.build_id = 0;
  attr.wakeup_events = 0;
  set_mark(attr, kMarkCounted | (options.wall ? kMarkWallTime : 0) |
                     (options.walks_in_kernel() ? kMarkUnwound : 0));
  return event;
}

/// The time that wakers ended. Samples are the wakers', so that their addresses are looked up where
/// they belong; whom they woke, with its stack, is in the raw data, which others pass over. perf
/// dumps those of bpf-output events, hence another kind.
EventAttr wakeup_event(uint64_t id, const perf_event_attr& model, const RecordOptions& options,
                       bool user_only) {
  EventAttr event = off_cpu_event("wakeup-time", id, model, options, user_only);
  event.attr.config = PERF_COUNT_SW_DUMMY;
  event.attr.sample_type |= PERF_SAMPLE_RAW;
  event.attr.wakeup_events = 0;
  set_mark(event.attr, kMarkCounted | kMarkWoken | (options.walks_in_kernel() ? kMarkUnwound : 0));
  return event;
}

}  // namespace

std::vector<EventAttr> events_with_programs(std::span<const EventAttr> opened,
                                            const RecordOptions& options, bool user_only) {
  std::vector<EventAttr> events(opened.begin(), opened.end());
  uint64_t last_id = 0;
  for (EventAttr& event : events) {
    for (const uint64_t id : event.ids) last_id = std::max(last_id, id);
    if (options.wall && is_clock(event.attr)) set_mark(event.attr, kMarkWallTime);
    if (options.samples_by_bpf()) change_sampled(event.attr, options);
    if (options.weight_field.empty() || !options.bpf || !is_bpf_output(event.attr)) continue;
    set_mark(event.attr, kMarkWeighed);
    event.name += fmt::format("{}{}/", kWeightTerm, options.weight_field);
  }
  if (!options.off_cpu) return events;
  const perf_event_attr model = events.front().attr;
  for (const OffCpuEvent& each : kOffCpuEvents) {
    events.push_back(off_cpu_event(each.name, ++last_id, model, options, user_only));
  }
  if (options.wakers) events.push_back(wakeup_event(++last_id, model, options, user_only));
  return events;
}

}  // namespace prof
