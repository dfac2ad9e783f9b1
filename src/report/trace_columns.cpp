#include "report/trace_columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "report/report_options.h"
#include "report/trace_fields.h"

namespace prof {

namespace {

constexpr std::string_view kWholeText = "trace";
constexpr std::string_view kRaw = "/raw";

/// Whether "sched_switch.prev_comm" or "sched:sched_switch.prev_comm" is about this event.
bool is_of(std::string_view event, const EventAttr& attr, const EventFormat& format) {
  return event.empty() || event == attr.name || event == format.name;
}

/// The fields there are, for who asked for another.
std::string fields_hint(const TracePoints& points) {
  std::set<std::string_view> names;
  for (const TracePoints::Point* point : points.all()) {
    for (const EventField& field : point->format.fields) {
      if (!field.is_common) names.insert(field.name);
    }
  }
  if (names.empty()) return std::string(kSortKeysHint);
  std::string out;
  for (const std::string_view name : names) {
    out += out.empty() ? "" : ", ";
    if (out.size() > 300) return "fields of its tracepoints are " + out + "…";
    out += name;
  }
  return "fields of its tracepoints are " + out;
}

}  // namespace

Result<TraceColumns> TraceColumns::make(Recording& recording, const std::vector<std::string>& names,
                                        bool raw, const TimeColumn& time) {
  TraceColumns out(recording);
  out.time_ = time;
  if (names.empty()) return out;
  out.names_ = names;
  const auto events = recording.events().all();
  out.by_event_.resize(events.size(), std::vector<Column>(names.size()));
  for (size_t i = 0; i < names.size(); ++i) {
    std::string_view name = names[i];
    const bool one_raw = name.ends_with(kRaw);
    if (one_raw) name.remove_suffix(kRaw.size());
    const size_t dot = name.find('.');
    const std::string_view event = name.substr(0, dot == name.npos ? 0 : dot);
    const std::string_view field = name.substr(dot == name.npos ? 0 : dot + 1);
    const auto own = own_column(name);
    bool found = own || name == kWholeText;
    for (size_t at = 0; at < events.size(); ++at) {
      Column& column = out.by_event_[at][i];
      column.whole = name == kWholeText;
      column.raw = raw || one_raw;
      column.own = own;
      if (own) column.width = least_width_of(*own, time);
      if (own) continue;
      const TracePoints::Point* point = out.points_->of(at);
      if (column.whole || !point || !is_of(event, events[at], point->format)) continue;
      column.field = point->format.field(field);
      if (!column.field) continue;
      column.width = least_width(*column.field);
      found = true;
    }
    if (!found) {
      return fail(fmt::format("unknown sort key '{}'", names[i]), fields_hint(*out.points_), 2);
    }
  }
  out.text_ = std::make_unique<TraceText>(&recording, *out.points_);
  return out;
}

/// As perf: what the text says of a field, else the field by its type.
FieldValue TraceColumns::value(Column& column, const SampleRecord& sample, Profile& profile) {
  if (column.own) {
    const OwnValue own = own_value(*column.own, sample, time_, *recording_);
    column.width = std::max({column.width, own.text.size(), own.width});
    return {profile.strings.intern(own.text), profile.strings.intern(own.order)};
  }
  if (column.whole) {
    const TracePoints::Point* point = points_->of(sample.event);
    std::string_view text = "N/A";
    if (point && column.raw) {
      shown_.clear();
      append_fields(point->format, sample.raw, points_->swapped(), shown_);
      text = shown_;
    } else if (point) {
      text = line_;
    }
    column.width = std::max(column.width, text.size());
    const StringId id = profile.strings.intern(text);
    return {id, id};
  }
  if (!column.field) return {};
  const auto bytes = read_bytes(*column.field, sample.raw, points_->swapped());
  const auto found = column.raw ? std::nullopt : field_in_text(line_, column.field->name);
  if (found) {
    shown_ = *found;
    column.width = std::max(column.width, shown_.size());
  } else {
    shown_.clear();
    append_field(*column.field, sample.raw, points_->swapped(), shown_);
  }
  if (column.field->is_dynamic) column.width = std::max(column.width, bytes.size());
  return {profile.strings.intern(shown_),
          profile.strings.intern({reinterpret_cast<const char*>(bytes.data()), bytes.size()})};
}

int32_t TraceColumns::take(const SampleRecord& sample, Profile& profile) {
  if (names_.empty()) return -1;
  line_.clear();
  if (points_->of(sample.event)) text_->append(sample.cpu, sample.raw, line_);
  std::vector<FieldValue> values;
  for (Column& column : by_event_[sample.event]) values.push_back(value(column, sample, profile));
  const auto [known, added] =
      known_.try_emplace(std::move(values), static_cast<int32_t>(profile.field_values.size()));
  if (added) profile.field_values.push_back(known->first);
  return known->second;
}

void TraceColumns::set_widths(Profile& profile) const {
  for (size_t i = 0; i < by_event_.size() && i < profile.events.size(); ++i) {
    for (const Column& column : by_event_[i]) {
      profile.events[i].field_widths.push_back(column.width);
    }
  }
}

}  // namespace prof
