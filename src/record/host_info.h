// HostInfo: what the header of a recording says about the machine. Called by the recorder.
#pragma once

#include "perfdata/features.h"

namespace prof {

/// Host name, kernel, CPUs, memory, PMUs and prof's own version; what cannot be read is left out.
void describe_host(Features& features);

/// The same instant on the recording's clock and on the wall clock.
ClockData read_clocks(clockid_t clock);

}  // namespace prof
