// StackWalker: a sample's whole call chain, with the user's part unwound from the stack copy where
// the sample has one. Asked by the pipeline and by script, for each sample.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "report/code_maps.h"
#include "report/recording.h"
#include "report/stack_joiner.h"
#include "unwind/table_unwinder.h"

namespace prof {

class StackWalker {
 public:
  /// Frames of a user stack at most; copies that large have no more.
  static constexpr size_t kMaxFrames = 4096;

  /// `join`: whether stacks that were larger than their copies are to be completed.
  StackWalker(Recording& recording, bool join);
  ~StackWalker();

  /// Whether the recording has stack copies, chains that say why they end, or chains with parts
  /// elsewhere; without, chains are those of the samples.
  bool needed() const { return has_copies_ || has_ends_ || has_branches_ || is_deferred_; }
  /// Whether inlined calls are to be shown.
  bool shows_inlined(InputOptions::Inlined wanted) const {
    return wanted == InputOptions::Inlined::Always ||
           (wanted == InputOptions::Inlined::Unwound && has_copies_);
  }
  /// The chain as for_each_address() takes it, valid until the next call. `state` is that of the
  /// sample's thread at its time.
  U64View chain(const SampleRecord& sample, const ThreadState& state);
  /// From now on such a stack goes on, behind a marker, as the stack of its thread before did where
  /// both are in the same call. chain() must be given all samples in the order of time.
  void start_joining() { joining_ = join_; }
  /// Whether there was one before start_joining(): then the samples have to be gone through again.
  /// So that recordings without pay nothing, nobody need start with it.
  bool should_join() const { return join_ && !joining_ && cut_; }
  /// For a sample that is not shown: it may complete the next one's stack, so that stacks do not
  /// depend on what is shown.
  void pass_over(const SampleRecord& sample);
  /// In a chain that has no kernel part though the sample hit in the kernel, the sampled address
  /// stands for it, unless this is set: perf script shows what was unwound alone.
  void set_only_recorded(bool only) { only_recorded_ = only; }

  struct Stats {
    uint64_t walks = 0;
    std::array<uint64_t, kUnwindStops> stops{};  // by UnwindStop
    uint64_t frames = 0;
  };
  const Stats& stats() const { return stats_; }
  /// Whether chain() unwinds this sample's copy.
  bool has_copy(const SampleRecord& sample) const;

 private:
  U64View walked_while_recording(const U64View& chain);
  U64View with_branches(const SampleRecord& sample);
  U64View with_deferred(const SampleRecord& sample);
  U64View unjoined(std::span<const uint64_t> chain);
  std::span<const StackJoiner::Frame> join(const SampleRecord& sample, const ThreadState& state,
                                           UnwindStop stop);

  Recording& recording_;
  bool has_copies_ = false;
  bool has_ends_ = false;
  bool has_branches_ = false;
  bool is_deferred_ = false;
  const bool join_;
  bool joining_ = false;
  bool cut_ = false;
  bool only_recorded_ = false;
  uint16_t machine_ = 0;
  CodeMaps maps_;
  std::unique_ptr<Unwinder> fallback_;
  TableUnwinder unwinder_;
  StackJoiner joiner_;
  std::vector<FrameAddress> frames_;
  std::vector<uint64_t> chain_;
  Stats stats_;
};

}  // namespace prof
