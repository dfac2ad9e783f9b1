#include "report/import_speedscope.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "report/imported_samples.h"

namespace prof {

namespace {

/// What the values of a profile are, as an event.
struct ValueUnit {
  std::string_view event, unit;
  double scale = 1;  // to the period's unit
  bool is_time = false, is_count = false;
};

std::optional<ValueUnit> unit_named(std::string_view unit) {
  if (unit == "none" || unit.empty()) return ValueUnit{"samples", "samples", 1, false, true};
  if (unit == "bytes") return ValueUnit{"bytes", "bytes", 1, false, false};
  constexpr std::array<std::pair<std::string_view, double>, 4> kTimes = {
      {{"nanoseconds", 1}, {"microseconds", 1e3}, {"milliseconds", 1e6}, {"seconds", 1e9}}};
  for (const auto& [name, ns] : kTimes) {
    if (unit == name) return ValueUnit{"time", "ns", ns, true, false};
  }
  return std::nullopt;
}

/// Values are shown as whole numbers of the event's unit; nothing for what is negative or too
/// large.
std::optional<uint64_t> whole(double value, double scale) {
  const double scaled = value * scale;
  if (!(scaled >= 0) || scaled > static_cast<double>(ImportedSamples::kMostWeight)) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(std::llround(scaled));
}

struct ThreadName {
  std::optional<std::string_view> comm;
  int32_t pid = -1, tid = -1;
};

/// "name (pid 1, tid 2)", else all of it.
ThreadName thread_named(std::string_view text) {
  ThreadName thread{text, -1, -1};
  constexpr std::string_view kPid = " (pid ", kTid = ", tid ";
  const size_t pid = text.rfind(kPid);
  const size_t tid = text.rfind(kTid);
  if (pid == text.npos || tid == text.npos || tid < pid || !text.ends_with(')')) return thread;
  const auto number = [&](size_t begin, size_t end, int32_t& value) {
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    return error == std::errc{} && stop == text.data() + end && value >= 0;
  };
  if (!number(pid + kPid.size(), tid, thread.pid) ||
      !number(tid + kTid.size(), text.size() - 1, thread.tid)) {
    return {text, -1, -1};
  }
  thread.comm = text.substr(0, pid);
  if (thread.comm == "[unknown]") thread.comm.reset();
  return thread;
}

class SpeedscopeImport {
 public:
  SpeedscopeImport(JsonValue root, ImportedSamples& samples)
      : frames_told_(root["shared"]["frames"]), profiles_(root["profiles"]), samples_(samples) {}

  /// Of all profiles whose values are times.
  ImportedSamples::Times times() const;
  Result<void> read();

 private:
  Result<void> read_frames();
  Result<void> read_profile(JsonValue profile);
  Result<void> read_sampled(JsonValue profile);
  Result<void> read_evented(JsonValue profile);
  Result<FrameId> frame_at(JsonValue index) const;
  Result<void> add(double value, double at);
  tl::unexpected<Error> damaged(const std::string& what) const {
    return fail(fmt::format("profiles[{}]{}: {}", number_, place_, what));
  }
  /// Thousandths where counts are no whole numbers.
  void choose_scale();

