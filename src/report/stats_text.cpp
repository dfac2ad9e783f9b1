#include "report/stats_text.h"

#include <fmt/format.h>

namespace prof {

namespace {

void print_count(std::string_view name, uint64_t count, uint64_t total, Output& out) {
  out << fmt::format("{:>16} events: {:>10}  ({:4.1f}%)\n", name, count,
                     static_cast<double>(count) * 100.0 / static_cast<double>(total));
}

}  // namespace

void print_stats(Recording& recording, Output& out) {
  const RecordingStats& stats = recording.stats();
  out << "\nAggregated stats:\n";
  out << fmt::format("{:>16} events: {:>10}\n", "TOTAL", stats.total_records);
  for (uint32_t slot = 0; slot < stats.records.size(); ++slot) {
    if (stats.records[slot] == 0) continue;
    const uint32_t type = RecordingStats::type_of(slot);
    const char* name = record_type_name(type);
    print_count(name ? name : fmt::format("TYPE {}", type), stats.records[slot],
                stats.total_records, out);
  }
  std::vector<uint64_t> samples(recording.events().size());
  recording.for_each_sample([&](const SampleRecord& sample) { ++samples[sample.event]; });
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i] == 0) continue;
    out << recording.events()[i].name << " stats:\n";
    out << fmt::format("{:>16} events: {:>10}\n", "SAMPLE", samples[i]);
  }
  if (stats.lost_events > 0) {
    out << fmt::format("{} events were lost in {} chunks\n", stats.lost_events, stats.lost_records);
  }
}

}  // namespace prof
