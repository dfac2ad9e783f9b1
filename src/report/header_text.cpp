#include "report/header_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include "perfdata/attr_text.h"
#include "report/machine_text.h"

namespace prof {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

// By bit, from TRACING_DATA on; perf 6.1 knows these.
constexpr std::array<std::string_view, 31> kFeatureNames = {
    "TRACING_DATA", "BUILD_ID",     "HOSTNAME",     "OSRELEASE",     "VERSION",
    "ARCH",         "NRCPUS",       "CPUDESC",      "CPUID",         "TOTAL_MEM",
    "CMDLINE",      "EVENT_DESC",   "CPU_TOPOLOGY", "NUMA_TOPOLOGY", "BRANCH_STACK",
    "PMU_MAPPINGS", "GROUP_DESC",   "AUXTRACE",     "STAT",          "CACHE",
    "SAMPLE_TIME",  "MEM_TOPOLOGY", "CLOCKID",      "DIR_FORMAT",    "BPF_PROG_INFO",
    "BPF_BTF",      "COMPRESSED",   "CPU_PMU_CAPS", "CLOCK_DATA",    "HYBRID_TOPOLOGY",
    "PMU_CAPS",
};

std::string_view feature_name(uint32_t bit) {
  return kFeatureNames[bit - kFeatureTracingData];
}

std::string_view clock_name(uint32_t clock) {
  switch (clock) {
    case CLOCK_MONOTONIC:
      return "monotonic";
    case CLOCK_MONOTONIC_RAW:
      return "monotonic_raw";
    case CLOCK_REALTIME:
      return "realtime";
    case CLOCK_BOOTTIME:
      return "boottime";
    case CLOCK_TAI:
      return "tai";
    default:
      return "(not found)";
  }
}

class HeaderText {
 public:
  HeaderText(const Reader& reader, bool full)
      : reader_(reader), features_(reader.features()), full_(full) {}

