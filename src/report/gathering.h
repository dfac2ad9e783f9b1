// Gathering: the samples of a recording that a filter lets through, as distinct stacks of
// addresses. Used by the pipeline.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "report/contexts.h"
#include "report/filter.h"
#include "report/load.h"
#include "report/profile.h"
#include "report/raw_stacks.h"
#include "report/recording.h"
#include "report/stack_walker.h"
#include "report/timeline_builder.h"
#include "report/trace_columns.h"
#include "report/wall_time.h"
#include "report/weight_field.h"
#include "report/woken_stacks.h"

namespace prof {

/// Merges the equal stacks of a recording, by context, before anything is named.
class Gathering {
 public:
  /// What it is given must outlive it.
  Gathering(Recording& recording, const LoadOptions& options, const SampleFilter& filter,
            StackWalker& walker, TraceColumns columns, WeightField weight);

  /// Ends early where the walker finds that it should join stacks.
  void run(bool in_order);

  /// With events and groups; without frames and nodes.
  Profile& profile() { return profile_; }
  const Contexts& contexts() const { return contexts_; }
  const RawStacks& stacks() const { return stacks_; }
  const WokenStacks& woken() const { return woken_; }
  /// Its samples are in the order of stacks().sequence().
  TimelineBuilder& timeline() { return timeline_; }
  std::vector<std::string> warnings() const { return weight_.warnings(recording_); }

 private:
  void add(const SampleRecord& sample);
  void add_moment(const SampleRecord& sample, SampleContext context, uint64_t period,
                  uint64_t samples);
  bool add_woken(const SampleRecord& sample, uint64_t samples);

  Recording& recording_;
  const LoadOptions& options_;
  const SampleFilter& filter_;
  StackWalker& walker_;
  TraceColumns columns_;
  WeightField weight_;
  const WallTime wall_;
  Profile profile_;
  Contexts contexts_;
  RawStacks stacks_;
  WokenStacks woken_;
  TimelineBuilder timeline_;
  std::array<uint64_t, RawStacks::kQueue + 1> ips_{};  // while their samples are in the queue
  size_t at_ = 0;
};

}  // namespace prof
