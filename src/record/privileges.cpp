#include "record/privileges.h"

#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "common/text_file.h"
#include "record/confinement.h"
#include "record/tracefs.h"

namespace prof {

namespace {

constexpr const char* kPossible =
    "possible now: 'prof record -g -- COMMAND' and '-p PID' of your own processes, user space only";

/// What samples would have that shows more than a user may see, if anything.
const char* revealing_contents(const EventSpec& spec) {
  if (spec.attr.sample_type & PERF_SAMPLE_PHYS_ADDR) return "physical addresses (--phys-data)";
  constexpr uint64_t kPrivileged = PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV;
  if (spec.attr.branch_sample_type & kPrivileged) return "the kernel's branches (-j k, hv)";
  return nullptr;
}

Error explain_denied(const EventSpec& spec, const Target& target) {
  const int level = perf_event_paranoid();
  const bool own = target.kind == TargetKind::Threads && target.threads.size() == 1 &&
                   target.threads.front() == ::gettid();
  if (has_capability(CAP_PERFMON)) return explain_confined("perf_event_open");
  if (level >= 3) {
    return {fmt::format("not permitted to record: kernel.perf_event_paranoid is {}, which keeps "
                        "users without CAP_PERFMON from all events",
                        level),
            "run as root, or 'sysctl kernel.perf_event_paranoid=2' for your own processes"};
  }
  if (spec.is_hit()) {
    return {fmt::format("not permitted to record '{}': kernel.perf_event_paranoid is {}, and this "
                        "user has no CAP_PERFMON",
                        spec.name, level),
            "run as root, or 'sysctl kernel.perf_event_paranoid=-1'"};
  }
  if (const char* contents = revealing_contents(spec); contents && level >= 2) {
    return {fmt::format("not permitted to record {}: kernel.perf_event_paranoid is {}, and this "
                        "user has no CAP_PERFMON",
                        contents, level),
            "run as root, or leave that out"};
  }
  if (target.kind == TargetKind::Cpus && level >= 1) {
    return {
        fmt::format("not permitted to record the whole system: kernel.perf_event_paranoid is "
                    "{}, and this user has no CAP_PERFMON",
                    level),
        fmt::format("run as root, or 'sysctl kernel.perf_event_paranoid=-1'\n      {}", kPossible)};
  }
  if (spec.attr.type == PERF_TYPE_TRACEPOINT && level > -1) {
    return {fmt::format("not permitted to sample tracepoints: kernel.perf_event_paranoid is {}, "
                        "and this user has no CAP_PERFMON",
                        level),
            "run as root, or 'sysctl kernel.perf_event_paranoid=-1'"};
  }
  if (spec.attr.exclude_user && level >= 2) {
    return {
        fmt::format("not permitted to record '{}' in the kernel: kernel.perf_event_paranoid is "
                    "{}, and this user has no CAP_PERFMON",
                    spec.name, level),
        fmt::format("run as root, or 'sysctl kernel.perf_event_paranoid=1'\n      {}", kPossible)};
  }
  if (target.kind == TargetKind::Threads && !own) {
    return {fmt::format("not permitted to record thread {}: it is another user's, or privileged",
                        target.threads.empty() ? 0 : target.threads.front()),
            fmt::format("run as root, or give prof CAP_PERFMON and CAP_SYS_PTRACE\n      {}",
                        kPossible)};
  }
  return explain_confined("perf_event_open");
}

}  // namespace

int perf_event_paranoid() {
  const auto text = read_first_line("/proc/sys/kernel/perf_event_paranoid");
  return text.empty() ? 2 : std::atoi(text.c_str());
}

Error explain_bpf_denied() {
  const bool bpf = has_capability(CAP_BPF);
  const bool perfmon = has_capability(CAP_PERFMON);
  if ((bpf && perfmon) || in_user_namespace()) {
    return explain_confined("bpf()").in("BPF programs may not be loaded");
  }
  const char* missing = bpf       ? "no CAP_PERFMON"
                        : perfmon ? "no CAP_BPF"
                                  : "neither CAP_BPF nor CAP_PERFMON";
  return {fmt::format("BPF programs may not be loaded: {} has {}",
                      ::geteuid() == 0 ? "root" : "this user", missing),
          ::geteuid() == 0 ? "give the container or the service these capabilities"
                           : "run as root, or give prof CAP_BPF and CAP_PERFMON (setcap "
                             "cap_bpf,cap_perfmon+ep)"};
}

namespace {

std::string hint_of_invalid(const EventSpec& spec) {
  if (!spec.pmu.empty()) {
    return fmt::format(
        "PMU '{}' may only count, as msr and uncore PMUs do, or not know these terms or modifiers",
        spec.pmu);
  }
  if (spec.attr.precise_ip != 0) return "it may not be precise: leave out the p";
  if (spec.attr.branch_sample_type != 0) return "its PMU may not tell branches of these kinds (-j)";
  return "try it without modifiers, -k or --max-stack";
}

}  // namespace

Error explain_open_failure(int error, const EventSpec& spec, const Target& target) {
  if (spec.is_probe() && error != EACCES && error != EPERM && error != EMFILE && error != ENFILE &&
      error != ESRCH) {
    return {fmt::format("the kernel cannot probe '{}': {}", spec.name, std::strerror(error)),
            spec.probes_kernel
                ? "a probe is at the first byte of an instruction, outside of what probes use: "
                  "/sys/kernel/debug/kprobes/blacklist"
                : "a probe is at the first byte of an instruction of a file on a disk"};
  }
  if (spec.attr.type == PERF_TYPE_BREAKPOINT && error == ENOSPC) {
    return {fmt::format("no breakpoint is left for '{}'", spec.name),
            "a processor has few, four on x86, and debuggers use them too"};
  }
  if (spec.attr.type == PERF_TYPE_BREAKPOINT && (error == EINVAL || error == EOPNOTSUPP)) {
    return {fmt::format("this processor has no breakpoint as '{}'", spec.name),
            "x86 has w and rw of 1, 2, 4 or 8 bytes at a multiple of them, and x of 8"};
  }
  if (spec.attr.branch_sample_type != 0 && error == EOPNOTSUPP) {
    return {
        fmt::format("samples of '{}' cannot have branches", spec.name),
        "only a hardware PMU that keeps them has them (LBR, BRBE), which virtual machines often "
        "lack: leave out -b and -j, or record on the hardware itself"};
  }
  if (spec.attr.sample_regs_intr >> 32 != 0 && (error == EOPNOTSUPP || error == EINVAL)) {
    return {fmt::format("samples of '{}' cannot have vector registers", spec.name),
            "only precise events of some hardware PMUs have them: leave them out of -I"};
  }
  switch (error) {
    case EACCES:
    case EPERM:
      return explain_denied(spec, target);
    case EMFILE:
      return {fmt::format("too many open files: {} threads on {} CPUs need more descriptors than "
                          "this process may open",
                          target.threads.size(), target.cpus.size()),
              "raise the limit with 'ulimit -n', record fewer threads, or record with -a"};
    case ENFILE:
      return {"the system has too many open files", "raise it with 'sysctl fs.file-max'"};
    case ESRCH:
      return {"the threads to record have ended", {}};
    case ENOSYS:
      return {"this kernel has no perf events", "it needs CONFIG_PERF_EVENTS"};
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
    case ENXIO:
      return {fmt::format("this machine cannot sample '{}'", spec.name),
              "hardware events need a PMU, which virtual machines often lack: try -e cpu-clock"};
    case EBUSY:
      return {fmt::format("'{}' is in use: something else holds the hardware counters", spec.name),
              "the NMI watchdog takes one: 'sysctl kernel.nmi_watchdog=0'"};
    case EINVAL:
      return {fmt::format("the kernel does not take event '{}' as asked for", spec.name),
              hint_of_invalid(spec)};
    default:
      return {fmt::format("cannot open event '{}': {}", spec.name, std::strerror(error)), {}};
  }
}

Error explain_group_failure(int error, const EventSpec& spec, const EventSpec& leader) {
  return {fmt::format("'{}' does not open in the group of '{}': {}", spec.name, leader.name,
                      std::strerror(error)),
          "the events of a group are of one PMU that has counters for all, and of software; behind "
          "the brace, :W has those that do not fit recorded one by one"};
}

Error explain_filter_failure(int error, const EventSpec& spec) {
  const auto tracefs = Tracefs::find();
  const std::string complaint =
      tracefs ? tracefs->complaint(spec.tracepoint, spec.filter) : std::string();
  return {fmt::format("the kernel does not take the filter of '{}': {}", spec.name,
                      std::strerror(error)),
          complaint.empty() ? spec.filter : complaint, error == EINVAL ? 2 : 1};
}

Error explain_descriptors(size_t needed, size_t limit, size_t events, const Target& target) {
  std::string hint = events > 1 ? "choose fewer events" : "";
  const auto add = [&hint](const char* text) {
    hint += std::string(hint.empty() ? "" : ", ") + text;
  };
  if (target.threads.size() > 1) add("record fewer threads, or all with -a");
  if (target.threads.empty()) add("fewer CPUs with -C");
  add("or raise the limit: ulimit -Hn");
  return {fmt::format("{} events of {} on {} CPUs need {} open files, and this process may have {}",
                      events,
                      target.threads.empty() ? std::string("the system")
                                             : fmt::format("{} threads", target.threads.size()),
                      target.cpus.size(), needed, limit),
          hint};
}

Error explain_map_failure(int error, size_t size) {
  if (error == EPERM) {
    return {fmt::format("not permitted to lock {} KiB for each CPU's ring buffer", size >> 10),
            "raise kernel.perf_event_mlock_kb or 'ulimit -l', or end other recordings"};
  }
  return {fmt::format("cannot map a ring buffer of {} KiB: {}", size >> 10, std::strerror(error)),
          "try a smaller -m"};
}

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

size_t open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  return static_cast<size_t>(limit.rlim_cur);
}

}  // namespace prof
