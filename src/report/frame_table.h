// FrameTable: names the distinct addresses of a recording, once each, as a Profile's frames. Used
// by the pipeline between the raw stacks and the stack tree.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "report/inline_table.h"
#include "report/profile.h"
#include "report/recording.h"

namespace prof {

/// perf's letter for where code runs: 'k', '.', 'g', 'u', 'H', or '?'.
char level_of(CpuMode mode);

class FrameTable {
 public:
  FrameTable(Recording& recording, Profile& profile) : recording_(recording), profile_(profile) {}

  /// Names the next address; they are numbered from 0. `state` and `time` are those of any sample
  /// in its address space. Before frames_of(), resolve() all.
  void add(const ThreadState& state, uint64_t time, CpuMode mode, FrameAddress address);
  /// With `inlined`, an address has a frame for each inlined call it is in, too. With `lines`,
  /// frames are those of source lines, of files
  /// by their names, or with `full_paths` by their paths.
  void finish(bool inlined, bool lines = false, bool full_paths = false);

  /// The frames of an address, the function itself first, then what is inlined into it, inwards.
  /// Equal functions are equal frames.
  std::span<const FrameId> frames_of(uint32_t address) const {
    return std::span(frame_ids_).subspan(begins_[address], begins_[address + 1] - begins_[address]);
  }
  /// Why a frame has no name.
  MissReason miss_of(FrameId frame) const {
    return frame.value < misses_.size() ? misses_[frame.value] : MissReason::None;
  }

 private:
  struct Address {
    ResolvedAddress resolved;
    CpuMode mode;
  };
  struct Key {
    uint32_t dso;
    uint64_t address;
    uint32_t name;
    CpuMode mode;
    bool inlined;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  uint64_t shown_address(const ResolvedAddress& resolved) const;
  FrameId intern(const ResolvedAddress& resolved, CpuMode mode);
  FrameId intern_inlined(const ResolvedAddress& resolved, StringId name);
  FrameId with_line(FrameId function, const ResolvedAddress& resolved, const SourceCall* call);
  std::string line_text(const ResolvedAddress& resolved, const SourceCall* call) const;
  void fill_names(Frame& frame, const ResolvedAddress& resolved);

  Recording& recording_;
  Profile& profile_;
  std::vector<Address> addresses_;
  std::vector<uint32_t> begins_;  // by address, of frame_ids_
  std::vector<FrameId> frame_ids_;
  std::unordered_map<Key, FrameId, KeyHash> frames_;
  std::map<std::pair<FrameId, StringId>, FrameId> line_frames_;  // by function and line
  std::vector<MissReason> misses_;                               // by frame
  bool full_paths_ = false;
};

}  // namespace prof
