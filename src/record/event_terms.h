// Event terms: what stands between the slashes of "cpu/event=0x3c,period=1000/", those of the PMU
// and those that any event takes. Applied by event_spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/result.h"
#include "record/options.h"

namespace prof {

struct EventSpec;
struct Pmu;

/// What an event says for itself, instead of the options of the recording.
struct EventTerms {
  std::optional<uint64_t> period;     // 0: by frequency
  std::optional<uint64_t> frequency;  // Hz
  std::optional<bool> inherit;
  std::optional<CallGraph> call_graph;  // None, FramePointers or Dwarf
  std::optional<uint64_t> stack_copy;
  std::optional<uint16_t> max_stack;
};

/// Applies `terms` to `spec`. With `pmu` those of its `format` and `events` are known, and the
/// numbers config to config3; without, those that any event takes: name, period, freq, call-graph,
/// stack-size, max-stack, inherit, no-inherit, aux-output and no-overwrite.
Result<void> apply_terms(std::string_view terms, const Pmu* pmu, EventSpec& spec);

}  // namespace prof
