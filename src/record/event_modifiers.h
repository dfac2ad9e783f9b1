// Event modifiers: the letters after an event's last colon or slash. Applied by event_spec.
#pragma once

#include <string_view>

#include "common/result.h"

namespace prof {

struct EventSpec;

/// Applies `letters`, as perf means them (tools/perf/util/parse-events.c):
///   u k h   user, kernel, hypervisor: naming one of them excludes the others
///   G H     guest, host: the same
///   I       not the idle task
///   p P     precise: up to three p, or as precise as opens
///   S       samples have the counts of the event's group
///   D e     always on the PMU; alone on it
/// They are of `spec`, the first of its group if `leads`. W, which is of groups, is the caller's.
Result<void> apply_modifiers(std::string_view letters, bool leads, EventSpec& spec);

/// Whether `text` consists of letters that are modifiers.
bool is_modifiers(std::string_view text);

}  // namespace prof
