// `prof report`: a recording or folded stacks as perf's table. Called by the report command.
#pragma once

#include "common/output.h"
#include "report/report_options.h"

namespace prof {

/// Prints the report to `out` and gives what the user should be told on stderr afterwards.
Result<std::vector<std::string>> run_report(ReportOptions options, Output& out);

}  // namespace prof
