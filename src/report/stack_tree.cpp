#include "report/stack_tree.h"

#include <algorithm>

namespace prof {

namespace {

constexpr size_t kFetchAhead = 8;                // stacks
constexpr size_t kLine = 64 / sizeof(uint32_t);  // numbers in a line of the cache

/// Lays down one stack after the other, each in the order after the last. Depth first, so that what
/// is left out is always what was laid down last.
class PreorderWriter {
 public:
  PreorderWriter(std::span<const FrameId> group_frames, const Pruning* pruning, Profile& profile)
      : group_frames_(group_frames), pruning_(pruning), profile_(profile), nodes_(profile.nodes) {}

  /// `stack`: group and frames; `next`: the one that follows, or null. Tells its leaf's index, if
  /// it was not left out.
  uint32_t write(SequenceList::Sequence stack, SequenceList::Sequence next) {
    const auto [samples, period] = SequenceList::weight_of(stack);
    size_t depth = same_;
    leave(depth);
    same_ = next ? common_beginning(stack, next) : 0;
    // What no other stack has weighs what this one does.
    const bool narrow = pruning_ && is_narrow(samples, period);
    const size_t kept = narrow ? std::max<size_t>(same_, 1) : SIZE_MAX;
    for (; depth < kept && stack[depth] != SequenceList::kEnd; ++depth) enter(stack, depth);
    Step& last = path_.back();
    last.samples += samples;
    last.period += period;
    last.take_heavier(stack, samples);
    if (stack[depth] != SequenceList::kEnd) {
      leave_out(stack + depth, samples, period);
    } else {
      nodes_[last.node].self_samples += samples;
      nodes_[last.node].self_period += period;
    }
    return last.node;
  }
  void finish() { leave(0); }

 private:
  struct Step {
    uint32_t node;
    SequenceList::Sequence stack;                    // the heaviest that has it
    uint64_t most = 0;                               // its samples
    uint64_t samples = 0, period = 0;                // with all below, where nodes are left out
    uint64_t pruned_samples = 0, pruned_period = 0;  // of those children that were

    void take_heavier(SequenceList::Sequence other, uint64_t its_samples) {
      if (its_samples <= most) return;
      stack = other;
      most = its_samples;
    }
  };

  static size_t common_beginning(SequenceList::Sequence a, SequenceList::Sequence b) {
    size_t same = 0;
    while (a[same] == b[same] && a[same] != SequenceList::kEnd) ++same;
    return same;
  }

  void enter(SequenceList::Sequence stack, size_t depth) {
    const uint32_t number = stack[depth];
    StackNode node;
    if (path_.empty()) {
      node.group = number - 1;
      node.frame = group_frames_[node.group];
    } else {
      node.parent = path_.back().node;
      node.group = nodes_[node.parent].group;
      node.frame = FrameId{number - 1};
    }
    path_.push_back({static_cast<uint32_t>(nodes_.size()), stack});
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
      above->take_heavier(step.stack, step.most);
    }
    if (above && is_narrow(step.samples, step.period)) {
      above->pruned_samples += step.samples;
      above->pruned_period += step.period;
      if (step.samples != 0 || step.period != 0) {
        count_pruned(nodes_[step.node].frame, step.samples);
      }
      nodes_.resize(step.node);
      return;
    }
    if (FrameId& frame = nodes_[step.node].frame; above && is_stand_in(frame)) {
      frame = pruning_->frame_of(SequenceList::number_of(step.stack), path_.size() - 1);
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

  bool is_narrow(uint64_t samples, uint64_t period) const {
    return static_cast<double>(samples) * pruning_->per_sample +
               static_cast<double>(period) * pruning_->per_period <
           1;
  }

  /// The rest of a stack, below the last step of the path.
  void leave_out(const uint32_t* rest, uint64_t samples, uint64_t period) {
    path_.back().pruned_samples += samples;
    path_.back().pruned_period += period;
    if (samples == 0 && period == 0) return;  // no picture would show it
    for (; *rest != SequenceList::kEnd; ++rest) count_pruned(FrameId{*rest - 1}, samples);
  }

  void count_pruned(FrameId frame, uint64_t samples) {
    ++profile_.events[profile_.groups[nodes_[path_.front().node].group].event].pruned_nodes;
    if (!pruning_->count_frames) return;
    profile_.total_frames += samples;
    if (!profile_.frame(frame).symbol.valid()) profile_.unresolved_frames += samples;
  }

  std::span<const FrameId> group_frames_;
  const Pruning* pruning_;
  Profile& profile_;
  decltype(Profile::nodes)& nodes_;
  std::vector<Step> path_;
  size_t same_ = 0;  // of the path, in the stack to come
};

}  // namespace

void StackTree::reserve(size_t stacks, size_t frames) {
  stacks_.reserve(stacks, stacks + frames);
}

void StackTree::add(uint32_t group, std::span<const FrameId> frames, uint64_t samples,
                    uint64_t period) {
  stacks_.begin({samples, period});
  stacks_.append(group);
  for (const FrameId frame : frames) stacks_.append(frame.value);
  stacks_.end();
}

void StackTree::finish(std::span<const FrameId> group_frames, Profile& profile,
                       std::vector<uint32_t>* leaves) {
  const SequenceList::Items order = stacks_.sorted();
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
    if (i + kFetchAhead < order.size()) {
      const SequenceList::Sequence later = order[i + kFetchAhead].sequence;
      __builtin_prefetch(later);
      __builtin_prefetch(later + kLine);
    }
    const SequenceList::Sequence stack = order[i].sequence;
    const uint32_t node =
        writer.write(stack, i + 1 < order.size() ? order[i + 1].sequence : nullptr);
    if (leaves) (*leaves)[SequenceList::number_of(stack)] = node;
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
