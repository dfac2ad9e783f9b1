// Where the kernel has events from, and their type for perf_event_open().
#include <fmt/core.h>

#include "doctor/groups.h"

namespace prof {

void check_pmus(const Features& host, std::vector<Check>& checks) {
  CheckGroup group(checks, "pmus");
  for (const auto& [type, name] : host.pmu_mappings) {
    group.fact(name, fmt::format("type {}", type));
  }
  if (host.pmu_mappings.empty()) {
    group.fails("list of PMUs", "/sys/bus/event_source/devices cannot be read, or is empty",
                "mount sysfs in the container, or use a kernel with CONFIG_PERF_EVENTS");
  }
}

}  // namespace prof
