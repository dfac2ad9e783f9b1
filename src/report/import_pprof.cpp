#include "report/import_pprof.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "report/imported_samples.h"
#include "report/pprof_tables.h"
#include "report/protobuf_reader.h"

namespace prof {

namespace {

/// An event: which of a sample's values are its number of samples and its period.
struct ValueEvent {
  static constexpr size_t kNone = SIZE_MAX;
  size_t samples = kNone, period = kNone;
  std::string_view name;
  std::string unit;
  uint64_t scale = 1;  // of the period, to the unit
};

/// The unit as prof has it, and what values are multiplied by.
std::pair<std::string, uint64_t> unit_of(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 4> kTimes = {
      {{"nanoseconds", 1},
       {"microseconds", 1000},
       {"milliseconds", 1000000},
       {"seconds", 1000000000}}};
  for (const auto& [name, ns] : kTimes) {
    if (unit == name) return {"ns", ns};
  }
  return {unit == "count" || unit.empty() ? "events" : std::string(unit), 1};
}

std::vector<ValueEvent> events_of(const PprofTables& tables) {
  const auto& types = tables.types();
  std::vector<ValueEvent> events;
  for (size_t i = 0; i < types.size(); ++i) {
    ValueEvent event;
    size_t at = i;
    if (types[i].unit == "count") {
      event.samples = i;
      if (i + 1 < types.size() && types[i + 1].unit != "count") at = ++i;
    }
    event.period = at;
    event.name = types[at].type;
    const auto [unit, scale] = unit_of(types[at].unit);
    event.unit = event.name == "samples" ? "samples" : unit;
    event.scale = scale;
    const bool is_default =
        tables.default_type() == types[at].type ||
        (event.samples != ValueEvent::kNone && tables.default_type() == types[event.samples].type);
    events.insert(is_default ? events.begin() : events.end(), event);
  }
  return events;
}

class PprofImport {
 public:
  PprofImport(const PprofTables& tables, ImportedSamples& samples)
      : tables_(tables), samples_(samples), events_(events_of(tables)) {}

  Result<void> read(std::string_view message);
  uint64_t negative() const { return negative_; }

 private:
  Result<void> read_sample(std::string_view bytes, size_t position);
  void read_label(std::string_view bytes);
  bool add();

  const PprofTables& tables_;
  ImportedSamples& samples_;
  const std::vector<ValueEvent> events_;
  // Of the sample at hand.
  std::vector<FrameId> stack_;  // leaf first
  std::vector<int64_t> values_;
  ImportedSample sample_;
  bool fits_ = true;
  uint64_t negative_ = 0;
};

Result<void> PprofImport::read(std::string_view message) {
  if (tables_.types().empty()) return fail("no type of values", "is it a profile of pprof?");
  for (const ValueEvent& event : events_) {
    if (samples_.drops(event.name, -1, {})) continue;
    samples_.event(event.name, event.unit, event.samples == ValueEvent::kNone);
  }
  ProtobufReader reader(message);
  while (fits_ && reader.next()) {
    if (reader.field() != pprof::kSample || !reader.is_bytes()) continue;
    if (auto done = read_sample(reader.bytes(), reader.position()); !done) return done;
  }
  return {};
}

void PprofImport::read_label(std::string_view bytes) {
  ProtobufReader reader(bytes);
  uint64_t key = 0, text = 0, number = 0;
  while (reader.next()) {
    if (reader.field() == pprof::kLabelKey) key = reader.number();
    if (reader.field() == pprof::kLabelText) text = reader.number();
    if (reader.field() == pprof::kLabelNumber) number = reader.number();
  }
  const std::string_view name = tables_.text(key);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  const bool is_id = number <= INT32_MAX && text == 0;
  if (is({"thread", "comm", "thread_name", "thread name"})) {
    if (text != 0) sample_.comm = tables_.text(text);
  } else if (is({"pid", "process_id", "process id"})) {
    if (is_id) sample_.pid = static_cast<int32_t>(number);
  } else if (is({"tid", "thread_id", "thread id"})) {
    if (is_id) sample_.tid = static_cast<int32_t>(number);
  }
}

Result<void> PprofImport::read_sample(std::string_view bytes, size_t position) {
  const auto damaged = [&](const std::string& what) {
    return fail(fmt::format("the sample at byte {}: {}", position, what), "was the file cut off?");
  };
  stack_.clear();
  values_.clear();
  sample_ = {};
  std::optional<uint64_t> missing;
  bool sound = true;
  ProtobufReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == pprof::kSampleLocation) {
      sound = sound && reader.for_each_number([&](uint64_t location) {
        const auto* frames = tables_.frames_of(location);
        if (!frames) {
          missing = location;
        } else if (stack_.size() <= ImportedSamples::kMostDepth) {
          stack_.insert(stack_.end(), frames->begin(), frames->end());
        }
      });
    } else if (reader.field() == pprof::kSampleValue) {
      sound = sound && reader.for_each_number([&](uint64_t value) {
        if (values_.size() <= tables_.types().size()) {
          values_.push_back(static_cast<int64_t>(value));
        }
      });
    } else if (reader.field() == pprof::kSampleLabel) {
      read_label(reader.bytes());
    }
  }
  if (!reader.ok() || !sound) return damaged("it cannot be read");
  if (missing) return damaged(fmt::format("there is no location {}", *missing));
  if (values_.size() != tables_.types().size()) {
    return damaged(
        fmt::format("as many values as types ({}) were expected", tables_.types().size()));
  }
  fits_ = add();
  return {};
}

