// EventSpec: what -e says, as the kernel wants to hear it. Made here and nowhere else; used by
// perf_source. New kinds of events (PMU terms, breakpoints) get their branch in this file; what
// takes more than a table has a file of its own (tracefs, probe_spec).
#pragma once

#include <linux/perf_event.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

struct EventSpec {
  std::string name;  // as given, with its modifiers: "cycles:u"
  /// type, config, config2, precise_ip and the exclude bits; all else is the recorder's business.
  perf_event_attr attr{};
  bool is_default = false;      // not asked for by name: may become another event
  bool precise_is_max = false;  // precise_ip is a wish: as high as opens
  /// Sampled at every occurrence unless a period or frequency is given (tracepoints, probes).
  bool counts_each = false;
  std::string tracepoint;     // "sched:sched_switch", if it is one
  std::string probe_path;     // of a uprobe: what attr.config1 points to while it is opened
  bool probes_entry = false;  // it is where a function begins

  /// Whether BPF programs run at every hit on the machine, whomever the event was opened for.
  bool is_hit() const { return !tracepoint.empty() || !probe_path.empty(); }
  /// `attr` as the kernel wants it; valid as long as this is not changed.
  perf_event_attr opening(perf_event_attr complete) const {
    if (!probe_path.empty()) complete.config1 = reinterpret_cast<uint64_t>(probe_path.c_str());
    return complete;
  }
};

/// Where names are looked up; empty: where the kernel has them.
struct EventPlaces {
  std::string tracefs;
  std::string devices = "/sys/bus/event_source/devices";
};

/// Parses one -e argument: event names separated by commas, each with modifiers after a colon:
/// u user, k kernel, h hypervisor, G guest, H host, p (up to three) precise, P as precise as
/// possible. As in perf, naming one of u, k and h excludes the others. Names are those of hardware
/// and software events, of tracepoints (sched:sched_switch), and of functions
/// (uprobe:/path:function, see probe_spec.h), which take no modifiers.
Result<std::vector<EventSpec>> parse_events(std::string_view text, const EventPlaces& places = {});

/// What is recorded without -e: cycles, as precise as possible.
EventSpec default_event();

/// Turns `spec` into the clock event that stands in for cycles where there is no PMU.
void become_cpu_clock(EventSpec& spec);

/// Keeps `spec` out of the kernel, and says so in its name.
void exclude_kernel(EventSpec& spec);

/// Has a software event sampled at every occurrence; clocks have none.
void count_each_occurrence(EventSpec& spec);

}  // namespace prof
