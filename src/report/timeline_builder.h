// TimelineBuilder: collects the samples of a timeline as the pipeline takes them, and puts them in
// order once their stacks have nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "perfdata/record.h"
#include "report/profile.h"

namespace prof {

class TimelineBuilder {
 public:
  /// A sample of Profile::events[event]. `comm` is asked for its thread's name where `era`, which
  /// changes whenever the name may, is another than at the thread's last sample.
  void add(const SampleRecord& sample, uint32_t event, uint64_t period, uint64_t samples,
           uint32_t era, const std::function<StringId()>& comm);

  /// `node_of(i)` is the leaf of the i-th sample added; kNoNode leaves it out.
  static constexpr uint32_t kNoNode = UINT32_MAX;
  Timeline finish(const std::function<uint32_t(size_t)>& node_of);

 private:
  struct Thread {
    uint32_t index = 0;
    uint32_t era = UINT32_MAX;
  };
  Timeline timeline_;
  /// By pid, tid and, of the idle tasks, which are all 0, the CPU.
  std::map<std::pair<uint64_t, uint32_t>, Thread> threads_;
};

}  // namespace prof
