// PageTree: the stacks of a profile as the HTML page keeps them: equal frames under one caller
// once, children by their names, and no more nodes than a browser likes. Made by page_data.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

/// A function as the page shows it. Views into the profile's strings.
struct PageFrame {
  std::string_view name;
  std::string_view dso;   // empty if unmapped
  std::string_view file;  // source file; empty if unknown
  FrameKind kind = FrameKind::Other;
};

/// What stands for frames that were too many, under each of their callers.
inline constexpr std::string_view kTooNarrow = "[too narrow to keep]";

struct PageTree {
  struct Node {
    uint32_t up = 0;     // levels from the node before to this one's parent; 0: its child
    uint32_t frame = 0;  // in frames
    uint32_t event = 0;  // in Profile::events
    uint64_t self = 0;   // in the event's own weight
  };
  std::vector<PageFrame> frames;  // in the order of their names
  std::vector<Node> nodes;        // depth first
  std::vector<uint32_t> node_of;  // by index in Profile::nodes; kNoNode of what weighs nothing
  uint64_t left_out = 0;          // nodes that kTooNarrow stands for

  static constexpr uint32_t kNoNode = UINT32_MAX;
};

/// `weights`: of each event, what is summed. At most `most` nodes, and those of kTooNarrow.
PageTree make_page_tree(const Profile& profile, const std::vector<Weight>& weights, size_t most);

}  // namespace prof
