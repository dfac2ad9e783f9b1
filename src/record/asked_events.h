// asked_events: the events that a recording is asked for, with their filters, and where their
// breakpoints are. Used by the recorder before it opens anything.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "record/event_spec.h"
#include "record/options.h"
#include "record/target.h"

namespace prof {

/// What -e and --filter say. Refuses what events want for themselves and the recording cannot do.
Result<std::vector<EventSpec>> asked_events(const RecordOptions& options);

/// Gives breakpoints at symbols of the command that is recorded their addresses; whether there are
/// any. It has to be run where they are, without randomized addresses, which is said in `notes`.
Result<bool> place_breakpoints_of_command(const RecordOptions& options,
                                          std::vector<EventSpec>& specs,
                                          std::vector<std::string>& notes);
/// Those at symbols of what runs already.
Result<void> place_breakpoints(const Target& target, std::vector<EventSpec>& specs);

}  // namespace prof
