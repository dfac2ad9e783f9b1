#include "report/trace_sort.h"

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "report/trace_text.h"

namespace prof {

namespace {

constexpr std::string_view kAllFields = "trace_fields";
constexpr std::string_view kRaw = "/raw";

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

/// "sched:sched_switch.prev_comm" of each field that the key stands for.
std::vector<std::string> fields_of(std::string_view key, const Recording& recording,
                                   const TracePoints& points) {
  std::vector<std::string> found;
  const bool raw = key.ends_with(kRaw);
  if (raw) key.remove_suffix(kRaw.size());
  const size_t dot = key == kAllFields ? key.npos : key.find('.');
  const std::string event(dot == key.npos ? "*" : key.substr(0, dot));
  const std::string field(key == kAllFields ? "*" : key.substr(dot == key.npos ? 0 : dot + 1));
  const auto events = recording.events().all();
  for (size_t at = 0; at < events.size(); ++at) {
    const TracePoints::Point* point = points.of(at);
    if (!point) continue;
    if (!matches(event, events[at].name) && !matches(event, point->format.name)) continue;
    for (const EventField& each : point->format.fields) {
      if (each.is_common || !matches(field, each.name)) continue;
      found.push_back(fmt::format("{}.{}{}", events[at].name, each.name, raw ? kRaw : ""));
    }
  }
  return found;
}

}  // namespace

bool is_field_pattern(std::string_view key) {
  if (key.ends_with(kRaw)) key.remove_suffix(kRaw.size());
  return key == kAllFields || key.find_first_of("*?[") != key.npos;
}

Result<void> expand_fields(const Recording& recording, ReportOptions& options) {
  if (std::ranges::none_of(options.fields, is_field_pattern)) return {};
  const TracePoints points(recording);
  std::vector<SortKey> sort;
  std::vector<std::string> fields;
  const auto add = [&](std::string name) -> Result<void> {
    if (std::ranges::find(fields, name) != fields.end()) return {};
    if (fields.size() == kMaxFields) {
      return fail(fmt::format("more than {} fields to sort by", kMaxFields),
                  "choose among them, or among the events with --event", 2);
    }
    sort.push_back(field_key(fields.size()));
    fields.push_back(std::move(name));
    return {};
  };
  for (const SortKey key : options.sort) {
    const auto field = field_of(key);
    if (!field) {
      sort.push_back(key);
      continue;
    }
    const std::string& name = options.fields[*field];
    if (!is_field_pattern(name)) {
      if (auto done = add(name); !done) return done;
      continue;
    }
    auto found = fields_of(name, recording, points);
    if (found.empty()) {
      return fail(fmt::format("no field of a tracepoint in the recording matches '{}'", name),
                  "'prof script -F event,trace' shows the fields there are", 2);
    }
    for (std::string& each : found) {
      if (auto done = add(std::move(each)); !done) return done;
    }
  }
  options.sort = std::move(sort);
  options.fields = std::move(fields);
  return {};
}

}  // namespace prof
