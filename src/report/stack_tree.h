// StackTree: builds a Profile's prefix tree of stacks. Used by the pipeline and the imports.
#pragma once

#include <cstdint>
#include <vector>

#include "report/profile.h"

namespace prof {

class StackTree {
 public:
  /// Nodes are added to `profile`, which outlives the tree and is changed by nobody else meanwhile.
  explicit StackTree(Profile& profile) : profile_(profile), slots_(size_t{1} << 12) {}

  /// The root of `group`, an index into Profile::groups; `frame` is what shows it.
  uint32_t root(uint32_t group, FrameId frame);
  /// The child of `parent` with this frame, added if there is none.
  uint32_t child(uint32_t parent, FrameId frame);

 private:
  /// Most nodes have few children, which a walk along their list finds in the cache lines that the
  /// stack's other nodes are in; those with many have them in a hash table.
  static constexpr uint32_t kFewChildren = 1;
  struct Slot {
    uint64_t key = 0;   // parent and frame
    uint32_t node = 0;  // index + 1; 0 is free
  };
  uint32_t add(uint32_t parent, FrameId frame);
  uint32_t find_hashed(uint32_t parent, FrameId frame) const;
  void insert_hashed(uint32_t parent, uint32_t node);
  void grow();

  Profile& profile_;
  std::vector<Slot, HugeAllocator<Slot>> slots_;
  size_t used_ = 0;
  std::vector<bool> hashed_;     // by node: its children are in slots_
  std::vector<uint32_t> roots_;  // by group; index + 1
};

}  // namespace prof