bool PprofImport::add() {
  if (std::ranges::any_of(values_, [](int64_t value) { return value < 0; })) {
    ++negative_;
    return true;
  }
  for (const ValueEvent& event : events_) {
    const auto period = static_cast<uint64_t>(values_[event.period]);
    const uint64_t count =
        event.samples == ValueEvent::kNone ? 1 : static_cast<uint64_t>(values_[event.samples]);
    if (period == 0 && (count == 0 || event.samples == ValueEvent::kNone)) continue;
    if (samples_.drops(event.name, -1, {})) continue;
    sample_.event = samples_.event(event.name, event.unit, event.samples == ValueEvent::kNone);
    sample_.samples = count;
    const bool fits = period <= ImportedSamples::kMostWeight / event.scale;
    sample_.period = fits ? period * event.scale : UINT64_MAX;
    if (!samples_.add(sample_, stack_)) return false;
  }
  return true;
}

}  // namespace

bool looks_like_pprof(std::string_view bytes) {
  bool has_types = false, has_texts = false;
  ProtobufReader reader(bytes);
  while (reader.next()) {
    const uint32_t field = reader.field();
    if (field > pprof::kLastField) return false;
    // Up to the texts they are messages; then come numbers, and texts' numbers, packed or not.
    if (field <= pprof::kString && !reader.is_bytes()) return false;
    has_types |= field == pprof::kSampleType;
    has_texts |= field == pprof::kString;
  }
  return reader.ok() && has_types && has_texts;
}

Result<Profile> import_pprof(std::string_view bytes, const std::string& name,
                             const LoadOptions& options) {
  ImportedSamples samples(options);
  constexpr std::array kKnown = {
      WhereField::Comm,        WhereField::Pid,      WhereField::Tid,       WhereField::Event,
      WhereField::Period,      WhereField::Mode,     WhereField::Symbol,    WhereField::Dso,
      WhereField::StackSymbol, WhereField::StackDso, WhereField::StackDepth};
  if (auto done = samples.choose("files of pprof", kKnown, {}, name); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  PprofTables tables;
  if (auto done = tables.read(bytes, samples); !done) {
    return tl::unexpected(std::move(done.error()).in(name));
  }
  PprofImport import(tables, samples);
  if (auto done = import.read(bytes); !done) {
    return tl::unexpected(std::move(done.error()).in(name));
  }
  auto profile = samples.finish(name);
  if (!profile) return profile;
  if (import.negative() != 0) {
    profile->warnings.push_back(
        fmt::format("{}: left out {} samples with negative values", name, import.negative()));
  }
  return profile;
}

}  // namespace prof
