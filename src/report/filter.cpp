#include "report/filter.h"

#include <fmt/core.h>

#include <algorithm>

#include "report/wall_time.h"

namespace prof {

Result<SampleFilter> SampleFilter::make(const FilterOptions& options, Recording& recording) {
  SampleFilter filter;
  const auto events = recording.events().all();
  if (!options.event.empty() && !WallTime(events, options.event).is_whole()) {
    const auto found = std::ranges::find(events, options.event, &EventAttr::name);
    if (found == events.end()) {
      std::string names;
      for (const EventAttr& event : events) names += (names.empty() ? "" : ", ") + event.name;
      if (WallTime(events, {}).is_whole()) names += ", " + std::string(kWallTimeName);
      return fail(fmt::format("no event '{}' in '{}'", options.event, recording.reader().path()),
                  "it has: " + names, 2);
    }
    filter.event_ = found - events.begin();
  }
  auto times =
      parse_time_ranges(options.time, recording.stats().first_time, recording.stats().last_time);
  if (!times) return tl::unexpected(times.error());
  filter.times_ = std::move(*times);
  for (int32_t cpu : options.cpus) {
    if (cpu < 0) continue;
    const auto index = static_cast<size_t>(cpu);
    if (index >= filter.cpus_.size()) filter.cpus_.resize(index + 1);
    filter.cpus_[index] = true;
  }
  for (const std::string& comm : options.comms) {
    filter.comms_.push_back(recording.strings().intern(comm));
  }
  filter.pids_ = options.pids;
  filter.tids_ = options.tids;
  if (!options.where.empty()) {
    auto where = WhereFilter::make(options.where, recording);
    if (!where) return tl::unexpected(std::move(where.error()));
    filter.where_ = std::move(*where);
  }
  return filter;
}

bool SampleFilter::drops(const SampleRecord& sample) const {
  if (event_ >= 0 && sample.event != event_) return true;
  if (!takes_cpu(sample.cpu)) return true;
  if (times_.empty()) return false;
  return std::ranges::none_of(times_, [&](const TimeRange& range) {
    return sample.time >= range.first && sample.time <= range.second;
  });
}

bool SampleFilter::hides(StringId comm, uint32_t pid, uint32_t tid) const {
  const auto lacks = [](const auto& wanted, auto value) {
    return !wanted.empty() && std::ranges::find(wanted, value) == wanted.end();
  };
  return lacks(comms_, comm) || lacks(pids_, static_cast<int32_t>(pid)) ||
         lacks(tids_, static_cast<int32_t>(tid));
}

}  // namespace prof
