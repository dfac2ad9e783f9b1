#include "report/exporter.h"

#include <array>

#include "report/export_formats.h"
#include "report/folded.h"

namespace prof {

namespace {

constexpr std::array kExporters{
    Exporter{"speedscope", "speedscope.app: threads in the order of time", ".speedscope.json", true,
             false, export_speedscope},
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

std::string unit_of(const Profile& profile, const ExportOptions& options) {
  return options.weight == Weight::Period ? profile.events[options.event].unit : "samples";
}

Result<void> export_folded(const Profile& profile, const ExportOptions& options, Output& out) {
  write_folded(profile, {.event = options.event, .weight = options.weight}, out);
  return {};
}

}  // namespace prof
