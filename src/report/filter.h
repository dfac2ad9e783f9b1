// SampleFilter: which samples of a recording an output is about. Asked once for each sample.
#pragma once

#include <memory>
#include <vector>

#include "common/result.h"
#include "report/recording.h"
#include "report/time_range.h"
#include "report/where_sample.h"

namespace prof {

class SampleFilter {
 public:
  /// An --event that the recording does not have is an error that names those it has.
  static Result<SampleFilter> make(const FilterOptions& options, Recording& recording);

  /// Outside of the chosen events, CPUs or times: the sample counts nowhere.
  bool drops(const SampleRecord& sample) const;
  bool takes_cpu(uint32_t cpu) const { return cpus_.empty() || (cpu < cpus_.size() && cpus_[cpu]); }
  /// Not of the chosen commands, processes, threads or processor: not shown, but part of the total
  /// that percentages relate to, as in perf.
  bool hides(const SampleRecord& sample, StringId comm) const;

  /// --where, which decides last and needs to know more; nullptr without.
  WhereFilter* where() const { return where_.get(); }

 private:
  int64_t event_ = -1;
  std::vector<TimeRange> times_;
  std::vector<bool> cpus_;
  std::vector<bool> socket_cpus_;      // of the chosen processor; empty: all
  std::vector<bool> events_with_cpu_;  // where one is chosen
  std::vector<StringId> comms_;
  std::vector<int32_t> pids_, tids_;
  std::unique_ptr<WhereFilter> where_;
};

}  // namespace prof
