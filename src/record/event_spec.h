// EventSpec: what -e says, as the kernel wants to hear it. Made here and nowhere else; used by
// perf_source. New kinds of events (tracepoints, PMU terms, probes) get their branch in this file.
#pragma once

#include <linux/perf_event.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

struct EventSpec {
  std::string name;  // as given, with its modifiers: "cycles:u"
  /// type, config, precise_ip and the exclude bits; all else is the recorder's business.
  perf_event_attr attr{};
  bool is_default = false;      // not asked for by name: may become another event
  bool precise_is_max = false;  // precise_ip is a wish: as high as opens
  /// Sampled at every occurrence unless a period or frequency is given (tracepoints, probes).
  bool counts_each = false;
};

/// Parses one -e argument: event names separated by commas, each with modifiers after a colon:
/// u user, k kernel, h hypervisor, G guest, H host, p (up to three) precise, P as precise as
/// possible. As in perf, naming one of u, k and h excludes the others.
Result<std::vector<EventSpec>> parse_events(std::string_view text);

/// What is recorded without -e: cycles, as precise as possible.
EventSpec default_event();

/// Turns `spec` into the clock event that stands in for cycles where there is no PMU.
void become_cpu_clock(EventSpec& spec);

/// Keeps `spec` out of the kernel, and says so in its name.
void exclude_kernel(EventSpec& spec);

}  // namespace prof
