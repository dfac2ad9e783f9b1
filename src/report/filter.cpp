#include "report/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/wall_time.h"

namespace prof {

namespace {

/// The CPUs of a processor, as the recording's header has them.
Result<std::vector<bool>> cpus_of_socket(int32_t socket, const Recording& recording) {
  const std::string& path = recording.reader().path();
  const auto& topology = recording.reader().features().cpu_topology;
  if (!topology || topology->cpus.empty()) {
    return fail(fmt::format("cannot choose a socket: '{}' does not tell which CPUs it has", path),
                "choose CPUs by -C");
  }
  if (std::ranges::none_of(recording.events().all(),
                           [](const EventAttr& event) { return event.has(PERF_SAMPLE_CPU); })) {
    return fail(fmt::format("cannot choose a socket: the samples of '{}' have no CPU", path),
                "record with --sample-cpu");
  }
  std::vector<bool> cpus;
  std::set<uint32_t> sockets;
  for (const auto& cpu : topology->cpus) {
    cpus.push_back(cpu.socket == static_cast<uint32_t>(socket));
    sockets.insert(cpu.socket);
  }
  if (sockets.contains(static_cast<uint32_t>(socket))) return cpus;
  return fail(fmt::format("no socket {} in '{}'", socket, path),
              fmt::format("it has: {}", fmt::join(sockets, ", ")), 2);
}

}  // namespace

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
  if (options.socket) {
    auto cpus = cpus_of_socket(*options.socket, recording);
    if (!cpus) return tl::unexpected(std::move(cpus.error()));
    filter.socket_cpus_ = std::move(*cpus);
    for (const EventAttr& event : events) {
      filter.events_with_cpu_.push_back(event.has(PERF_SAMPLE_CPU));
    }
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

bool SampleFilter::hides(const SampleRecord& sample, StringId comm) const {
  const auto lacks = [](const auto& wanted, auto value) {
    return !wanted.empty() && std::ranges::find(wanted, value) == wanted.end();
  };
  if (!socket_cpus_.empty() && !(events_with_cpu_[sample.event] &&
                                 sample.cpu < socket_cpus_.size() && socket_cpus_[sample.cpu])) {
    return true;
  }
  return lacks(comms_, comm) || lacks(pids_, static_cast<int32_t>(sample.pid)) ||
         lacks(tids_, static_cast<int32_t>(sample.tid));
}

}  // namespace prof
