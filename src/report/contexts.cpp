#include "report/contexts.h"

namespace prof {

Contexts::Contexts(Recording& recording, const SampleFilter& filter, GroupBy by,
                   const WallTime& wall, Profile& profile)
    : recording_(recording),
      filter_(filter),
      by_(by),
      wall_(wall),
      profile_(profile),
      cache_(kCacheSize) {}

SampleContext Contexts::find(const SampleRecord& sample, const ThreadState& state, int32_t fields) {
  const StringId comm = recording_.comm_of(state, sample.pid, sample.tid);
  const bool hidden = filter_.hides(sample, comm);
  Group group;
  group.event = sample.event;
  group.fields = fields;
  if (wall_.has(sample.event)) {
    group.event = static_cast<uint32_t>(wall_.event());
    group.wall_part = static_cast<int32_t>(wall_.part(sample.event));
  }
  if (by_.comm) group.comm = comm;
  const EventAttr& event = recording_.events()[sample.event];
  if (by_.pid) group.pid = static_cast<int32_t>(sample.pid);
  if (by_.tid) group.tid = static_cast<int32_t>(sample.tid);
  if (by_.cpu && event.has(PERF_SAMPLE_CPU)) group.cpu = static_cast<int32_t>(sample.cpu);
  const uint32_t group_index = group_of(group, hidden);
  const auto [space, ignored] =
      spaces_.try_emplace({state.process.value, state.version}, spaces_.size());
  const auto key = std::tuple(group_index, space->second, hidden);
  const auto [it, added] = by_key_.try_emplace(key, static_cast<uint32_t>(contexts_.size()));
  if (added) {
    contexts_.push_back({group_index, static_cast<uint32_t>(space->second), state, sample.time,
                         hidden, sample.pid == 0});
  }
  return {it->second, static_cast<uint32_t>(space->second)};
}

uint32_t Contexts::group_of(Group group, bool hidden) {
  if (hidden) return 0;  // counted, never drawn
  if (group.comm.valid()) {
    group.comm = profile_.strings.intern(recording_.strings()[group.comm]);
  }
  const auto [it, added] =
      groups_.try_emplace(group, static_cast<uint32_t>(profile_.groups.size()));
  if (added) profile_.groups.push_back(group);
  return it->second;
}

}  // namespace prof
