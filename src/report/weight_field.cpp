#include "report/weight_field.h"

#include <fmt/core.h>

#include <set>

namespace prof {

namespace {

std::string numbers_hint(const TracePoints& points) {
  std::set<std::string_view> names;
  for (const TracePoints::Point* point : points.all()) {
    for (const EventField& field : point->format.fields) {
      if (!field.is_common && field.is_number()) names.insert(field.name);
    }
  }
  if (names.empty()) return "only tracepoints that were recorded without --bpf have fields";
  std::string out = "there are samples, period";
  for (const std::string_view name : names) out += ", " + std::string(name);
  return out;
}

}  // namespace

Result<WeightField> WeightField::make(const Recording& recording, const std::string& name) {
  WeightField out(recording);
  if (name.empty()) return out;
  out.name_ = name;
  bool found = false;
  const auto events = recording.events().all();
  for (size_t i = 0; i < events.size(); ++i) {
    Event event;
    const TracePoints::Point* point = out.points_->of(i);
    if (point && events[i].has(PERF_SAMPLE_RAW)) event.field = point->format.field(name);
    if (event.field && !event.field->is_number()) {
      return fail(fmt::format("field '{}' of '{}' is no number", name, events[i].name),
                  numbers_hint(*out.points_), 2);
    }
    found |= event.field != nullptr;
    out.by_event_.push_back(event);
  }
  if (!found) {
    return fail(fmt::format("no event of the recording has a field '{}' to weigh by", name),
                numbers_hint(*out.points_), 2);
  }
  return out;
}

std::optional<uint64_t> WeightField::of(const SampleRecord& sample) {
  Event& event = by_event_[sample.event];
  const auto number =
      event.field ? read_number(*event.field, sample.raw, points_->swapped()) : std::nullopt;
  if (!number) {
    ++event.without;
    return std::nullopt;
  }
  if (static_cast<int64_t>(number->bits) < 0) {  // unsigned: an error's number, or an address
    ++event.negative;
    return std::nullopt;
  }
  return number->bits;
}

std::vector<std::string> WeightField::warnings(const Recording& recording) const {
  std::vector<std::string> out;
  for (size_t i = 0; i < by_event_.size(); ++i) {
    const std::string& event = recording.events()[i].name;
    const auto tell = [&](uint64_t samples, std::string_view why) {
      if (samples == 0) return;
      out.push_back(fmt::format("{} sample{} of '{}' {} left out: {}", samples,
                                samples == 1 ? "" : "s", event, samples == 1 ? "is" : "are", why));
    };
    tell(by_event_[i].without, fmt::format("no field '{}'", name_));
    tell(by_event_[i].negative, fmt::format("'{}' is negative", name_));
  }
  return out;
}

}  // namespace prof
