// StackTree: makes a Profile's prefix tree of stacks. Used by the pipeline and the imports.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/huge_allocator.h"
#include "report/profile.h"
#include "report/sequence_sort.h"

namespace prof {

/// Which nodes a tree need not have: those too narrow to be drawn, whose totals, samples ×
/// per_sample + period × per_period, are below 1.
struct Pruning {
  double per_sample = 0;
  double per_period = 0;
  /// By frame: whether it was given for several that are drawn as one, so that they are one node;
  /// empty: none was. Then frame_of(stack, depth) tells which one a stack has there, and a node
  /// gets that of its heaviest stack. Stacks are numbered in the order of adding, the root's depth
  /// is 0.
  std::vector<bool> stand_in = {};
  std::function<FrameId(uint32_t stack, size_t depth)> frame_of = {};
  /// Whether what goes is still to be added to the profile's numbers of frames.
  bool count_frames = false;
};

/// Takes stacks in any order and sorts them, so that each needs only to be compared with the one
/// before it: no table is asked for children, and the nodes come out depth first, as all that reads
/// them walks them.
class StackTree {
 public:
  void reserve(size_t stacks, size_t frames);
  /// A stack of `group`, an index into Profile::groups; `frames` root first, without the frame that
  /// shows the group. Equal stacks add up.
  void add(uint32_t group, std::span<const FrameId> frames, uint64_t samples, uint64_t period);
  /// finish() leaves nodes out and puts one of Profile::pruned_frame in their place. Not together
  /// with `leaves`.
  void prune(Pruning pruning) { pruning_.emplace(std::move(pruning)); }
  /// Makes profile.nodes of all stacks. `group_frames[g]` shows group g at the root. Tells the node
  /// that each stack added ends in, in the order of adding, if `leaves` is given.
  void finish(std::span<const FrameId> group_frames, Profile& profile,
              std::vector<uint32_t>* leaves = nullptr);

 private:
  SequenceList stacks_;  // group, then frames
  std::optional<Pruning> pruning_;
};

/// Counts the frames of the nodes, and those without a symbol, by samples. Those that were pruned
/// are counted already.
void count_frames(Profile& profile);

}  // namespace prof
