// TableRows: the rows of one table: those of an event, or those that the events of a group have,
// put side by side. Made by report_text and report_json; laid out by table and hierarchy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "report/columns.h"
#include "report/histogram.h"
#include "report/resampling.h"
#include "report/row_cells.h"

namespace prof {

/// What percentages relate to, and what graphs are drawn for.
struct TableShape {
  bool children = true;  // a row counts the stacks that it is anywhere in
  bool graph = true;     // there are call graphs, so that callers come first among equal rows
  bool caller_first = true;
};

class TableRows {
 public:
  /// `events`: indexes in the profile; of a group the leader first.
  TableRows(const Profile& profile, std::vector<uint32_t> events, const ReportOptions& options,
            const Columns& columns, const TableShape& shape);

  size_t size() const { return rows_.size(); }
  size_t events() const { return events_.size(); }
  const Columns& columns() const { return columns_; }
  const RowCells& cells() const { return cells_; }
  const TableShape& shape() const { return shape_; }
  const Histogram& leader() const { return *histograms_.front(); }

  const RowKey& key(size_t row) const { return rows_[row].key; }
  /// In the leader's histogram, for the call graph; Histogram::kNoRow if it has none.
  uint32_t leader_row(size_t row) const { return rows_[row].leader_row; }
  const Weights& self(size_t row, size_t event) const { return cell(row, event).self; }
  const Weights& children(size_t row, size_t event) const { return cell(row, event).children; }
  /// The weights that rows are chosen by.
  const Weights& shown(size_t row, size_t event) const {
    return shape_.children ? children(row, event) : self(row, event);
  }
  /// What a column of numbers has: periods, or samples.
  uint64_t number(size_t row, SortKey key, size_t event) const;
  /// Of the period of `event` that percentages relate to.
  double percent(uint64_t period, size_t event) const;
  /// --ci: half the 95 % interval of a percentage, Overhead or Children, in points.
  double interval(size_t row, SortKey key, size_t event) const;
  uint64_t total_period(size_t event) const { return totals_[event].period; }
  uint64_t total_samples(size_t event) const { return totals_[event].samples; }
  uint64_t samples(size_t row) const;

  /// Adds a row that is the sum of others; its key is that of the first.
  uint32_t add_sum(std::span<const uint32_t> of);
  /// The rows in the order of the columns, without those below the limit.
  std::vector<uint32_t> ordered() const;
  /// Below zero if row `a` comes first.
  int compare(uint32_t a, uint32_t b, SortKey key) const;

 private:
  struct Row {
    RowKey key;
    uint32_t leader_row = Histogram::kNoRow;
    uint32_t depth_down = 0, depth_up = 0;
  };
  struct Cell {
    Weights self, children;
    ModePeriods modes;
    // Of --ci. Of the shares, as slices of time have them; 0 without slices.
    double self_variance = 0, children_variance = 0;
    double self_squares = 0, children_squares = 0;  // sums of the squares of periods
  };
  const Cell& cell(size_t row, size_t event) const {
    return cells_of_[row * events_.size() + event];
  }
  void take_one();
  void take_group();
  void sum_totals();
  void resample_slices();
  void sum_squares();
  void set(size_t row, size_t event, uint32_t number);
  bool is_listed(const prof::Row& row) const;
  int compare_numbers(uint32_t a, uint32_t b, SortKey key) const;
  int compare_depths(uint32_t a, uint32_t b) const;

  const Profile& profile_;
  const std::vector<uint32_t> events_;
  const ReportOptions& options_;
  const Columns columns_;
  const TableShape shape_;
  const RowCells cells_;
  std::vector<Weights> totals_;
  std::vector<std::unique_ptr<Histogram>> histograms_;
  std::vector<std::vector<ModePeriods>> modes_;  // by event and row of its histogram, if shown
  // Of --ci, by event: of its histogram's rows, and of all.
  struct RowSquares {
    std::vector<double> self, children;
    double all = 0;
  };
  std::vector<RowVariances> variances_;
  std::vector<RowSquares> squares_;
  std::vector<Row> rows_;
  std::vector<Cell> cells_of_;
};

}  // namespace prof
