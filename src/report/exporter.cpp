#include "report/exporter.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "report/export_formats.h"
#include "report/folded.h"

namespace prof {

namespace {

constexpr std::array kExporters{
    Exporter{"speedscope", "speedscope.app: threads in the order of time", ".speedscope.json", true,
             false, export_speedscope},
    Exporter{"firefox", "the Firefox Profiler's processed format", ".firefox.json", true, true,
             export_firefox},
    Exporter{"pprof", "pprof, gzipped", ".pb.gz", false, true, export_pprof},
    Exporter{"chrome", "Chrome's trace events, for Perfetto", ".trace.json", true, false,
             export_chrome},
    Exporter{"callgrind", "callgrind, for KCachegrind", ".callgrind", true, false,
             export_callgrind},
    Exporter{"d3", "the tree of d3-flame-graph", ".d3.json", true, false, export_d3},
    Exporter{"csv", "a table of functions", ".csv", true, false, export_csv},
    Exporter{"json", "functions as objects", ".json", true, false, export_json},
    Exporter{"folded", "folded stacks, as prof fold", ".folded", true, false, export_folded},
};

}  // namespace

std::span<const Exporter> exporters() {
  return kExporters;
}

const Exporter* exporter_named(std::string_view name) {
  for (const Exporter& exporter : kExporters) {
    if (exporter.name == name) return &exporter;
  }
  return nullptr;
}

const Exporter* exporter_for_file(std::string_view path) {
  for (const Exporter& exporter : kExporters) {
    if (path.size() > exporter.extension.size() && path.ends_with(exporter.extension)) {
      return &exporter;
    }
  }
  return nullptr;
}

uint64_t weight_of(const TimelineSample& sample, Weight weight) {
  return weight == Weight::Period ? sample.period : sample.samples;
}

uint64_t weight_of(const StackNode& node, Weight weight) {
  return weight == Weight::Period ? node.self_period : node.self_samples;
}

std::string thread_text(const Profile& profile, const TimelineThread& thread,
                        std::string_view fallback) {
  const bool numbered = thread.pid >= 0 || thread.tid >= 0;
  if (!numbered && !thread.comm.valid()) return std::string(fallback);
  const std::string_view comm = thread.comm.valid() ? profile.strings[thread.comm] : "[unknown]";
  if (!numbered) return std::string(comm);
  return fmt::format("{} (pid {}, tid {})", comm, thread.pid, thread.tid);
}

std::pair<std::string_view, uint64_t> split_line(std::string_view line) {
  const size_t colon = line.rfind(':');
  if (colon == line.npos) return {line, 0};
  uint64_t number = 0;
  std::from_chars(line.data() + colon + 1, line.data() + line.size(), number);
  const std::string_view file = line.substr(0, colon);
  return {file == "??" ? std::string_view() : file, number};
}

std::string unit_of(const Profile& profile, const ExportOptions& options) {
  return options.weight == Weight::Period ? profile.events[options.event].unit : "samples";
}

std::string whole_unit_of(const Profile& profile, const ExportOptions& options) {
  const uint32_t scale = profile.events[options.event].period_scale;
  const std::string unit = unit_of(profile, options);
  if (options.weight != Weight::Period || scale == 1) return unit;
  return fmt::format("{}/{}", unit, scale);
}

std::string weight_text(const Profile& profile, const ExportOptions& options, uint64_t weight) {
  uint32_t scale = profile.events[options.event].period_scale;
  if (options.weight != Weight::Period || scale == 1) return fmt::format_int(weight).str();
  std::string text = fmt::format("{}.", weight / scale);
  uint64_t rest = weight % scale;
  while (rest != 0) {
    scale /= 10;
    text += static_cast<char>('0' + rest / scale);
    rest %= scale;
  }
  if (text.back() == '.') text.pop_back();
  return text;
}

Result<void> export_folded(const Profile& profile, const ExportOptions& options, Output& out) {
  write_folded(profile, {.event = options.event, .weight = options.weight}, out);
  return {};
}

}  // namespace prof
