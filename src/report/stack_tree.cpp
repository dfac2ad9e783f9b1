#include "report/stack_tree.h"

namespace prof {

namespace {

constexpr size_t kFetchAhead = 8;  // stacks

/// Lays down one stack after the other, each in the order after the last. Depth first, so that what
/// is left out is always what was laid down last.
class PreorderWriter {
 public:
  PreorderWriter(std::span<const FrameId> group_frames, const Pruning* pruning, Profile& profile)
      : group_frames_(group_frames), pruning_(pruning), profile_(profile), nodes_(profile.nodes) {}

  /// `stack`: group and frames, as SequenceList holds them, and its number in the order of adding.
  /// Tells its leaf's index.
  uint32_t write(const uint32_t* stack, uint32_t number, uint64_t samples, uint64_t period) {
    size_t depth = 0;
    while (depth < path_.size() && path_[depth].number == stack[depth]) ++depth;
    leave(depth);
    for (; stack[depth] != SequenceList::kEnd; ++depth) enter(stack[depth], number);
    Step& leaf = path_.back();
    leaf.samples += samples;
    leaf.period += period;
    nodes_[leaf.node].self_samples += samples;
    nodes_[leaf.node].self_period += period;
    return leaf.node;
  }
  void finish() { leave(0); }

 private:
  struct Step {
    uint32_t number;
    uint32_t node;
    uint32_t stack;                                  // the first that has it
    uint64_t samples = 0, period = 0;                // with all below, where nodes are left out
    uint64_t pruned_samples = 0, pruned_period = 0;  // of those children that were
  };

  void enter(uint32_t number, uint32_t stack) {
    StackNode node;
    if (path_.empty()) {
      node.group = number - 1;
      node.frame = group_frames_[node.group];
    } else {
      node.parent = path_.back().node;
      node.group = nodes_[node.parent].group;
      node.frame = FrameId{number - 1};
    }
    path_.push_back({number, static_cast<uint32_t>(nodes_.size()), stack});
    nodes_.push_back(node);
  }

  void leave(size_t depth) {
    for (; path_.size() > depth; path_.pop_back()) {
      if (pruning_) {
        settle(path_.back(), path_.size() > 1 ? &path_[path_.size() - 2] : nullptr);
      } else {
        nodes_[path_.back().node].end = static_cast<uint32_t>(nodes_.size());
      }
    }
  }

  /// Keeps a node whose total is known now, or leaves it out with all below. Roots stay.
  void settle(const Step& step, Step* above) {
    if (above) {
      above->samples += step.samples;
      above->period += step.period;
    }
    const double total = static_cast<double>(step.samples) * pruning_->per_sample +
                         static_cast<double>(step.period) * pruning_->per_period;
    if (above && total < 1) {
      above->pruned_samples += step.samples;
      above->pruned_period += step.period;
      ++profile_.events[profile_.groups[nodes_[step.node].group].event].pruned_nodes;
      if (pruning_->count_frames) count(step);
      nodes_.resize(step.node);
      return;
    }
    if (FrameId& frame = nodes_[step.node].frame; above && is_stand_in(frame)) {
      frame = pruning_->frame_of(step.stack, path_.size() - 1);
    }
    if (step.pruned_samples != 0 || step.pruned_period != 0) {
      StackNode pruned;
      pruned.parent = step.node;
      pruned.group = nodes_[step.node].group;
      pruned.frame = profile_.pruned_frame;
      pruned.self_samples = step.pruned_samples;
      pruned.self_period = step.pruned_period;
      pruned.end = static_cast<uint32_t>(nodes_.size() + 1);
      nodes_.push_back(pruned);
    }
    nodes_[step.node].end = static_cast<uint32_t>(nodes_.size());
  }

  bool is_stand_in(FrameId frame) const {
    return !pruning_->stand_in.empty() && pruning_->stand_in[frame.value];
  }

  void count(const Step& pruned) {
    profile_.total_frames += pruned.samples;
    if (!profile_.frame(nodes_[pruned.node].frame).symbol.valid()) {
      profile_.unresolved_frames += pruned.samples;
    }
  }

  std::span<const FrameId> group_frames_;
  const Pruning* pruning_;
  Profile& profile_;
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
  if (pruning_) {
    Frame frame;
    frame.name = profile.strings.intern("[too narrow to draw]");
    frame.kind = FrameKind::Unknown;
    // Children are in the order of their frames, and this one is made last.
    profile.pruned_frame = FrameId{static_cast<uint32_t>(profile.frames.size())};
    profile.frames.push_back(frame);
  }
  PreorderWriter writer(group_frames, pruning_ ? &*pruning_ : nullptr, profile);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + kFetchAhead < order.size()) __builtin_prefetch(stacks_.raw(order[i + kFetchAhead]));
    const Weight& weight = weights_[order[i]];
    const uint32_t node =
        writer.write(stacks_.raw(order[i]), order[i], weight.samples, weight.period);
    if (leaves) (*leaves)[order[i]] = node;
  }
  writer.finish();
}

void count_frames(Profile& profile) {
  std::vector<uint64_t> samples(profile.nodes.size());
  for (size_t i = samples.size(); i-- > 0;) {
    const StackNode& node = profile.nodes[i];
    samples[i] += node.self_samples;
    if (node.parent != UINT32_MAX) samples[node.parent] += samples[i];
    if (node.frame == profile.pruned_frame) continue;
    profile.total_frames += samples[i];
    if (!profile.frame(node.frame).symbol.valid()) profile.unresolved_frames += samples[i];
  }
}

}  // namespace prof
