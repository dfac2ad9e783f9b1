#include "flamegraph/page_tree.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>

namespace prof {

namespace {

constexpr uint32_t kNoNode = PageTree::kNoNode;

/// "dir/file.c" of "dir/file.c:12"; nothing of what stands for an unknown line.
std::string_view file_of(std::string_view line) {
  if (line == kNoLine) return {};
  const size_t colon = line.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == line.size()) return {};
  const bool numbered = std::ranges::all_of(
      line.substr(colon + 1), [](char digit) { return digit >= '0' && digit <= '9'; });
  return numbered ? line.substr(0, colon) : std::string_view();
}

class PageTreeBuilder {
 public:
  PageTreeBuilder(const Profile& profile, const std::vector<Weight>& weights, size_t most)
      : profile_(profile), weights_(weights) {
    name_frames();
    sum_up();
    choose_least(most);
  }

  PageTree build() {
    tree_.node_of.assign(profile_.nodes.size(), kNoNode);
    grow();
    put_in_order();
    return std::move(tree_);
  }

 private:
  // Depth by depth, with parents before children.
  struct Made {
    uint32_t parent = kNoNode;
    uint32_t frame = 0;
    uint32_t event = 0;
    uint32_t size = 1;  // of the subtree
  };
  struct Member {
    uint32_t event;
    uint32_t frame;
    uint32_t node;  // in Profile::nodes
  };

  PageFrame shown(const Frame& frame) const {
    PageFrame made;
    made.name = profile_.strings[frame.name];
    if (frame.dso.valid()) made.dso = profile_.strings[frame.dso];
    if (frame.line.valid()) made.file = file_of(profile_.strings[frame.line]);
    made.kind = frame.kind;
    return made;
  }

  /// Frames that the page cannot tell apart get one number, by name. Of the lines of a function
  /// the first that is known says its file.
  void name_frames() {
    std::vector<PageFrame> all;
    all.reserve(profile_.frames.size() + 1);
    for (const Frame& frame : profile_.frames) all.push_back(shown(frame));
    all.push_back({.name = kTooNarrow, .dso = {}, .file = {}, .kind = FrameKind::Unknown});
    const auto key = [](const PageFrame& frame) {
      return std::tuple(frame.name, frame.kind, frame.dso);
    };
    std::vector<uint32_t> order(all.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](uint32_t i) { return std::tuple(key(all[i]), i); });
    frame_of_.resize(all.size());
    for (const uint32_t i : order) {
      if (tree_.frames.empty() || key(tree_.frames.back()) != key(all[i])) {
        tree_.frames.push_back(all[i]);
      } else if (tree_.frames.back().file.empty()) {
        tree_.frames.back().file = all[i].file;
      }
      frame_of_[i] = static_cast<uint32_t>(tree_.frames.size() - 1);
    }
  }

  uint64_t own(uint32_t node) const {
    const StackNode& its = profile_.nodes[node];
    return weights_[event_of(node)] == Weight::Period ? its.self_period : its.self_samples;
  }
  uint32_t event_of(uint32_t node) const {
    return profile_.groups[profile_.nodes[node].group].event;
  }

  void sum_up() {
    totals_.resize(profile_.nodes.size());
    for (uint32_t i = static_cast<uint32_t>(totals_.size()); i-- > 0;) {
      totals_[i] += own(i);
      if (profile_.nodes[i].parent != UINT32_MAX) totals_[profile_.nodes[i].parent] += totals_[i];
    }
  }

  /// The share of its event that a node needs to stay.
  void choose_least(size_t most) {
    wholes_.assign(profile_.events.size(), 0);
    for (uint32_t i = 0; i < totals_.size(); ++i) {
      if (profile_.nodes[i].parent == UINT32_MAX) wholes_[event_of(i)] += totals_[i];
    }
    if (totals_.size() <= most) return;
    std::vector<double> shares;
    shares.reserve(totals_.size());
    for (uint32_t i = 0; i < totals_.size(); ++i) {
      if (totals_[i] != 0) shares.push_back(share_of(i));
    }
    if (shares.size() <= most) return;
    const auto last = shares.begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::nth_element(shares, last, std::greater());
    // Those of one weight go together: what weighs as the first that has no room, has none.
    above_ = *last;
  }
  double share_of(uint32_t node) const {
    return static_cast<double>(totals_[node]) / static_cast<double>(wholes_[event_of(node)]);
  }

