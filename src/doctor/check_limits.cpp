// What the kernel and the shell allow at most.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>

#include "common/text_file.h"
#include "doctor/attempt.h"
#include "doctor/groups.h"
#include "record/sampling.h"

namespace prof {

namespace {

constexpr uint64_t kDefaultRate = 4000;  // Hz, of Sampling

/// "516", or "?" where it cannot be read.
std::string sysctl_text(const char* name) {
  std::string text = read_first_line(std::string("/proc/sys/kernel/") + name);
  return text.empty() ? "?" : text;
}

void check_rate(CheckGroup& group) {
  const std::string text = sysctl_text("perf_event_max_sample_rate");
  uint64_t rate = UINT64_MAX;
  std::from_chars(text.data(), text.data() + text.size(), rate);
  if (rate >= kDefaultRate) return group.works("sampling rate", "at most " + text + " Hz");
  group.partly("sampling rate",
               fmt::format("kernel.perf_event_max_sample_rate is {} Hz: the kernel lowers it when "
                           "samples take too long",
                           text),
               "sysctl kernel.perf_event_max_sample_rate=100000");
}

/// Rings of the default size on all CPUs, as for -p.
void check_rings(CheckGroup& group) {
  RecordOptions options = small_recording("cpu-clock");
  options.mmap_pages.clear();
  OwnThread thread;
  Target target = thread.target();
  target.cpus = online_cpus();
  const size_t cpus = target.cpus.size();
  const Attempt attempt = open_attempt(options, std::move(target));
  if (!attempt.source) return group.fails("ring buffers", *attempt.error);
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  const std::string locked = limit.rlim_cur == RLIM_INFINITY
                                 ? std::string("unlimited")
                                 : fmt::format("{} KiB", limit.rlim_cur >> 10);
  const std::string found = fmt::format(
      "{} KiB on each of {} CPUs; kernel.perf_event_mlock_kb is {}, ulimit -l {}",
      attempt.source->ring_size() >> 10, cpus, sysctl_text("perf_event_mlock_kb"), locked);
  const auto wanted = ring_size(options);
  if (wanted && attempt.source->ring_size() < *wanted) {
    return group.partly("ring buffers", found + ": smaller than usual",
                        "raise kernel.perf_event_mlock_kb or 'ulimit -l', or end other recordings");
  }
  group.works("ring buffers", found);
}

/// A process needs a descriptor for each event on each CPU and thread.
void check_files(CheckGroup& group) {
  constexpr uint64_t kManyThreads = 100;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const uint64_t cpus = std::max<size_t>(online_cpus().size(), 1);
  const uint64_t threads = limit.rlim_max / (2 * cpus);
  const std::string found = fmt::format("{}: enough for -p with some {} threads on {} CPUs",
                                        limit.rlim_max, threads, cpus);
  if (threads >= kManyThreads) return group.works("open files", found);
  group.partly("open files", found, "raise the hard limit (ulimit -Hn), or record with -a");
}

void check_watchdog(CheckGroup& group) {
  const std::string watchdog = read_first_line("/proc/sys/kernel/nmi_watchdog");
  if (watchdog != "1") return group.works("NMI watchdog", "takes no hardware counter");
  group.partly("NMI watchdog", "takes one of each CPU's hardware counters",
               "sysctl kernel.nmi_watchdog=0");
}

}  // namespace

void check_limits(std::vector<Check>& checks) {
  CheckGroup group(checks, "limits");
  check_rate(group);
  check_rings(group);
  check_files(group);
  check_watchdog(group);
  group.fact("stack depth", sysctl_text("perf_event_max_stack") + " frames by the kernel's walk");
  group.fact("kernel.perf_event_paranoid", sysctl_text("perf_event_paranoid"));
}

}  // namespace prof
