// Table: the rows of a report as perf's columns of text, aligned, or with a separator between them,
// and a call graph under each. Used by report_text.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "report/call_graph.h"
#include "report/call_graph_text.h"
#include "report/table_rows.h"

namespace prof {

/// A column's place in the text.
struct TextColumn {
  SortKey key;
  std::string_view title;
  size_t width = 0;
  bool right = false;  // aligned
};

/// perf's numbers in a column: each member of a group has its own, side by side.
class NumberText {
 public:
  NumberText(const TableRows& rows, bool separated) : rows_(rows), separated_(separated) {}
  size_t width(SortKey key) const;
  std::string text(size_t row, SortKey key) const;

 private:
  const TableRows& rows_;
  const bool separated_;
};

/// perf's title of a column of numbers. `self`: beside one of children.
std::string_view number_title(SortKey key, bool self);

/// Prints the call graphs of rows, under them.
class RowGraphs {
 public:
  RowGraphs(const TableRows& rows, const Profile& profile, const ReportOptions& options)
      : rows_(rows), profile_(profile), options_(options), builder_(rows.leader()) {}
  void append(uint32_t row, std::string& out);

 private:
  const TableRows& rows_;
  const Profile& profile_;
  const ReportOptions& options_;
  CallGraphBuilder builder_;
};

class Table {
 public:
  Table(const Profile& profile, const TableRows& rows, const ReportOptions& options);
  void print_heads(Output& out) const;
  void print_rows(Output& out) const;

  /// The titles above the columns, and a row, aligned, without a line's end.
  std::string titles() const;
  void append_row(uint32_t row, std::string& line) const;

 private:
  void append_cell(uint32_t row, size_t column, std::string& line) const;
  bool separated() const { return !options_.separator.empty(); }
  size_t fixed_width(size_t column) const {
    return column < options_.column_widths.size() ? options_.column_widths[column] : 0;
  }

  const Profile& profile_;
  const TableRows& rows_;
  const ReportOptions& options_;
  const NumberText numbers_;
  std::vector<TextColumn> columns_;
};

}  // namespace prof
