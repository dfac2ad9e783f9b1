// browse_report: the table and the flame graph of a report in a terminal. Called by the report and
// tui commands.
#pragma once

#include "common/result.h"
#include "report/report.h"

namespace prof {

/// Whether standard input and output are a terminal on which it can run.
bool can_browse_here();

/// Returns when the user quits. Fails where there is no terminal that can be used.
Result<void> browse_report(const ReportView& view);

}  // namespace prof
