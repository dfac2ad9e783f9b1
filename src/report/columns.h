// Columns: what a report shows, from left to right, and what its rows are ordered by, from -s, -F
// and what is usual. Made by report.cpp, read by all that lays rows out.
#pragma once

#include <vector>

#include "report/report_options.h"

namespace prof {

struct Columns {
  std::vector<SortKey> shown;
  /// Rows compare by these, one after the other: numbers greatest first.
  std::vector<SortKey> order;
  /// Those of `shown` that make a row, as opposed to numbers.
  std::vector<SortKey> keys() const;
  bool shows(SortKey key) const;
  /// Leaves a column out, unless it is the only one that makes rows.
  void hide(SortKey key);
};

/// As perf has it: -s makes the rows, and stands behind the usual numbers and what -F names; with
/// -F it alone is what rows are ordered by first. `children`: whether there is such a column.
Columns choose_columns(const ReportOptions& options, bool children);

}  // namespace prof
