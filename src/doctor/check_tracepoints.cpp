// Tracepoints, which are found by the files of tracefs, and probes, by their PMUs.
#include <dirent.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "common/text_file.h"
#include "doctor/groups.h"
#include "object/elf_file.h"
#include "record/confinement.h"
#include "record/perf_event.h"
#include "record/privileges.h"

namespace prof {

namespace {

constexpr const char* kTracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
constexpr const char* kTried = "sched/sched_switch";

/// Where tracefs is mounted; empty if nowhere that this process sees. The table of mounts is asked,
/// since a look at debugfs' folder would mount it.
std::string mounted_tracefs() {
  const auto mounts = read_text_file("/proc/self/mounts");
  if (!mounts) return {};
  for (const char* path : kTracefs) {
    if (mounts->find(fmt::format(" {} tracefs ", path)) != std::string::npos) return path;
  }
  return {};
}

size_t count_folders(DIR* dir) {
  size_t count = 0;
  while (const dirent* entry = ::readdir(dir)) {
    count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
  }
  return count;
}

perf_event_attr counting(uint32_t type, uint64_t config) {
  perf_event_attr attr{};
  attr.type = type;
  attr.config = config;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  attr.disabled = 1;
  return attr;
}

void open_one(CheckGroup& group, const std::string& id) {
  uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  const std::string name = std::string("sampling of ") + kTried;
  if (PerfEvent::open(counting(PERF_TYPE_TRACEPOINT, number), 0, -1)) return group.works(name);
  EventSpec spec;
  spec.name = kTried;
  spec.attr.type = PERF_TYPE_TRACEPOINT;
  Target self;
  self.kind = TargetKind::Threads;
  self.threads = {::gettid()};
  group.fails(name, explain_open_failure(errno, spec, self));
}

void check_tracefs(CheckGroup& group) {
  const std::string root = mounted_tracefs();
  if (root.empty()) {
    return group.fails("tracefs", "it is not mounted at /sys/kernel/tracing",
                       "mount -t tracefs tracefs /sys/kernel/tracing");
  }
  const std::string events = root + "/events";
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(events.c_str()), &::closedir);
  if (!dir) {
    return group.fails("tracefs", fmt::format("{}: {}", events, std::strerror(errno)),
                       "run as root, or 'mount -o remount,mode=755 " + root + "'");
  }
  group.works("tracefs", fmt::format("{}, {} subsystems", root, count_folders(dir.get())));
  const std::string id = read_first_line(fmt::format("{}/{}/id", events, kTried));
  if (!id.empty()) return open_one(group, id);
  group.fails(std::string("sampling of ") + kTried,
              fmt::format("{}/{}/id may not be read", events, kTried),
              "run as root, or 'mount -o remount,mode=755 " + root + "'");
}

void explain_probe(CheckGroup& group, const char* name, int error) {
  if (error != EACCES && error != EPERM) {
    return group.fails(name, fmt::format("the kernel refuses one: {}", std::strerror(error)));
  }
  if (has_capability(CAP_PERFMON)) {
    return group.fails(name, "this kernel wants CAP_SYS_ADMIN for them: CAP_PERFMON is not enough",
                       "run as root with all capabilities");
  }
  group.fails(name, "this user has no CAP_PERFMON", "run as root");
}

/// A probe at the entry of our own program, of this process only: nobody will come by.
void check_uprobe(CheckGroup& group, uint32_t type) {
  const auto self = ElfFile::open("/proc/self/exe");
  if (!self) return group.fails("uprobes", self.error());
  const auto offset = self->file_offset(self->entry());
  if (!offset) return group.fails("uprobes", "our own program has no entry");
  perf_event_attr attr = counting(type, 0);
  const char* path = "/proc/self/exe";
  attr.uprobe_path = reinterpret_cast<uintptr_t>(path);
  attr.probe_offset = static_cast<uint64_t>(*offset);
  if (PerfEvent::open(attr, 0, -1)) return group.works("uprobes");
  explain_probe(group, "uprobes", errno);
}

/// Of a function that is not there, so that the kernel stays as it is: who may have one is told so.
void check_kprobe(CheckGroup& group, uint32_t type) {
  perf_event_attr attr = counting(type, 0);
  const char* function = "prof_doctor_is_no_function";
  attr.kprobe_func = reinterpret_cast<uintptr_t>(function);
  if (PerfEvent::open(attr, 0, -1)) return group.works("kprobes");
  if (errno == EACCES || errno == EPERM) return explain_probe(group, "kprobes", errno);
  group.works("kprobes");
}

void check_probe_pmu(CheckGroup& group, const Features& host, const char* pmu, const char* option,
                     void (*check)(CheckGroup&, uint32_t)) {
  const auto found =
      std::ranges::find(host.pmu_mappings, pmu, &std::pair<uint32_t, std::string>::second);
  if (found != host.pmu_mappings.end()) return check(group, found->first);
  group.fails(std::string(pmu) + "s", fmt::format("this kernel has no {} PMU", pmu),
              fmt::format("a kernel with {} has it", option));
}

}  // namespace

void check_tracepoints(const Features& host, std::vector<Check>& checks) {
  CheckGroup group(checks, "tracepoints");
  check_tracefs(group);
  check_probe_pmu(group, host, "uprobe", "CONFIG_UPROBE_EVENTS", check_uprobe);
  check_probe_pmu(group, host, "kprobe", "CONFIG_KPROBE_EVENTS", check_kprobe);
}

}  // namespace prof
