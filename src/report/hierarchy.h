// Hierarchy: the rows of a report as a tree, with a level for each sort key, as perf's --hierarchy
// shows it. Used by report_text in the place of Table.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "report/table.h"
#include "report/table_rows.h"

namespace prof {

class Hierarchy {
 public:
  /// Adds rows to `rows` for what is above its own.
  Hierarchy(const Profile& profile, TableRows& rows, const ReportOptions& options);
  void print_heads(Output& out) const;
  void print_rows(Output& out) const;

 private:
  struct Node {
    uint32_t row = 0;
    std::vector<Node> below;
  };
  void split(Node& node, std::vector<uint32_t> rows, size_t level, TableRows& table);
  void print(const std::vector<Node>& nodes, size_t level, RowGraphs& graphs, Output& out) const;
  void append_row(uint32_t row, size_t level, std::string& line) const;
  bool is_shown(const Node& node) const;
  /// perf moves a level's numbers by three columns, and makes room for the last one's.
  std::string indent(size_t levels) const;
  size_t numbers_width(size_t gap) const;

  const TableRows& rows_;
  const Profile& profile_;
  const ReportOptions& options_;
  const NumberText numbers_;
  std::vector<SortKey> number_keys_, keys_;
  std::vector<size_t> widths_;  // by key
  Node root_;
};

}  // namespace prof
