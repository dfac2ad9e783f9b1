// CallTree: one event's profile as a tree of names with totals, root first or leaf first. Built for
// flame graphs and folded output.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/string_table.h"
#include "report/profile.h"

namespace prof {

enum class Weight : uint8_t { Samples, Period };

struct CallTreeOptions {
  uint32_t event = 0;  // index in Profile::events
  Weight weight = Weight::Samples;
  bool reverse = false;   // leaf first: callers of each function
  double min_share = 0;   // nodes with less than this share of `whole` are left out, and counted
  uint64_t whole = 0;     // what a share is of; the tree's own total where that is larger
  bool by_label = false;  // merge by `labels` instead of name and kind, children in any order
  std::span<const StringId> labels = {};   // by FrameId; needed with by_label
  std::span<const uint64_t> weights = {};  // by profile node: what counts instead of its own
  /// By profile node: weights that are summed beside those that the tree is made of; root first
  /// only. See CallTree::others().
  std::span<const uint64_t> others = {};
};

class CallTree {
 public:
  struct Node {
    uint32_t parent = 0;
    uint32_t first_child = 0;  // children are [first_child, first_child + children)
    uint32_t children = 0;
    FrameId frame;  // one of the merged frames; invalid for the root of everything
    uint64_t self = 0;
    uint64_t total = 0;
  };
  /// Sums of CallTreeOptions::others.
  struct Other {
    uint64_t self = 0;
    uint64_t total = 0;
  };
  /// What min_share kept out.
  struct LeftOut {
    uint64_t nodes = 0;
    uint64_t weight = 0;  // total of the topmost of them
  };

  /// Frames of equal name and kind under one parent are one node. Children are in the order of
  /// their names, so that the same stacks give the same tree whatever order they came in. Nodes
  /// without weight are not in the tree. Relies on Profile being a prefix tree: no two children of
  /// a node have the same frame.
  static CallTree build(const Profile& profile, const CallTreeOptions& options);

  /// The timeline instead: from left to right as samples were taken, one thread beside the other;
  /// what follows itself, with nothing in between, is one node. Options but `reverse` and
  /// `by_label` are as for build(). Nodes know where they begin: starts().
  static CallTree build_chart(const Profile& profile, const CallTreeOptions& options);

  /// Node 0 is the root of everything ("all"): it has no frame. Breadth first: parents come before
  /// children.
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& root() const { return nodes_[0]; }
  /// By node, the weight to the left of it; empty where siblings stand side by side.
  const std::vector<uint64_t>& starts() const { return starts_; }
  uint32_t depth() const { return depth_; }  // frames in the deepest stack, without the root
  const LeftOut& left_out() const { return left_out_; }
  /// By node; empty if they were not asked for.
  const std::vector<Other>& others() const { return others_; }

 private:
  friend class TopDownBuilder;
  friend class BottomUpBuilder;
  friend class ChartBuilder;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<uint64_t> starts_;
  uint32_t depth_ = 0;
  LeftOut left_out_;
  std::vector<Other> others_;
};

/// The weight of a node's own samples if they are of options.event, else 0.
inline uint64_t own_weight(const Profile& profile, const StackNode& node,
                           const CallTreeOptions& options) {
  if (profile.groups[node.group].event != options.event) return 0;
  if (!options.weights.empty()) {
    return options.weights[static_cast<size_t>(&node - profile.nodes.data())];
  }
  return options.weight == Weight::Samples ? node.self_samples : node.self_period;
}

}  // namespace prof
