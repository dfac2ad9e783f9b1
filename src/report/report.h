// `prof report`: a recording or folded stacks as perf's table. Called by the report command.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "report/report_options.h"
#include "report/report_text.h"
#include "report/stack_quality.h"

namespace prof {

/// What tables are made of, for who shows them in another way. Lives while the viewer runs.
struct ReportView {
  const Profile& profile;
  const std::vector<TableEvents>& tables;
  const Columns& columns;
  const StackQuality& quality;
  const ReportOptions& options;
};
using ReportViewer = std::function<Result<void>(const ReportView& view)>;

/// Prints the report to `out` and gives what the user should be told on stderr afterwards. With a
/// `viewer` that gets the tables, in the place of their text.
Result<std::vector<std::string>> run_report(ReportOptions options, Output& out,
                                            const ReportViewer& viewer = {});

}  // namespace prof
