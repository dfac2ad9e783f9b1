// Layout: the rectangles of a flame graph in units of weight, whatever its size on a screen. Made
// from a CallTree; drawn by the SVG writer.
#pragma once

#include <cstdint>
#include <vector>

#include "flamegraph/options.h"
#include "report/call_tree.h"

namespace prof {

struct Box {
  uint32_t node = 0;   // of the call tree
  uint32_t depth = 0;  // 0: the root of everything
  uint64_t x = 0;      // weight to the left of it; its width is the node's total
};

struct Layout {
  std::vector<Box> boxes;  // parents before children, each level from left to right
  uint32_t depth = 0;      // levels, the root's included
  uint64_t whole = 0;      // weight of the full width
};

/// The share of the full width that a frame needs to be drawn.
double least_share(const FlamegraphOptions& options);

/// Siblings stand side by side from their parent's left edge, in the tree's order; what a parent
/// spent itself, and what is not in the tree, is the gap on the right. In a chart they stand where
/// they begin.
Layout lay_out(const CallTree& tree, const FlamegraphOptions& options);

}  // namespace prof
