// The machine, the user, and what is around the process: namespaces, filters, limits of a
// container.
#include <fmt/core.h>
#include <linux/capability.h>
#include <sched.h>
#include <unistd.h>

#include "common/text_file.h"
#include "doctor/groups.h"
#include "record/confinement.h"

namespace prof {

namespace {

void tell_cpus(CheckGroup& group, const Features& host) {
  const auto [available, online] = host.nr_cpus.value_or(std::pair(0u, 0u));
  std::string text = fmt::format("{} online", online);
  if (const auto list = read_first_line("/sys/devices/system/cpu/online"); !list.empty()) {
    text += " (" + list + ")";
  }
  if (available > online) text += fmt::format(", {} offline", available - online);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
      static_cast<uint32_t>(CPU_COUNT(&allowed)) < online) {
    text += fmt::format(", {} of them for this process", CPU_COUNT(&allowed));
  }
  if (host.cpu_desc) text += ", " + *host.cpu_desc;
  group.fact("CPUs", text);
}

/// Time stamps are read at each sample: a slow clock makes all of them slow.
void check_clock(CheckGroup& group) {
  const std::string clock =
      read_first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (clock.empty()) return;
  const bool slow = clock == "hpet" || clock == "acpi_pm" || clock == "jiffies";
  if (!slow) return group.works("clock", clock);
  group.partly("clock", clock + ": slow or coarse to read, at every sample",
               "find out why the kernel gave up the CPU's own clock: dmesg | grep -i clocksource");
}

void tell_user(CheckGroup& group) {
  struct Capability {
    unsigned number;
    const char* name;
  };
  constexpr Capability kAll[] = {
      {CAP_PERFMON, "CAP_PERFMON"},       {CAP_BPF, "CAP_BPF"},
      {CAP_SYS_PTRACE, "CAP_SYS_PTRACE"}, {CAP_SYSLOG, "CAP_SYSLOG"},
      {CAP_IPC_LOCK, "CAP_IPC_LOCK"},     {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
  };
  std::string text;
  for (const Capability& each : kAll) {
    if (!has_capability(each.number)) continue;
    text += (text.empty() ? " with " : ", ") + std::string(each.name);
  }
  if (text.empty()) text = " without capabilities";
  group.fact("user", std::to_string(::geteuid()) + text);
}

void tell_container(CheckGroup& group) {
  std::string text;
  const auto add = [&](bool is, const char* what) {
    if (is) text += (text.empty() ? "" : ", ") + std::string(what);
  };
  add(own_pid_namespace() != 0, "a PID namespace of its own");
  add(in_user_namespace(), "a user namespace of its own");
  add(has_seccomp_filter(), "a seccomp filter");
  add(::access("/.dockerenv", F_OK) == 0, "docker's file");
  add(::access("/run/.containerenv", F_OK) == 0, "podman's file");
  group.fact("container", text.empty() ? "no sign of one" : text);
}

}  // namespace

void check_host(const Features& host, std::vector<Check>& checks) {
  CheckGroup group(checks, "host");
  tell_cpus(group, host);
  if (host.total_mem_kb) group.fact("memory", fmt::format("{} MiB", *host.total_mem_kb >> 10));
  check_clock(group);
  tell_user(group);
  tell_container(group);
}

}  // namespace prof
