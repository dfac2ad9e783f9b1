// The tables of a report as JSON, for programs (report --json; its form is in prof-report(1)).
// Called by report.cpp in the place of report_text.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "perfdata/features.h"
#include "report/report_text.h"

namespace prof {

struct JsonReport {
  const Profile& profile;
  const std::vector<TableEvents>& tables;
  const Features* header = nullptr;  // of a recording
  bool with_graphs = false;
};

/// One object, in which each row has a line of its own; bytes of names that are no UTF-8 become
/// U+FFFD.
void print_json(const JsonReport& report, const ReportOptions& options, const Columns& columns,
                Output& out);

}  // namespace prof
