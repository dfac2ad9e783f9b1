// FrameTable: resolves the distinct addresses of a recording, once each, into a Profile's frames.
// Used by the pipeline between the raw stacks and the stack tree.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "report/profile.h"
#include "report/recording.h"

namespace prof {

class FrameTable {
 public:
  FrameTable(Recording& recording, Profile& profile)
      : recording_(recording), profile_(profile), slots_(size_t{1} << 12) {}

  /// `space` numbers the address space: equal for equal (process, version). `state` and `time` are
  /// those of any sample in it.
  FrameId frame_of(uint32_t space, const ThreadState& state, uint64_t time, CpuMode mode,
                   FrameAddress address);

 private:
  struct Slot {
    uint64_t address = 0;
    uint32_t space = 0;
    FrameId frame;  // invalid: free
  };
  FrameId intern(const ResolvedAddress& resolved, CpuMode mode);
  void fill_names(Frame& frame, const ResolvedAddress& resolved);
  size_t slot_of(uint32_t space, uint64_t address) const;
  void grow();

  Recording& recording_;
  Profile& profile_;
  std::vector<Slot> slots_;
  size_t used_ = 0;
  struct Key {
    uint32_t dso;
    uint64_t address;
    uint32_t name;
    CpuMode mode;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  std::unordered_map<Key, FrameId, KeyHash> frames_;
};

}  // namespace prof
