// Patterns among the sort keys of tracepoints, "sched:sched_switch.*" and "trace_fields", in terms
// of the fields that a recording's events have. Used by report.cpp before it loads.
#pragma once

#include <string_view>

#include "report/recording.h"
#include "report/report_options.h"

namespace prof {

/// A key that stands for many fields: with '*', '?' or '[', or perf's "trace_fields" for all.
bool is_field_pattern(std::string_view key);

/// Puts in the place of each pattern the fields that it matches, event by event in their order. One
/// that matches nothing is an error, as is more than a report has room for.
Result<void> expand_fields(const Recording& recording, ReportOptions& options);

}  // namespace prof
