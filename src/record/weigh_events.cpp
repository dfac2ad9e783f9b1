#include "record/weigh_events.h"

#include <fmt/core.h>

#include <algorithm>

#include "perfdata/event_format.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

/// The first 8 bytes of a record, the common fields, are not the event's, and a program has none.
bool can_weigh(const EventField& field) {
  constexpr uint32_t kSizes[] = {1, 2, 4, 8};
  return field.is_number() && !field.is_common && field.offset >= 8 && field.offset < kMaxRawSize &&
         std::ranges::find(kSizes, field.size) != std::end(kSizes);
}

Result<EventSpec::Weight> weight_of(const Tracefs& tracefs, const std::string& name,
                                    const EventSpec& spec) {
  if (spec.tracepoint.empty()) {
    return fail(fmt::format("--weight is of tracepoints, and '{}' has no fields", spec.name), {},
                2);
  }
  const auto text = tracefs.format_of(spec.tracepoint);
  if (!text) return tl::unexpected(text.error());
  const auto format = parse_event_format(*text);
  if (!format) return fail(fmt::format("the format of '{}' is not understood", spec.tracepoint));
  const EventField* field = format->field(name);
  if (field && can_weigh(*field)) {
    return EventSpec::Weight{static_cast<uint16_t>(field->offset),
                             static_cast<uint8_t>(field->size), field->is_signed};
  }
  std::vector<std::string> names;
  for (const EventField& each : format->fields) {
    if (can_weigh(each)) names.push_back(each.name);
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) {
    for (const std::string& each : names) hint += (hint.empty() ? "there are " : ", ") + each;
  }
  return fail(field ? fmt::format("field '{}' of '{}' is no number to sum", name, spec.tracepoint)
                    : fmt::format("'{}' has no field '{}' to weigh by", spec.tracepoint, name),
              hint, 2);
}

}  // namespace

Result<void> weigh_events(const Tracefs& tracefs, const std::string& name,
                          std::vector<EventSpec>& specs) {
  Result<void> missing;
  size_t good = 0;
  for (EventSpec& spec : specs) {
    const auto weight = weight_of(tracefs, name, spec);
    if (weight) {
      spec.weight = *weight;
      ++good;
      continue;
    }
    if (!spec.is_of_glob) return tl::unexpected(weight.error());
    if (missing) missing = tl::unexpected(weight.error());
  }
  if (good == 0) return missing;
  std::erase_if(specs, [](const EventSpec& spec) { return spec.weight.size == 0; });
  return {};
}

}  // namespace prof
