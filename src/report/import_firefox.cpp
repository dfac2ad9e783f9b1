#include "report/import_firefox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "report/firefox_thread.h"
#include "report/imported_samples.h"

namespace prof {

namespace {

constexpr double kNsPerMs = 1e6;

std::optional<uint64_t> whole(double value) {
  if (!(value >= 0) || value > static_cast<double>(ImportedSamples::kMostWeight)) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(std::llround(value));
}

/// A time in ms, from the start; those that are a little before it are at it.
std::optional<uint64_t> time_in_ns(double ms) {
  return whole(std::max(ms, 0.0) * kNsPerMs);
}

/// What weights are.
struct WeightType {
  std::string_view event, unit;
  double scale = 1;
  bool is_count = true;
};

WeightType weight_type_named(std::string_view type) {
  if (type == "tracing-ms") return {"time", "ns", kNsPerMs, false};
  if (type == "bytes") return {"bytes", "bytes", 1, false};
  return {"samples", "samples", 1, true};
}

/// Calls visit(index, ms or nothing) for each sample of a thread.
template <class Visit>
void for_each_time(JsonValue samples, Visit&& visit) {
  const JsonValue times = samples["time"], deltas = samples["timeDeltas"];
  double sum = 0;
  for (uint32_t i = 0; i < samples["stack"].size(); ++i) {
    std::optional<double> time = times.at(i).number();
    if (!time && deltas.exists()) {
      sum += deltas.at(i).number().value_or(0);
      time = sum;
    }
    visit(i, time);
  }
}

class FirefoxImport {
 public:
  FirefoxImport(JsonValue root, ImportedSamples& samples) : root_(root), samples_(samples) {}

  ImportedSamples::Times times() const;
  Result<void> read();
  uint64_t negative() const { return negative_; }

 private:
  Result<void> read_thread(FirefoxThread& thread);
  Result<void> add(FirefoxThread& thread, uint32_t index, const WeightType& type,
                   ImportedSample sample);
  void take_binaries();

  JsonValue root_;
  ImportedSamples& samples_;
  std::vector<FrameId> stack_;
  bool fits_ = true;
  uint64_t negative_ = 0;
};

ImportedSamples::Times FirefoxImport::times() const {
  ImportedSamples::Times times;
  for (const JsonValue thread : root_["threads"]) {
    for_each_time(thread["samples"], [&](uint32_t, std::optional<double> ms) {
      const auto time = ms ? time_in_ns(*ms) : std::nullopt;
      if (time) times.add(*time);
    });
  }
  return times;
}

void FirefoxImport::take_binaries() {
  for (const JsonValue lib : root_["libs"]) {
    const std::string_view path = lib["path"].text().value_or("");
    const std::string_view id = lib["codeId"].text().value_or("");
    if (!path.empty() && !id.empty()) samples_.add_binary(path, id);
  }
}

Result<void> FirefoxImport::add(FirefoxThread& thread, uint32_t index, const WeightType& type,
                                ImportedSample sample) {
  const JsonValue told = thread.samples()["weight"];
  const double weight = told.is_array() ? told.at(index).number().value_or(1) : 1;
  if (weight < 0) {
    ++negative_;
    return {};
  }
  const auto period = whole(weight * type.scale);
  if (!period)
    return thread.damaged("samples.weight", index, fmt::format("a weight of {}", weight));
  if (*period == 0 || samples_.drops(type.event, -1, sample.time)) return {};
  sample.event = samples_.event(type.event, type.unit, !type.is_count);
  sample.period = *period;
  sample.samples = type.is_count ? *period : 1;
  stack_.clear();
  const JsonValue stack = thread.samples()["stack"].at(index);
  if (!stack.is_null()) {
    const auto number = stack.index();
    if (!number) return thread.damaged("samples.stack", index, "that is no stack");
    if (auto done = thread.take_stack(*number, stack_); !done) return done;
  }
  fits_ = samples_.add(sample, stack_);
  return {};
}

Result<void> FirefoxImport::read_thread(FirefoxThread& thread) {
  const JsonValue samples = thread.samples();
  const WeightType type = weight_type_named(samples["weightType"].text().value_or("samples"));
  ImportedSample sample;
  sample.pid = thread.pid();
  sample.tid = thread.tid();
  // One thread without ids stands for all of an input whose threads were not known.
  const bool numbered = sample.pid >= 0 || sample.tid >= 0;
  if (numbered || root_["threads"].size() > 1) sample.comm = thread.name();
  Result<void> result;
  for_each_time(samples, [&](uint32_t index, std::optional<double> ms) {
    if (!result || !fits_) return;
    sample.time = ms ? time_in_ns(*ms) : std::nullopt;
    result = add(thread, index, type, sample);
  });
  return result;
}

Result<void> FirefoxImport::read() {
  const JsonValue threads = root_["threads"];
  if (!threads.is_array()) return fail("no threads");
  if (!root_["meta"]["preprocessedProfileVersion"].exists()) {
    return fail("a profile as Gecko writes it",
                "profiler.firefox.com opens it, and saves it in the format that is read here");
  }
  take_binaries();
  uint32_t number = 0;
  for (const JsonValue told : threads) {
    FirefoxThread thread(root_, told, number++, samples_);
    if (auto done = read_thread(thread); !done || !fits_) return done;
  }
  return {};
}

}  // namespace

bool looks_like_firefox(JsonValue root) {
  if (root["meta"]["preprocessedProfileVersion"].number()) return true;
  return root["meta"].is_object() && root["threads"].at(0)["stackTable"].is_object();
}

Result<Profile> import_firefox(JsonValue root, const std::string& name,
                               const LoadOptions& options) {
  ImportedSamples samples(options);
  FirefoxImport import(root, samples);
  constexpr std::array kKnown = {
      WhereField::Comm,      WhereField::Pid,   WhereField::Tid,         WhereField::Event,
      WhereField::Time,      WhereField::Clock, WhereField::Period,      WhereField::Mode,
      WhereField::Symbol,    WhereField::Dso,   WhereField::StackSymbol, WhereField::StackDso,
      WhereField::StackDepth};
  if (auto done = samples.choose("profiles of Firefox", kKnown, import.times(), name); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (auto done = import.read(); !done) return tl::unexpected(std::move(done.error()).in(name));
  auto profile = samples.finish(name);
  if (!profile) return profile;
  if (import.negative() != 0) {
    profile->warnings.push_back(
        fmt::format("{}: left out {} samples with negative weights", name, import.negative()));
  }
  return profile;
}

}  // namespace prof
