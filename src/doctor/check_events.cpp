// Which events can be sampled: each is opened, and must give a sample.
#include <fmt/core.h>

#include "doctor/attempt.h"
#include "doctor/groups.h"

namespace prof {

namespace {

constexpr const char* kEvents[] = {
    "cycles:P",      "instructions", "cache-references", "cache-misses", "branches",
    "branch-misses", "cpu-clock",    "task-clock",       "page-faults",  "context-switches",
};

void check_event(CheckGroup& group, const char* text, const OwnThread& thread) {
  const std::string_view whole(text);
  const std::string name(whole.substr(0, whole.find(':')));
  Attempt attempt = open_attempt(small_recording(text), thread.target());
  if (!attempt.source) return group.fails(name, *attempt.error);
  const std::string& opened = attempt.source->events().front().name;
  if (!opened.starts_with(name)) {
    return group.fails(
        name, "this machine cannot sample it: prof takes " + opened.substr(0, opened.find(':')),
        "hardware events need a PMU, which virtual machines often lack: try -e cpu-clock");
  }
  const bool user_only = attempt.source->user_only();
  const auto sampled = sample_work(*attempt.source);
  if (!sampled) return group.fails(name, sampled.error());
  if (sampled->samples == 0 && user_only) {
    return group.fails(name, "it happens in the kernel only, which this user may not sample",
                       "run as root, or 'sysctl kernel.perf_event_paranoid=1'");
  }
  if (sampled->samples == 0) {
    return group.fails(name, "it opens, but gives no samples: the PMU does not count",
                       "a virtual machine's PMU may be there in name only: try -e cpu-clock");
  }
  std::string found = user_only ? "user space" : "user space and kernel";
  const unsigned precise = attempt.source->events().front().attr.precise_ip;
  if (precise != 0) found += fmt::format(", precise level {}", precise);
  group.works(name, found);
}

}  // namespace

void check_events(std::vector<Check>& checks) {
  CheckGroup group(checks, kEventsGroup);
  const OwnThread thread;
  for (const char* event : kEvents) check_event(group, event, thread);
}

}  // namespace prof