  std::string make() {
    text_ = "# ========\n";
    if (!reader_.is_pipe()) add_file();
    for (const uint32_t bit : features_.present) add_feature(bit);
    if (!reader_.is_pipe()) add_missing();
    text_ += "# ========\n#\n";
    return std::move(text_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += "# ";
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void text_line(std::string_view name, const std::optional<std::string>& value) {
    if (value) line("{} : {}", name, *value);
  }

  void add_file() {
    struct stat status {};
    if (stat(reader_.path().c_str(), &status) == 0) {
      std::tm local{};
      localtime_r(&status.st_mtime, &local);
      line("captured on    : {:%a %b %e %H:%M:%S %Y}", local);
    }
    const FileSection data = reader_.data();
    line("header version : {}", reader_.version() - 1);
    line("data offset    : {}", data.offset);
    line("data size      : {}", data.size);
    line("feat offset    : {}", data.offset + data.size);
  }

  void add_missing() {
    text_ += "# missing features: ";
    for (uint32_t bit = kFeatureTracingData; bit <= kFeaturePmuCaps; ++bit) {
      if (std::ranges::find(features_.present, bit) != features_.present.end()) continue;
      text_ += feature_name(bit);
      text_ += ' ';
    }
    text_ += '\n';
  }

  void add_feature(uint32_t bit);
  void add_meta_info(std::string_view key, std::string_view value);
  void add_cmdline();
  void add_events();
  void add_pmus();
  void add_groups();
  void add_sample_time();
  void add_clock_data();
  void add_pmu_capabilities(bool of_cpu);

  const Reader& reader_;
  const Features& features_;
  const bool full_;
  std::string text_;
};

void HeaderText::add_cmdline() {
  text_ += "# cmdline : ";
  for (const std::string& word : features_.cmdline) {
    for (const char c : word) text_ += c == '\'' ? "\\'" : std::string(1, c);
    text_ += ' ';
  }
  text_ += '\n';
}

void HeaderText::add_events() {
  for (const EventAttr& event : features_.event_desc) {
    std::string ids;
    for (const uint64_t id : event.ids) ids += fmt::format("{} {}", ids.empty() ? "" : ",", id);
    if (!ids.empty()) ids = ", id = {" + ids + " }";
    line("event : name = {}, {}{}", event.name, ids, attr_text(event.attr));
  }
}

/// Some values have several lines.
void HeaderText::add_meta_info(std::string_view key, std::string_view value) {
  std::string shown;
  for (const char c : value) shown += c == '\n' ? std::string("; ") : std::string(1, c);
  line("{} : {}", key, shown);
}

void HeaderText::add_pmus() {
  std::string list;
  for (const auto& [type, name] : features_.pmu_mappings) {
    list += fmt::format("{}{} = {}", list.empty() ? "" : ", ", name, type);
  }
  line("pmu mappings: {}", list.empty() ? "not available" : list);
}

void HeaderText::add_groups() {
  const auto events = reader_.events().all();
  for (const EventGroup& group : features_.groups) {
    if (group.members < 2 || group.leader >= events.size()) continue;
    const size_t count = std::min<size_t>(group.members, events.size() - group.leader);
    std::string names;
    for (const EventAttr& event : events.subspan(group.leader, count)) {
      names += (names.empty() ? "" : ",") + event.name;
    }
    line("group: {}{{{}}}", group.name == "{anon_group}" ? "" : group.name, names);
  }
}

void HeaderText::add_sample_time() {
  if (!features_.sample_time) return;
  const auto [first, last] = *features_.sample_time;
  const auto seconds = [](uint64_t ns) {
    return fmt::format("{}.{:06}", ns / kNsPerSecond, ns % kNsPerSecond / 1000);
  };
  line("time of first sample : {}", seconds(first));
  line("time of last sample : {}", seconds(last));
  line("sample duration : {:10.3f} ms", static_cast<double>(last - first) / 1e6);
}

void HeaderText::add_clock_data() {
  if (!features_.clock_data) return;
  const ClockData& clock = *features_.clock_data;
  const auto wall_seconds = static_cast<time_t>(clock.wall_ns / kNsPerSecond);
  const uint64_t wall_us = clock.wall_ns % kNsPerSecond / 1000;
  std::tm local{};
  localtime_r(&wall_seconds, &local);
  const std::string_view name = clock_name(clock.clock_id);
  line("clockid: {} ({})", name, clock.clock_id);
  line("reference time: {:%F %T}.{:06} = {}.{:06} (TOD) = {}.{:09} ({})", local, wall_us,
       wall_seconds, wall_us, clock.clock_ns / kNsPerSecond, clock.clock_ns % kNsPerSecond, name);
}

void HeaderText::add_pmu_capabilities(bool of_cpu) {
  for (const PmuCapabilities& pmu : features_.pmu_capabilities) {
    if (pmu.from_cpu_feature != of_cpu) continue;
    std::string list;
    for (const auto& [name, value] : pmu.values) {
      list += fmt::format("{}{}={}", list.empty() ? "" : ", ", name, value);
    }
    line("{} pmu capabilities: {}", pmu.pmu, list.empty() ? "not available" : list);
  }
}

void HeaderText::add_feature(uint32_t bit) {
  const Features& f = features_;
  switch (bit) {
    case kFeatureHostname:
      return text_line("hostname", f.hostname);
    case kFeatureOsRelease:
      return text_line("os release", f.os_release);
    case kFeatureVersion:
      return text_line("perf version", f.version);
    case kFeatureArch:
      return text_line("arch", f.arch);
    case kFeatureCpuDesc:
      return text_line("cpudesc", f.cpu_desc);
    case kFeatureCpuId:
      return text_line("cpuid", f.cpu_id);
    case kFeatureNrCpus:
      if (!f.nr_cpus) return;
      line("nrcpus online : {}", f.nr_cpus->second);
      return line("nrcpus avail : {}", f.nr_cpus->first);
    case kFeatureTotalMem:
      if (f.total_mem_kb) line("total memory : {} kB", *f.total_mem_kb);
      return;
    case kFeatureCmdline:
      return add_cmdline();
    case kFeatureEventDesc:
      return add_events();
    case kFeatureBranchStack:
      return line("contains samples with branch stack");
    case kFeaturePmuMappings:
      return add_pmus();
    case kFeatureGroupDesc:
      return add_groups();
    case kFeatureAuxtrace:
      return line("contains AUX area data (e.g. instruction trace)");
    case kFeatureStat:
      return line("contains stat data");
    case kFeatureSampleTime:
      return add_sample_time();
    case kFeatureClockId:
      if (f.clock_resolution_ns) line("clockid frequency: {} MHz", *f.clock_resolution_ns * 1000);
      return;
    case kFeatureDirFormat:
      return line("directory data version : {}", f.directory_version);
    case kFeatureBpfProgInfo:
      text_ += bpf_text(f);
      return;
    case kFeatureBpfBtf:
      for (const uint32_t id : f.btf_ids) line("btf info of id {}", id);
      return;
    case kFeatureEMachine:
      if (f.e_machine)
        line("e_machine : {}, e_flags : {}", f.e_machine->first, f.e_machine->second);
      return;
    case kFeatureClnSize:
      if (f.cache_line_size) line("cache line size : {}", *f.cache_line_size);
      return;
    case kFeatureMetaInfo:
      for (const auto& [key, value] : f.meta_info) add_meta_info(key, value);
      return;
    case kFeatureCompressed:
      if (!f.compression) return;
      return line("compressed : {}, level = {}, ratio = {}",
                  f.compression->type == 1 ? "Zstd" : "Unknown", f.compression->level,
                  f.compression->ratio);
    case kFeatureClockData:
      return add_clock_data();
    case kFeatureCpuPmuCaps:
      return add_pmu_capabilities(true);
    case kFeaturePmuCaps:
      return add_pmu_capabilities(false);
    // perf prints these with -I only.
    case kFeatureCpuTopology:
    case kFeatureNumaTopology:
    case kFeatureCache:
    case kFeatureMemTopology:
    case kFeatureHybridTopology:
      if (full_) {
        text_ += machine_text(bit, f);
        return;
      }
      return line("{} info available, use -I to display", feature_name(bit));
    default:
      return;
  }
}

}  // namespace

std::string header_text(const Reader& reader, bool full) {
  return HeaderText(reader, full).make();
}

}  // namespace prof
