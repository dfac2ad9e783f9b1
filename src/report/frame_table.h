// FrameTable: names the distinct addresses of a recording, once each, as a Profile's frames. Used
// by the pipeline between the raw stacks and the stack tree.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "report/profile.h"
#include "report/recording.h"

namespace prof {

class FrameTable {
 public:
  FrameTable(Recording& recording, Profile& profile) : recording_(recording), profile_(profile) {}

  /// The frame of an address; equal functions are equal frames. `state` and `time` are those of any
  /// sample in its address space.
  FrameId frame_of(const ThreadState& state, uint64_t time, CpuMode mode, FrameAddress address);
  /// Why a frame has no name.
  MissReason miss_of(FrameId frame) const {
    return frame.value < misses_.size() ? misses_[frame.value] : MissReason::None;
  }

 private:
  void fill_names(Frame& frame, const ResolvedAddress& resolved);

  Recording& recording_;
  Profile& profile_;
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
  std::vector<MissReason> misses_;  // by frame
};

}  // namespace prof
