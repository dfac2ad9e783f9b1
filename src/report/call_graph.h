// CallGraph: the merged call chains of one report row, as perf shows them under it. Made on demand
// for the rows that are printed; what is below the threshold is never built.
#pragma once

#include <cstdint>
#include <vector>

#include "common/huge_allocator.h"
#include "report/histogram.h"

namespace prof {

/// A run of frames without a branch, and where it goes on. Branches are in the order of their
/// weight, greatest first.
struct ChainNode {
  std::vector<FrameId> frames;
  Weights total;  // of all chains through it
  Weights hits;   // of the chains that end in it
  std::vector<ChainNode> branches;
};

/// Which chains a row has.
struct CallGraphShape {
  bool children = true;              // a row counts stacks it is anywhere in, not just at the leaf
  bool caller_first = true;          // chains go from callers to callees
  uint64_t min_period = 0;           // smaller branches are left out
  double min_percent_of_parent = 0;  // instead of min_period, for fractal graphs
};

class CallGraphBuilder {
 public:
  explicit CallGraphBuilder(const Histogram& histogram);
  /// The top-level chains of `row`.
  std::vector<ChainNode> build(uint32_t row, const CallGraphShape& shape);

 private:
  /// A place in the profile's tree that chains of the row go through, and how much of it.
  struct Place {
    uint32_t node;
    FrameId frame;  // the node's
    Weights weight;
    // Downwards: only stacks whose leaf is of the row (or only the others).
    bool leaf_only;
  };
  struct Branch {
    FrameId frame;
    Weights weight;
    std::vector<Place> places;
  };
  /// Places by their frame. Branches below the threshold are counted, but their places not kept.
  struct Branches {
    std::vector<Branch> kept;
    size_t count = 0;
  };

  void mark_leaves(uint32_t row);
  void unmark();
  void prefetch(uint32_t node) const;
  std::vector<Place> places_down(uint32_t row, bool children) const;
  std::vector<Place> places_up(uint32_t row, bool children);
  Branches group(const std::vector<Place>& places);
  uint64_t threshold(const std::vector<Place>& places) const;
  std::vector<Place> step(const std::vector<Place>& places) const;
  Weights ending(const std::vector<Place>& places) const;
  ChainNode chain_from(Branch branch, int depth);
  std::vector<ChainNode> chains(Branches branches, int depth);

  const Histogram& histogram_;
  CallGraphShape shape_;
  uint32_t row_ = 0;
  std::vector<Weights, HugeAllocator<Weights>>
      leaf_total_;  // by node: weight below it of stacks whose leaf is of the row
  std::vector<uint32_t> marked_;
  bool any_marked_ = false;  // else leaf_total_ is all zeros, and need not be looked at
  bool all_marked_ = false;
  std::vector<uint32_t> branch_of_;  // by frame, while grouping; index + 1
};

}  // namespace prof
