#include "record/host_info.h"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <memory>

#include "common/text_file.h"
#include "record/target.h"

namespace prof {

namespace {

/// The value of the first "key : value" line.
std::optional<std::string> colon_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(key)) continue;
    const auto colon = line.find_first_not_of(" \t", key.size());
    if (colon == line.npos || line[colon] != ':') continue;
    const auto value = line.find_first_not_of(" \t", colon + 1);
    return value == line.npos ? std::string() : std::string(line.substr(value));
  }
  return std::nullopt;
}

void describe_cpu(Features& features) {
  // One entry is enough, and the file has one for each CPU.
  const auto info = read_text_file("/proc/cpuinfo", 8192);
  if (!info) return;
  features.cpu_desc = colon_value(*info, "model name");                               // x86
  if (!features.cpu_desc) features.cpu_desc = colon_value(*info, "CPU implementer");  // Arm
  const auto vendor = colon_value(*info, "vendor_id");
  const auto family = colon_value(*info, "cpu family");
  const auto model = colon_value(*info, "model");
  const auto stepping = colon_value(*info, "stepping");
  if (vendor && family && model && stepping) {
    features.cpu_id = fmt::format("{},{},{},{}", *vendor, *family, *model, *stepping);
  } else if (const auto midr =
                 read_first_line("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
             !midr.empty()) {
    features.cpu_id = midr;
  }
}

std::optional<uint32_t> number_in(const std::string& path) {
  const auto text = read_first_line(path);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

void add_distinct(std::vector<std::string>& list, std::string text) {
  if (!text.empty() && std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

/// Which CPUs share a core, a package, a die. perf wants an entry for every available CPU, so the
/// topology is left out where some are offline and tell nothing.
void describe_topology(uint32_t available, const std::vector<int>& online, Features& features) {
  if (online.size() != available) return;
  CpuTopology topology;
  for (int cpu : online) {
    const auto directory = fmt::format("/sys/devices/system/cpu/cpu{}/topology/", cpu);
    const auto core = number_in(directory + "core_id");
    const auto socket = number_in(directory + "physical_package_id");
    if (!core || !socket) return;
    topology.cpus.push_back({*core, *socket, number_in(directory + "die_id").value_or(0)});
    add_distinct(topology.cores, read_first_line(directory + "core_siblings_list"));
    add_distinct(topology.threads, read_first_line(directory + "thread_siblings_list"));
    add_distinct(topology.dies, read_first_line(directory + "die_cpus_list"));
  }
  features.cpu_topology = std::move(topology);
}

void describe_pmus(Features& features) {
  const std::string root = "/sys/bus/event_source/devices";
  const auto close = [](DIR* dir) { ::closedir(dir); };
  std::unique_ptr<DIR, decltype(close)> dir(::opendir(root.c_str()), close);
  if (!dir) return;
  std::map<uint32_t, std::string> by_type;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    if (const auto type = number_in(fmt::format("{}/{}/type", root, entry->d_name))) {
      by_type.emplace(*type, entry->d_name);
    }
  }
  features.pmu_mappings.assign(by_type.begin(), by_type.end());
}

uint64_t nanoseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

void describe_host(Features& features) {
  utsname name{};
  if (::uname(&name) == 0) {
    features.hostname = name.nodename;
    features.os_release = name.release;
    features.arch = name.machine;
  }
  features.version = "prof " PROF_VERSION;
  describe_cpu(features);
  const auto online = online_cpus();
  const long configured = ::sysconf(_SC_NPROCESSORS_CONF);
  const auto available = std::max(static_cast<uint32_t>(std::max(configured, 1L)),
                                  static_cast<uint32_t>(online.size()));
  features.nr_cpus = {available, static_cast<uint32_t>(online.size())};
  describe_topology(available, online, features);
  if (const auto memory = read_text_file("/proc/meminfo", 4096)) {
    const auto total = colon_value(*memory, "MemTotal").value_or("");
    uint64_t kb = 0;
    std::from_chars(total.data(), total.data() + total.size(), kb);
    if (kb != 0) features.total_mem_kb = kb;
  }
  describe_pmus(features);
}

ClockData read_clocks(clockid_t clock) {
  // The wall clock is read between two readings of the other, whose middle is the same instant.
  ClockData data;
  data.clock_id = static_cast<uint32_t>(clock);
  const uint64_t before = nanoseconds(clock);
  data.wall_ns = nanoseconds(CLOCK_REALTIME);
  const uint64_t after = nanoseconds(clock);
  data.clock_ns = before + (after - before) / 2;
  return data;
}

}  // namespace prof