  JsonValue frames_told_, profiles_;
  ImportedSamples& samples_;
  std::vector<FrameId> frames_;
  double count_scale_ = 1;
  // The profile at hand.
  uint32_t number_ = 0;
  std::string place_;
  ThreadName thread_;
  ValueUnit unit_;
  std::vector<FrameId> stack_;       // root first
  std::vector<FrameId> leaf_first_;  // the same, as samples have it
  bool fits_ = true;
};

ImportedSamples::Times SpeedscopeImport::times() const {
  ImportedSamples::Times times;
  for (const JsonValue profile : profiles_) {
    const auto unit = unit_named(profile["unit"].text().value_or(""));
    if (!unit || !unit->is_time) continue;
    for (const char* end : {"startValue", "endValue"}) {
      const auto time = whole(profile[end].number().value_or(0), unit->scale);
      if (time) times.add(*time);
    }
  }
  return times;
}

void SpeedscopeImport::choose_scale() {
  const auto has_fraction = [](JsonValue values, std::string_view key) {
    for (const JsonValue value : values) {
      const double number = (key.empty() ? value : value[key]).number().value_or(0);
      if (number != std::floor(number)) return true;
    }
    return false;
  };
  for (const JsonValue profile : profiles_) {
    const auto unit = unit_named(profile["unit"].text().value_or(""));
    if (!unit || !unit->is_count) continue;
    if (has_fraction(profile["weights"], {}) || has_fraction(profile["events"], "at")) {
      count_scale_ = 1000;
      return;
    }
  }
}

Result<void> SpeedscopeImport::read_frames() {
  for (const JsonValue told : frames_told_) {
    const auto name = told["name"].text();
    if (!name) return fail(fmt::format("shared.frames[{}] has no name", frames_.size()));
    ImportedFrame frame;
    frame.name = *name;
    const std::string_view file = told["file"].text().value_or("");
    std::string line;
    // With a line the file is a source; without, what the function is in.
    if (const auto number = told["line"].index(); number && !file.empty()) {
      line = fmt::format("{}:{}", file, *number);
      frame.line = line;
    } else {
      frame.dso = file;
      if (is_kernel_dso(file)) frame.kind = FrameKind::Kernel;
    }
    if (*name == "[unknown]" || (name->starts_with('[') && name->ends_with(']'))) {
      frame.kind = FrameKind::Unknown;
    }
    frames_.push_back(samples_.frame(frame));
  }
  return {};
}

Result<FrameId> SpeedscopeImport::frame_at(JsonValue index) const {
  const auto number = index.index();
  if (number && *number < frames_.size()) return frames_[*number];
  if (!number) return damaged("a frame is a number of shared.frames");
  return damaged(fmt::format("there is no frame {} (of {})", *number, frames_.size()));
}

Result<void> SpeedscopeImport::add(double value, double at) {
  const double scale = unit_.is_count ? count_scale_ : unit_.scale;
  const auto period = whole(value, scale);
  if (!period) return damaged(fmt::format("a value of {}", value));
  if (*period == 0) return {};
  ImportedSample sample;
  if (unit_.is_time) sample.time = whole(at, unit_.scale);
  if (samples_.drops(unit_.event, -1, sample.time)) return {};
  sample.event = samples_.event(unit_.event, unit_.unit, !unit_.is_count,
                                unit_.is_count ? static_cast<uint32_t>(count_scale_) : 1);
  sample.comm = thread_.comm;
  sample.pid = thread_.pid;
  sample.tid = thread_.tid;
  sample.period = *period;
  sample.samples = unit_.is_count ? static_cast<uint64_t>(std::llround(value)) : 1;
  leaf_first_.assign(stack_.rbegin(), stack_.rend());
  fits_ = samples_.add(sample, leaf_first_);
  return {};
}

Result<void> SpeedscopeImport::read_sampled(JsonValue profile) {
  const JsonValue samples = profile["samples"], weights = profile["weights"];
  if (!samples.is_array()) return damaged("no samples");
  if (weights.exists() && weights.size() != samples.size()) {
    return damaged(fmt::format("{} weights of {} samples", weights.size(), samples.size()));
  }
  double at = profile["startValue"].number().value_or(0);
  uint32_t i = 0;
  for (const JsonValue sample : samples) {
    place_ = fmt::format(".samples[{}]", i);
    stack_.clear();
    for (const JsonValue index : sample) {
      const auto frame = frame_at(index);
      if (!frame) return tl::unexpected(frame.error());
      stack_.push_back(*frame);
    }
    const auto weight = weights.exists() ? weights.at(i).number() : std::optional(1.0);
    if (!weight) return damaged("its weight is no number");
    if (auto done = add(*weight, at); !done || !fits_) return done;
    at += *weight;
    ++i;
  }
  return {};
}

Result<void> SpeedscopeImport::read_evented(JsonValue profile) {
  const JsonValue events = profile["events"];
  if (!events.is_array()) return damaged("no events");
  std::optional<double> last;
  uint32_t i = 0;
  for (const JsonValue event : events) {
    place_ = fmt::format(".events[{}]", i++);
    const auto at = event["at"].number();
    if (!at) return damaged("it does not say when");
    if (last && *at < *last) return damaged(fmt::format("{} is before {}", *at, *last));
    if (last && !stack_.empty()) {
      if (auto done = add(*at - *last, *last); !done || !fits_) return done;
    }
    last = at;
    const auto frame = frame_at(event["frame"]);
    if (!frame) return tl::unexpected(frame.error());
    const std::string_view type = event["type"].text().value_or("");
    if (type == "O") {
      if (stack_.size() >= ImportedSamples::kMostDepth) return damaged("the stack is too deep");
      stack_.push_back(*frame);
    } else if (type == "C") {
      if (stack_.empty() || stack_.back() != *frame) {
        return damaged(fmt::format("closes frame {}, which is not the innermost open one",
                                   event["frame"].index().value_or(0)));
      }
      stack_.pop_back();
    } else {
      return damaged(fmt::format("its type is '{:.20}', neither O nor C", type));
    }
  }
  return {};
}

Result<void> SpeedscopeImport::read_profile(JsonValue profile) {
  const std::string_view unit = profile["unit"].text().value_or("none");
  place_.clear();
  const auto known = unit_named(unit);
  if (!known) return damaged(fmt::format("an unknown unit '{:.40}'", unit));
  unit_ = *known;
  thread_ = thread_named(profile["name"].text().value_or(""));
  // A single profile is usually called after the file or the program that wrote it.
  if (thread_.tid < 0 && profiles_.size() == 1) thread_ = {};
  stack_.clear();
  const std::string_view type = profile["type"].text().value_or("");
  if (type == "sampled") return read_sampled(profile);
  if (type == "evented") return read_evented(profile);
  return damaged(fmt::format("its type is '{:.40}', neither sampled nor evented", type));
}

Result<void> SpeedscopeImport::read() {
  if (!frames_told_.is_array()) return fail("no shared.frames");
  if (!profiles_.is_array()) return fail("no profiles");
  samples_.set_in_order();
  choose_scale();
  if (auto done = read_frames(); !done) return done;
  for (const JsonValue profile : profiles_) {
    if (auto done = read_profile(profile); !done) return done;
    if (!fits_) return {};
    ++number_;
  }
  return {};
}

}  // namespace

bool looks_like_speedscope(JsonValue root) {
  const auto schema = root["$schema"].text();
  if (schema && schema->find("speedscope") != schema->npos) return true;
  return root["shared"]["frames"].is_array() && root["profiles"].is_array();
}

Result<Profile> import_speedscope(JsonValue root, const std::string& name,
                                  const LoadOptions& options) {
  ImportedSamples samples(options);
  SpeedscopeImport import(root, samples);
  constexpr std::array kKnown = {WhereField::Comm,      WhereField::Pid,    WhereField::Tid,
                                 WhereField::Event,     WhereField::Time,   WhereField::Clock,
                                 WhereField::Period,    WhereField::Symbol, WhereField::StackSymbol,
                                 WhereField::StackDepth};
  if (auto done = samples.choose("files of speedscope", kKnown, import.times(), name,
                                 "its values are no times");
      !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (auto done = import.read(); !done) return tl::unexpected(std::move(done.error()).in(name));
  return samples.finish(name);
}

}  // namespace prof
