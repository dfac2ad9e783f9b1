#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "common/json_text.h"
#include "report/export_formats.h"
#include "report/firefox_tables.h"

namespace prof {

namespace {

// What profiler.firefox.com brings to its own version when it opens the file.
constexpr int kProcessedVersion = 57;
constexpr int kGeckoVersion = 31;

/// Nanoseconds as milliseconds, in full.
std::string in_ms(uint64_t ns) {
  std::string text = fmt::format("{}.{:06}", ns / 1000000, ns % 1000000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

class FirefoxWriter {
 public:
  FirefoxWriter(const Profile& profile, const ExportOptions& options, Output& out)
      : profile_(profile), options_(options), out_(out), shared_(profile) {
    const std::string unit = unit_of(profile, options);
    in_time_ = unit == "ns";
    weight_type_ = in_time_ ? "tracing-ms" : unit == "bytes" ? "bytes" : "samples";
    const ProfileEvent& event = profile.events[options.event];
    // Samples of these clocks are CPU time.
    is_cpu_clock_ = event.name.starts_with("cpu-clock") || event.name.starts_with("task-clock");
    if (event.unit == "ns" && event.samples != 0) interval_ = event.period / event.samples;
    if (interval_ == 0) interval_ = 1000000;
  }

  void write() {
    out_ << "{\"meta\":";
    write_meta();
    out_ << ",\n\"threads\":[";
    if (profile_.timeline.samples.empty()) {
      write_all();
    } else {
      write_threads();
    }
    out_ << "],\n\"pages\":[],\"counters\":[],\"profilerOverhead\":[],\n";
    shared_.write(out_);
    out_ << "}\n";
  }

 private:
  struct Row {
    uint32_t node;
    uint64_t time;  // ns, from the start
    uint64_t weight, period;
  };

  static std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  }

  void write_meta() {
    out_ << fmt::format(
        R"({{"interval":{},"startTime":0,"processType":0,"product":{},"importedFrom":"prof",)"
        R"("stackwalk":1,"debug":false,"version":{},"preprocessedProfileVersion":{},)",
        in_ms(interval_), quoted(options_.name), kGeckoVersion, kProcessedVersion);
    if (profile_.timeline.has_times()) {
      out_ << fmt::format(R"("startTimeAsClockMonotonicNanosecondsSinceBoot":{},)", options_.begin);
    }
    out_ << R"("extensions":{"length":0,"baseURL":[],"id":[],"name":[]},"categories":)"
         << FirefoxTables::categories()
         << R"(,"markerSchema":[{"name":"Lost","display":["marker-chart","marker-table"],)"
            R"("tooltipLabel":"Lost","tableLabel":"{marker.data.count} lost",)"
            R"("fields":[{"key":"count","label":"Samples lost","format":"integer"}]}],)"
            R"("sampleUnits":{"time":"ms","eventDelay":"ms","threadCPUDelta":"ns"},)"
            R"("symbolicated":true,"usesOnlyOneStackType":true,"sourceCodeIsNotOnSearchfox":true})";
  }

  void write_all() {
    std::vector<Row> rows;
    uint64_t time = 0;  // made up: one stack after the other
    for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
      const StackNode& node = profile_.nodes[i];
      const uint64_t weight = weight_of(node, options_.weight);
      if (weight == 0 || profile_.groups[node.group].event != options_.event) continue;
      rows.push_back({i, time, weight, node.self_period});
      time += in_time_ ? weight : interval_;
    }
    write_thread(TimelineThread(), rows);
  }

  void write_threads() {
    const Timeline& timeline = profile_.timeline;
    std::vector<std::vector<Row>> rows(timeline.threads.size());
    uint64_t step = 0;
    for (const TimelineSample& sample : timeline.samples) {
      if (sample.event != options_.event) continue;
      const uint64_t time =
          timeline.has_times() ? sample.time - std::min(sample.time, options_.begin) : step;
      step += interval_;
      rows[sample.thread].push_back(
          {sample.node, time, weight_of(sample, options_.weight), sample.period});
    }
    for (uint32_t i = 0; i < rows.size(); ++i) {
      const TimelineThread& thread = timeline.threads[i];
      if (thread.pid == thread.tid && thread.comm.valid()) {
        process_names_.emplace(thread.pid, profile_.strings[thread.comm]);
      }
    }
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].empty()) write_thread(timeline.threads[i], rows[i]);
    }
  }

  std::string name_of(const TimelineThread& thread) const {
    if (thread.comm.valid()) return std::string(profile_.strings[thread.comm]);
    return thread.pid >= 0 || thread.tid >= 0 ? "[unknown]" : options_.name;
  }

  void write_thread(const TimelineThread& thread, const std::vector<Row>& rows) {
    const std::string name = name_of(thread);
    const auto process = process_names_.find(thread.pid);
    out_ << (first_ ? "\n{" : ",\n{")
         << fmt::format(
                R"("processType":"default","processStartupTime":0,"processShutdownTime":null,)"
                R"("registerTime":{},"unregisterTime":null,"pausedRanges":[],"name":{},)"
                R"("isMainThread":{},"processName":{},"pid":"{}","tid":{},)",
                in_ms(rows.empty() ? 0 : rows.front().time), quoted(name), thread.pid == thread.tid,
                quoted(process == process_names_.end() ? name : process->second),
                thread.pid < 0 ? "unknown" : std::to_string(thread.pid),
                thread.tid < 0 ? "\"unknown\"" : std::to_string(thread.tid))
         << "\n";
    FirefoxTables tables(profile_, shared_);
    write_samples(tables, rows);
    write_markers();
    tables.write(out_);
    out_ << "}";
    first_ = false;
  }

  template <class TextOf>
  void write_column(std::string_view name, const std::vector<Row>& rows, TextOf&& text_of) {
    out_ << "\"" << name << "\":[";
    for (size_t i = 0; i < rows.size(); ++i) out_ << (i == 0 ? "" : ",") << text_of(rows[i]);
    out_ << "],";
  }

  void write_samples(FirefoxTables& tables, const std::vector<Row>& rows) {
    out_ << "\"samples\":{";
    write_column("stack", rows, [&](const Row& row) {
      const uint32_t stack = tables.stack(row.node);
      return stack == FirefoxTables::kNone ? std::string("null") : std::to_string(stack);
    });
    write_column("time", rows, [](const Row& row) { return in_ms(row.time); });
    write_column("weight", rows, [&](const Row& row) {
      return in_time_ ? in_ms(row.weight) : weight_text(profile_, options_, row.weight);
    });
    if (is_cpu_clock_) {
      write_column("threadCPUDelta", rows,
                   [](const Row& row) { return std::to_string(row.period); });
    }
    out_ << fmt::format("\"weightType\":\"{}\",\"length\":{}}},\n", weight_type_, rows.size());
  }

  /// When samples were lost is not known, only how many: the first thread says it once.
  void write_markers() {
    const bool lost = first_ && profile_.lost_records != 0;
    const std::string name = lost ? std::to_string(shared_.text("Lost")) : std::string();
    const std::string data =
        lost ? fmt::format(R"({{"type":"Lost","count":{}}})", profile_.lost_records)
             : std::string();
    out_ << fmt::format(
        R"("markers":{{"data":[{}],"name":[{}],"startTime":[{}],"endTime":[{}],"phase":[{}],)"
        R"("category":[{}],"length":{}}},)",
        data, name, lost ? "0" : "", lost ? "null" : "", lost ? "0" : "", lost ? "0" : "",
        lost ? 1 : 0);
  }

  const Profile& profile_;
  const ExportOptions& options_;
  Output& out_;
  FirefoxShared shared_;
  std::map<int32_t, std::string> process_names_;  // by pid
  bool in_time_ = false, is_cpu_clock_ = false, first_ = true;
  uint64_t interval_ = 0;  // ns
  std::string_view weight_type_;
};

}  // namespace

Result<void> export_firefox(const Profile& profile, const ExportOptions& options, Output& out) {
  FirefoxWriter(profile, options, out).write();
  return {};
}

}  // namespace prof
