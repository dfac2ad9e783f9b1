// The counts of each thread that record -s leaves behind, as perf report -T prints them below its
// tables. Called by report.cpp.
#pragma once

#include <string>

#include "report/recording.h"

namespace prof {

/// The table; empty if the recording has no such counts.
std::string thread_counts_text(Recording& recording);

}  // namespace prof
