// Target: who is recorded, as the (thread, CPU) pairs that events are opened for. Used by
// perf_source and synthesis.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "record/options.h"

namespace prof {

enum class TargetKind {
  Command,  // a process of ours that has not started yet
  Threads,  // running threads
  Cpus,     // everything that runs on some CPUs
};

struct Target {
  TargetKind kind = TargetKind::Cpus;
  std::vector<int> cpus;       // that are sampled
  bool all_cpus = true;        // `cpus` are all that are online
  std::vector<pid_t> threads;  // Command: one; Cpus: none
  std::set<pid_t> processes;   // whose threads are all meant, present and future
};

/// Resolves the options to threads and CPUs; `command_pid` is that of the waiting command, or 0.
Result<Target> resolve_target(const RecordOptions& options, pid_t command_pid);

/// Those that its threads are of; none for CPUs.
std::set<pid_t> recorded_processes(const Target& target);
/// These processes and those that they and their children started, as far as one leads to another.
std::set<pid_t> with_descendants(std::set<pid_t> processes);
/// "0-3,7" as numbers, ascending, without repetition.
Result<std::vector<int>> parse_cpu_list(std::string_view text);
/// The CPUs that are online now.
std::vector<int> online_cpus();
/// The threads of a process, ascending; none if it is gone.
std::vector<pid_t> threads_of(pid_t pid);
/// The numeric entries of a directory of /proc, ascending.
std::vector<pid_t> numeric_entries(const std::string& directory);

}  // namespace prof
