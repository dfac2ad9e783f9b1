// Probes as events: what perf_event_open's own dynamic PMUs, uprobe and kprobe, want to hear. Used
// by event_spec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "record/event_spec.h"
#include "record/pmu.h"

namespace prof {

/// The kind of perf event that probes are: where sysfs lists it.
struct ProbePmu {
  uint32_t type = 0;
  uint64_t return_bit = 0;  // in attr.config
  PmuField semaphore;       // the offset in the file of a static probe's; none before Linux 4.20

  /// `name`: "uprobe" or "kprobe", in `devices`, a folder of event sources.
  static Result<ProbePmu> find(const std::string& name,
                               const std::string& devices = "/sys/bus/event_source/devices");
};

/// The events of "uprobe:…", "uretprobe:…", "usdt:…", "kprobe:…" or "kretprobe:…" (probe_spec.h).
Result<std::vector<EventSpec>> probe_events(std::string_view text, const EventPlaces& places);

}  // namespace prof