  void grow() {
    std::vector<Member> members;
    for (uint32_t i = 0; i < profile_.nodes.size(); i = profile_.nodes[i].end) add(i, members);
    make(kNoNode, members);
    // made_ grows while it is gone through; members_ of a node lie together.
    std::vector<uint32_t> mine;
    for (uint32_t at = 0; at < made_.size(); ++at) {
      members.clear();
      mine.clear();
      std::swap(mine, members_[at]);
      for (const uint32_t node : mine) {
        profile_.for_each_child(node, [&](uint32_t child) { add(child, members); });
      }
      make(at, members);
    }
    // What was left out is its caller's "[too narrow to keep]".
    for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
      const uint32_t parent = profile_.nodes[i].parent;
      if (tree_.node_of[i] == kNoNode && totals_[i] != 0 && parent != UINT32_MAX) {
        tree_.node_of[i] = tree_.node_of[parent];
        tree_.left_out += 1;
      }
    }
  }

  void add(uint32_t node, std::vector<Member>& members) {
    if (totals_[node] == 0) return;
    const bool stays = above_ == 0 || share_of(node) > above_;
    if (!stays) tree_.left_out += 1;
    members.push_back({event_of(node),
                       frame_of_[stays ? profile_.nodes[node].frame.value : frame_of_.size() - 1],
                       node});
  }

  /// The nodes below `parent`, or the roots, of those that they are made of.
  void make(uint32_t parent, std::vector<Member>& members) {
    std::ranges::sort(members, {}, [](const Member& member) {
      return std::tuple(member.event, member.frame, member.node);
    });
    const uint32_t too_narrow = frame_of_.back();
    const Member* before = nullptr;
    for (const Member& member : members) {
      if (!before || before->event != member.event || before->frame != member.frame) {
        made_.push_back({.parent = parent, .frame = member.frame, .event = member.event});
        members_.emplace_back();
      }
      tree_.node_of[member.node] = static_cast<uint32_t>(made_.size() - 1);
      if (member.frame != too_narrow) members_.back().push_back(member.node);
      before = &member;
    }
  }

  /// From depth by depth to depth first.
  void put_in_order() {
    for (uint32_t i = static_cast<uint32_t>(made_.size()); i-- > 0;) {
      if (made_[i].parent != kNoNode) made_[made_[i].parent].size += made_[i].size;
    }
    std::vector<uint32_t> place(made_.size()), depth(made_.size()), next(made_.size());
    uint32_t next_root = 0;
    tree_.nodes.resize(made_.size());
    std::vector<uint32_t> depths(made_.size());
    for (uint32_t i = 0; i < made_.size(); ++i) {
      const Made& made = made_[i];
      uint32_t& free = made.parent == kNoNode ? next_root : next[made.parent];
      place[i] = free;
      free += made.size;
      next[i] = place[i] + 1;
      depth[i] = made.parent == kNoNode ? 0 : depth[made.parent] + 1;
      tree_.nodes[place[i]].frame = made.frame;
      tree_.nodes[place[i]].event = made.event;
      depths[place[i]] = depth[i];
    }
    for (size_t at = 1; at < depths.size(); ++at) {
      tree_.nodes[at].up = depths[at - 1] + 1 - depths[at];
    }
    for (uint32_t i = 0; i < tree_.node_of.size(); ++i) {
      uint32_t& node = tree_.node_of[i];
      if (node == kNoNode) continue;
      node = place[node];
      tree_.nodes[node].self += own(i);
    }
  }

  const Profile& profile_;
  const std::vector<Weight>& weights_;
  std::vector<uint32_t> frame_of_;  // by FrameId, and of kTooNarrow
  std::vector<uint64_t> totals_;    // by index in Profile::nodes
  std::vector<uint64_t> wholes_;    // by event
  double above_ = 0;
  std::vector<Made> made_;
  std::vector<std::vector<uint32_t>> members_;  // of each made node, until it has its children
  PageTree tree_;
};

}  // namespace

PageTree make_page_tree(const Profile& profile, const std::vector<Weight>& weights, size_t most) {
  return PageTreeBuilder(profile, weights, most).build();
}

}  // namespace prof
