// The counts of `report --stats`: records by type, samples by event. Called by report.cpp.
#pragma once

#include "common/output.h"
#include "report/recording.h"

namespace prof {

void print_stats(Recording& recording, Output& out);

}  // namespace prof
