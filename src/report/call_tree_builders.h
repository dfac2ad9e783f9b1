// TopDownBuilder, BottomUpBuilder: the two ways a call tree is made. Used by CallTree::build only.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "report/call_tree.h"
#include "report/frame_classes.h"

namespace prof {

/// Root first. The profile already is a prefix tree: its nodes are merged by name, the narrow ones
/// dropped, and only the rest is sorted and laid down.
class TopDownBuilder {
 public:
  TopDownBuilder(const Profile& profile, const CallTreeOptions& options)
      : profile_(profile), options_(options), classes_(profile, options) {}
  CallTree build();

 private:
  void sum_totals();
  void merge();
  void choose();
  void lay_down();
  void append_children(uint32_t at, std::span<const uint32_t> children);
  void add_self_weights();
  void add_others();
  bool counts(size_t node) const {
    return totals_[node] != 0 || (!other_totals_.empty() && other_totals_[node] != 0);
  }

  const Profile& profile_;
  const CallTreeOptions& options_;
  FrameClasses classes_;
  CallTree tree_;
  std::vector<uint64_t> totals_;        // by profile node; 0 once merged into another
  std::vector<uint64_t> other_totals_;  // by profile node, if there are others
  std::vector<uint32_t> stands_for_;    // by profile node: the node it was merged into, or itself
  std::vector<uint32_t> chosen_;        // profile nodes that are in the tree
  std::vector<uint32_t> number_of_;     // by profile node: index in chosen_ + 1, or 0
  std::vector<uint32_t> place_of_;      // by number: index in the tree's nodes
  std::vector<uint32_t> profile_node_;  // by index in the tree's nodes
};

/// Leaf first. Every stack with samples is a walker that starts at its leaf; walkers that agree on
/// a frame are one node of the tree and take the next step towards their roots together.
class BottomUpBuilder {
 public:
  BottomUpBuilder(const Profile& profile, const CallTreeOptions& options)
      : profile_(profile), options_(options), classes_(profile, options) {}
  CallTree build();

 private:
  static constexpr uint32_t kEnd = UINT32_MAX;  // a walker that has passed its root
  struct Walker {
    uint32_t node;   // profile node to step on next, or kEnd
    uint32_t klass;  // of that node's frame, or kEnd
    uint64_t weight;
  };
  struct Range {
    uint32_t begin = 0, end = 0;  // of walkers_
  };
  struct Group {
    FrameId frame;
    uint64_t total;
    Range walkers;
  };

  void start_walkers();
  /// Splits a range by frame, one group each, and moves its walkers one step on. What has ended is
  /// added to `ended`.
  std::vector<Group> split(Range range, uint64_t& ended);
  Group take_step(Range same_frame);
  uint64_t count_nodes(Range range);
  uint32_t class_at(uint32_t node) const {
    return node == kEnd ? kEnd : classes_.of(profile_.nodes[node].frame);
  }

  const Profile& profile_;
  const CallTreeOptions& options_;
  FrameClasses classes_;
  CallTree tree_;
  std::vector<Walker> walkers_;
};

}  // namespace prof
