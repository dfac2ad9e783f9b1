// weigh_events: what --weight says of the tracepoints that BPF programs count. Used by
// asked_events.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "record/event_spec.h"
#include "record/tracefs.h"

namespace prof {

/// Gives each event the place of its field `name`, a number. An event without it is an error, but
/// one of a pattern is left out, if others have it.
Result<void> weigh_events(const Tracefs& tracefs, const std::string& name,
                          std::vector<EventSpec>& specs);

}  // namespace prof
