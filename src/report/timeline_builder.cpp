#include "report/timeline_builder.h"

#include <algorithm>

namespace prof {

void TimelineBuilder::add(const SampleRecord& sample, uint32_t event, uint64_t period,
                          uint64_t samples, uint32_t era, const std::function<StringId()>& comm) {
  const uint32_t idle_on = sample.pid == 0 && sample.tid == 0 ? sample.cpu : 0;
  const auto [it, added] = threads_.try_emplace({uint64_t{sample.pid} << 32 | sample.tid, idle_on});
  Thread& thread = it->second;
  if (added) {
    thread.index = static_cast<uint32_t>(timeline_.threads.size());
    timeline_.threads.push_back(
        {static_cast<int32_t>(sample.pid), static_cast<int32_t>(sample.tid), {}});
  }
  if (thread.era != era) {
    thread.era = era;
    timeline_.threads[thread.index].comm = comm();
  }
  TimelineSample moment;
  moment.time = sample.time;
  moment.thread = thread.index;
  moment.cpu = static_cast<int32_t>(sample.cpu);
  moment.event = event;
  moment.samples = samples;
  moment.period = period;
  timeline_.samples.push_back(moment);
}

Timeline TimelineBuilder::finish(const std::function<uint32_t(size_t)>& node_of) {
  auto& samples = timeline_.samples;
  for (size_t i = 0; i < samples.size(); ++i) samples[i].node = node_of(i);
  std::erase_if(samples, [](const TimelineSample& sample) { return sample.node == kNoNode; });
  std::ranges::stable_sort(samples, {}, &TimelineSample::time);
  timeline_.in_order = timeline_.has_times();
  return std::move(timeline_);
}

}  // namespace prof
