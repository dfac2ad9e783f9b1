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

/// The names of the fields that a key stands for: itself, or what matches it.
Result<std::vector<std::string>> fields_for(const std::string& key, const Recording& recording,
                                            const TracePoints& points) {
  if (!is_field_pattern(key)) return std::vector{key};
  auto found = fields_of(key, recording, points);
  if (!found.empty()) return found;
  return fail(fmt::format("no field of a tracepoint in the recording matches '{}'", key),
              "'prof script -F event,trace' shows the fields there are", 2);
}

}  // namespace

bool is_field_pattern(std::string_view key) {
  if (key.ends_with(kRaw)) key.remove_suffix(kRaw.size());
  return key == kAllFields || key.find_first_of("*?[") != key.npos;
}

Result<void> expand_fields(const Recording& recording, ReportOptions& options) {
  if (std::ranges::none_of(options.fields, is_field_pattern)) return {};
  const TracePoints points(recording);
  std::vector<std::string> fields;
  const auto expanded = [&](const std::vector<SortKey>& keys) -> Result<std::vector<SortKey>> {
    std::vector<SortKey> out;
    for (const SortKey key : keys) {
      const auto field = field_of(key);
      if (!field) {
        out.push_back(key);
        continue;
      }
      auto names = fields_for(options.fields[*field], recording, points);
      if (!names) return tl::unexpected(std::move(names.error()));
      for (std::string& name : *names) {
        const auto known = std::ranges::find(fields, name);
        const SortKey number = field_key(static_cast<size_t>(known - fields.begin()));
        if (known == fields.end() && fields.size() == kMaxFields) {
          return fail(fmt::format("more than {} fields to sort by", kMaxFields),
                      "choose among them, or among the events with --event", 2);
        }
        if (known == fields.end()) fields.push_back(std::move(name));
        if (std::ranges::find(out, number) == out.end()) out.push_back(number);
      }
    }
    return out;
  };
  auto sort = expanded(options.sort);
  if (!sort) return tl::unexpected(std::move(sort.error()));
  auto columns = expanded(options.columns);
  if (!columns) return tl::unexpected(std::move(columns.error()));
  options.sort = std::move(*sort);
  options.columns = std::move(*columns);
  options.fields = std::move(fields);
  return {};
}

}  // namespace prof
