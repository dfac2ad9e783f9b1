// The table of `perf report --stdio`: columns, rows, call graphs. Called by report.cpp for each
// event.
#pragma once

#include "common/output.h"
#include "report/histogram.h"
#include "report/report_options.h"

namespace prof {

/// Prints one event's block: "# Samples: …", the column heads, and the rows in perf's order.
/// `has_callchains` says whether the recording has call chains at all.
void print_event(const Profile& profile, uint32_t event, const ReportOptions& options,
                 bool has_callchains, Output& out);

}  // namespace prof
