#include "flamegraph/layout.h"

#include <algorithm>

namespace prof {

double least_share(const FlamegraphOptions& options) {
  if (options.min_width.is_share) return options.min_width.value;
  return options.min_width.value / (options.width ? options.width : kNominalWidth);
}

Layout lay_out(const CallTree& tree, const FlamegraphOptions& options) {
  const auto& nodes = tree.nodes();
  Layout layout;
  layout.whole = std::max(tree.root().total, options.total);
  layout.depth = tree.depth() + 1;
  layout.boxes.resize(nodes.size());
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    Box& box = layout.boxes[i];
    box.node = i;
    uint64_t x = box.x;
    for (uint32_t k = 0; k < nodes[i].children; ++k) {
      const uint32_t child = nodes[i].first_child + k;
      layout.boxes[child].x = tree.starts().empty() ? x : tree.starts()[child];
      layout.boxes[child].depth = box.depth + 1;
      x += nodes[child].total;
    }
  }
  return layout;
}

}  // namespace prof
