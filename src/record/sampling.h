// Sampling: how often and what to sample, as the options say it and the kernel's limits allow.
// Used by perf_source to complete the attributes of every event.
#pragma once

#include <linux/perf_event.h>

#include <ctime>
#include <string>
#include <vector>

#include "common/result.h"
#include "record/event_spec.h"
#include "record/options.h"

namespace prof {

struct Sampling {
  uint64_t frequency = 4000;            // Hz, at most the kernel's maximum
  uint64_t max_frequency = UINT64_MAX;  // the kernel's
  bool frequency_given = false;
  uint64_t period = 0;  // events; 0: by frequency
  uint16_t max_stack = 0;
  clockid_t clock = CLOCK_MONOTONIC;
  bool clock_given = false;

  /// Reads the kernel's limits; what had to be lowered is told in `notes`.
  static Result<Sampling> from(const RecordOptions& options, std::vector<std::string>& notes);

  /// Sets period or frequency, sample_type and clock of `attr`, as its own terms say or the options
  /// do. With `several` events, samples say
  /// which one they are of.
  void apply(const RecordOptions& options, const EventSpec& spec, bool with_cpu, bool several,
             perf_event_attr& attr) const;
  /// Sets period or frequency only.
  void apply_rate(const RecordOptions& options, const EventSpec& spec, perf_event_attr& attr) const;
};

/// "mono", "monotonic", "boottime", "tai" or a number.
Result<clockid_t> parse_clock(const std::string& text);

/// Bytes of each CPU's ring: -m, or what the kernel lets every user have. A power of two of pages.
Result<size_t> ring_size(const RecordOptions& options);

}  // namespace prof
