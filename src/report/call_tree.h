// CallTree: one event's profile as a tree of names with totals, root first or leaf first. Built for
// flame graphs and folded output.
#pragma once

#include <cstdint>
#include <vector>

#include "common/string_table.h"
#include "report/profile.h"

namespace prof {

enum class Weight : uint8_t { Samples, Period };

struct CallTreeOptions {
  uint32_t event = 0;  // index in Profile::events
  Weight weight = Weight::Samples;
  bool reverse = false;  // leaf first: callers of each function
};

class CallTree {
 public:
  struct Node {
    uint32_t parent = 0;
    uint32_t first_child = 0;  // children are [first_child, first_child + children)
    uint32_t children = 0;
    StringId name;  // of Profile::strings
    FrameKind kind = FrameKind::Other;
    StringId dso;
    uint64_t self = 0;
    uint64_t total = 0;
  };

  /// Frames of equal name and kind under one parent are one node. Children are in the order of
  /// their names, so that the same stacks give the same tree whatever order they came in.
  static CallTree build(const Profile& profile, const CallTreeOptions& options);

  /// Node 0 is the root of everything ("all"): it has no name of its own. Breadth first: parents
  /// come before children.
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& root() const { return nodes_[0]; }
  uint32_t depth() const { return depth_; }  // frames in the deepest stack, without the root

 private:
  std::vector<Node> nodes_;
  uint32_t depth_ = 0;
};

}  // namespace prof
