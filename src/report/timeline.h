// Timeline: the samples of a Profile one by one, for outputs that show when and by whom stacks were
// taken. Filled by the pipeline where it is asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "common/string_table.h"

namespace prof {

struct TimelineSample {
  uint64_t time = 0;    // ns on the recording's clock; 0 if it has no times
  uint32_t node = 0;    // leaf of its stack, in Profile::nodes
  uint32_t thread = 0;  // in Timeline::threads
  int32_t cpu = -1;     // -1: not recorded
  uint32_t event = 0;   // in Profile::events
  uint64_t samples = 1;
  uint64_t period = 0;
};

struct TimelineThread {
  int32_t pid = -1, tid = -1;
  StringId comm;  // its last name, in Profile::strings; invalid: not known
};

/// Samples are in the order of their times.
struct Timeline {
  bool in_order = false;  // known from times, or since the input lists them so
  std::vector<TimelineSample> samples;
  std::vector<TimelineThread> threads;

  bool has_times() const { return !samples.empty() && samples.back().time != 0; }
};

}  // namespace prof
