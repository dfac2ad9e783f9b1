// The tasks of a recording, as perf report --tasks and --mmaps list them. Called by report.cpp.
#pragma once

#include "common/output.h"
#include "report/recording.h"

namespace prof {

/// Prints each thread below the one that made it, with its last name; with `maps` also what its
/// process had mapped in the end.
void print_tasks(Recording& recording, bool maps, Output& out);

}  // namespace prof
