// The tables of `perf report --stdio`: what is said of an event, column heads, rows. Called by
// report.cpp.
#pragma once

#include "common/output.h"
#include "report/columns.h"
#include "report/profile.h"
#include "report/report_options.h"
#include "report/table_rows.h"

namespace prof {

/// The events of one table: one, or a group of them, the leader first.
struct TableEvents {
  std::vector<uint32_t> events;
  std::string name;  // of a group that was recorded as one
};

/// How rows are shown of a recording with or without call chains.
TableShape shape_of(const ReportOptions& options, bool has_callchains);

/// Prints one block: "# Samples: …", the column heads, and the rows in perf's order.
void print_table(const Profile& profile, const TableEvents& events, const ReportOptions& options,
                 const Columns& columns, Output& out);

/// "cycles", "anon group { cycles, instructions }"; "cycles, instructions" if put together here.
std::string name_of(const Profile& profile, const TableEvents& events);

}  // namespace prof
