// Histogram: the rows of a report table, with self and children weights. Made from a Profile by
// report.cpp; the call graph of a row is made by call_graph.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/huge_allocator.h"
#include "report/profile.h"
#include "report/report_options.h"

namespace prof {

struct Weights {
  uint64_t period = 0;
  uint64_t samples = 0;

  Weights& operator+=(const Weights& other) {
    period += other.period;
    samples += other.samples;
    return *this;
  }
  Weights operator-(const Weights& other) const {
    return {period - other.period, samples - other.samples};
  }
};

/// What one sort key shows of a row, and how rows compare by it.
struct RowKey {
  StringId comm;  // invalid where the key is not asked for
  int32_t pid = -1, tid = -1, cpu = -1;
  int32_t fields = -1;  // in Profile::field_values
  StringId parent;      // invalid: none, or not asked for
  FrameId frame;        // of the first node that made the row: dso, symbol and line
};

struct ModePeriods {
  uint64_t kernel = 0, user = 0, guest_kernel = 0, guest_user = 0;

  ModePeriods& operator+=(const ModePeriods& other) {
    kernel += other.kernel;
    user += other.user;
    guest_kernel += other.guest_kernel;
    guest_user += other.guest_user;
    return *this;
  }
};

struct Row {
  RowKey key;
  Weights self;
  Weights children;  // with everything called from it; equal frames of a stack count once
  // Longest chain from it, down to leaves and up to roots: perf orders equal rows by it.
  uint32_t depth_down = 0, depth_up = 0;
};

/// What a walk for call graphs wants to know of a node of the profile, in half a cache line.
struct NodeSum {
  Weights total;     // with all that is below
  uint32_t end = 0;  // StackNode::end
  FrameId function;  // of its frame: call graphs show no lines
  uint32_t row = UINT32_MAX;
  bool outermost = false;  // no frame above it is of its row
};

/// One event's rows and the per-node sums the call graph needs.
class Histogram {
 public:
  Histogram(const Profile& profile, uint32_t event, const std::vector<SortKey>& keys);

  const Profile& profile() const { return profile_; }
  std::vector<Row>& rows() { return rows_; }
  const std::vector<Row>& rows() const { return rows_; }
  /// Row of a node; kNoRow for roots and nodes of other events.
  static constexpr uint32_t kNoRow = UINT32_MAX;
  uint32_t row_of(uint32_t node) const { return sums_[node].row; }
  const Weights& total(uint32_t node) const { return sums_[node].total; }
  const NodeSum& sum(uint32_t node) const { return sums_[node]; }
  /// visit(index, sum) for each child of a node.
  template <class Visit>
  void for_each_child(uint32_t node, Visit&& visit) const {
    for (uint32_t c = node + 1; c < sums_[node].end; c = sums_[c].end) visit(c, sums_[c]);
  }
  std::span<const uint32_t> nodes_of(uint32_t row) const;
  std::span<const uint32_t> roots() const { return roots_; }
  bool is_root(uint32_t node) const { return profile_.nodes[node].parent == UINT32_MAX; }
  /// By row: the periods of what was sampled in the kernel, in user space, and in both of guests.
  std::vector<ModePeriods> mode_periods() const;
  Weights self(uint32_t node) const {
    return {profile_.nodes[node].self_period, profile_.nodes[node].self_samples};
  }

 private:
  void assign_rows(uint32_t event, const std::vector<SortKey>& keys);
  void sum_totals();
  std::vector<uint32_t> heights() const;
  void add_up();
  void index_rows();

  const Profile& profile_;
  std::vector<Row> rows_;
  std::vector<NodeSum, HugeAllocator<NodeSum>> sums_;  // by node
  std::vector<uint32_t> roots_;                        // of the event
  std::vector<uint32_t> row_begin_;
  std::vector<uint32_t, HugeAllocator<uint32_t>>
      row_nodes_;  // nodes of each row, in the order of nodes
};

}  // namespace prof
