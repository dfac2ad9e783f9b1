#include "report/stack_tree.h"

namespace prof {

namespace {

constexpr size_t kFetchAhead = 8;  // stacks

/// Lays down one stack after the other, each in the order after the last.
class PreorderWriter {
 public:
  PreorderWriter(std::span<const FrameId> group_frames, Profile& profile)
      : group_frames_(group_frames), nodes_(profile.nodes) {}

  /// `stack`: group and frames, as SequenceList holds them. Tells its leaf's index.
  uint32_t write(const uint32_t* stack) {
    size_t depth = 0;
    while (depth < path_.size() && path_[depth].number == stack[depth]) ++depth;
    leave(depth);
    for (; stack[depth] != SequenceList::kEnd; ++depth) enter(stack[depth]);
    return path_.back().node;
  }
  void finish() { leave(0); }

 private:
  struct Step {
    uint32_t number;
    uint32_t node;
  };

  void enter(uint32_t number) {
    StackNode node;
    if (path_.empty()) {
      node.group = number - 1;
      node.frame = group_frames_[node.group];
    } else {
      node.parent = path_.back().node;
      node.group = nodes_[node.parent].group;
      node.frame = FrameId{number - 1};
    }
    path_.push_back({number, static_cast<uint32_t>(nodes_.size())});
    nodes_.push_back(node);
  }
  void leave(size_t depth) {
    for (; path_.size() > depth; path_.pop_back()) {
      nodes_[path_.back().node].end = static_cast<uint32_t>(nodes_.size());
    }
  }

  std::span<const FrameId> group_frames_;
  decltype(Profile::nodes)& nodes_;
  std::vector<Step> path_;
};

}  // namespace

void StackTree::reserve(size_t stacks, size_t frames) {
  stacks_.reserve(stacks, stacks + frames);
  weights_.reserve(stacks);
}

void StackTree::add(uint32_t group, std::span<const FrameId> frames, uint64_t samples,
                    uint64_t period) {
  stacks_.begin();
  stacks_.append(group);
  for (const FrameId frame : frames) stacks_.append(frame.value);
  stacks_.end();
  weights_.push_back({samples, period});
}

void StackTree::finish(std::span<const FrameId> group_frames, Profile& profile,
                       std::vector<uint32_t>* leaves) {
  const std::vector<uint32_t> order = stacks_.sorted();
  if (leaves) leaves->resize(order.size());
  PreorderWriter writer(group_frames, profile);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + kFetchAhead < order.size()) __builtin_prefetch(stacks_.raw(order[i + kFetchAhead]));
    const uint32_t number = writer.write(stacks_.raw(order[i]));
    if (leaves) (*leaves)[order[i]] = number;
    StackNode& leaf = profile.nodes[number];
    leaf.self_samples += weights_[order[i]].samples;
    leaf.self_period += weights_[order[i]].period;
  }
  writer.finish();
}

void count_frames(Profile& profile) {
  std::vector<uint64_t> samples(profile.nodes.size());
  for (size_t i = samples.size(); i-- > 0;) {
    const StackNode& node = profile.nodes[i];
    samples[i] += node.self_samples;
    profile.total_frames += samples[i];
    if (!profile.frame(node.frame).symbol.valid()) profile.unresolved_frames += samples[i];
    if (node.parent != UINT32_MAX) samples[node.parent] += samples[i];
  }
}

}  // namespace prof
