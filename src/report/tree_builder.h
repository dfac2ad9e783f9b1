// TreeBuilder: names each distinct address once and puts the distinct stacks into the profile's
// tree. Used by the pipeline.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/contexts.h"
#include "report/frame_table.h"
#include "report/load.h"
#include "report/profile.h"
#include "report/raw_stacks.h"
#include "report/recording.h"
#include "report/stack_quality.h"
#include "report/stack_tree.h"
#include "report/timeline_builder.h"
#include "report/wall_time.h"
#include "report/woken_stacks.h"

namespace prof {

/// Puts each distinct stack into the tree, root first.
class TreeBuilder {
 public:
  /// All but the options must outlive it; with `quality`, it is told how whole each stack is.
  TreeBuilder(Recording& recording, const RawStacks& stacks, const WokenStacks& woken,
              const Contexts& contexts, bool inlined, const LoadOptions& options, Profile& profile,
              StackQuality* quality);

  void build();
  /// After build(): the node that a stack of RawStacks::all() ends in; kNoNode if it was left out.
  uint32_t node_of(uint32_t raw) const {
    return places_[raw] == kNoNode ? kNoNode : leaves_[places_[raw]];
  }

 private:
  static constexpr uint32_t kNoNode = TimelineBuilder::kNoNode;

  struct Unnamed {
    uint64_t frames = 0;
    const Frame* last = nullptr;  // nearest to the leaf
  };
  void name_addresses();
  void add(const RawStack& stack);
  void add(const WokenStacks::Stack& stack);
  /// Put a stack into frames_, root first.
  Unnamed take_frames(const RawStack& stack);
  Unnamed take_frames(const WokenStacks::Stack& stack);
  void put(uint32_t group, uint64_t unknown, uint64_t samples, uint64_t period);
  FrameId named_frame_once(std::string_view name, FrameKind kind);
  void judge(const RawStack& raw, const Frame* unnamed);
  /// Finds the groups and frames that are drawn as one.
  void find_namesakes(std::span<const FrameId> group_frames);
  /// What is too narrow at this share of the total of each event.
  Pruning pruning(double least_share);
  FrameId frame_of(uint32_t stack, size_t depth);

  Recording& recording_;
  const RawStacks& stacks_;
  const WokenStacks& woken_;
  const bool inlined_;
  const bool lines_;
  const bool full_paths_;
  const bool without_idle_;
  const double least_share_;
  const Contexts& contexts_;
  Profile& profile_;
  StackQuality* quality_;
  FrameTable table_;
  std::array<FrameId, kWallParts> part_frames_;
  StackTree tree_;
  std::map<std::string, FrameId> waker_frames_;  // marks and names of wakers
  std::vector<FrameId> frames_;                  // of the stack at hand
  std::vector<uint32_t> places_;                 // by raw stack: its number in tree_
  uint32_t left_out_ = 0;
  std::vector<uint32_t> leaves_;  // by number in tree_

  // Only where nodes are left out.
  std::vector<FrameId> namesake_;         // by frame: the first one of its name and kind
  std::vector<uint32_t> group_namesake_;  // by group: the first one of its event that looks alike
  std::vector<FrameId> drawn_frames_;     // of the stack at hand
  std::vector<uint32_t> added_;  // by number in tree_: the stack, woken ones behind all raw
};

}  // namespace prof
