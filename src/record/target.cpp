#include "record/target.h"

#include <dirent.h>
#include <fmt/core.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>

#include "common/text_file.h"

namespace prof {

namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Calls `take` for each piece of a comma-separated list, until it returns false.
template <class Take>
bool for_each_piece(std::string_view text, Take&& take) {
  for (;;) {
    const auto comma = text.find(',');
    if (!take(text.substr(0, comma))) return false;
    if (comma == text.npos) return true;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<pid_t>> parse_pids(std::string_view text, const char* what) {
  std::vector<pid_t> pids;
  const bool good = for_each_piece(text, [&](std::string_view piece) {
    const auto pid = parse_number<pid_t>(piece);
    if (pid && *pid > 0) pids.push_back(*pid);
    return pid && *pid > 0;
  });
  if (!good) return fail(fmt::format("'{}' is no list of {}s", text, what), {}, 2);
  return pids;
}

Result<uid_t> parse_user(const std::string& text) {
  if (const passwd* entry = ::getpwnam(text.c_str())) return entry->pw_uid;
  if (const auto uid = parse_number<uid_t>(text)) return *uid;
  return fail(fmt::format("there is no user '{}'", text), {}, 2);
}

/// From "Tgid:\t1234" of a thread's status, for instance; 0 if it is gone.
pid_t status_number(pid_t tid, std::string_view name) {
  const auto status = read_text_file(fmt::format("/proc/{}/status", tid), 4096);
  const auto at = status ? status->find(name) : std::string::npos;
  pid_t value = 0;
  if (at == std::string::npos) return value;
  std::from_chars(status->data() + at + name.size(), status->data() + status->size(), value);
  return value;
}

void add_process(Target& target, pid_t pid) {
  if (!target.processes.insert(pid).second) return;
  const auto threads = threads_of(pid);
  target.threads.insert(target.threads.end(), threads.begin(), threads.end());
}

Result<void> add_threads(const RecordOptions& options, Target& target) {
  if (!options.user.empty()) {
    const auto uid = parse_user(options.user);
    if (!uid) return tl::unexpected(uid.error());
    for (pid_t pid : numeric_entries("/proc")) {
      struct stat status {};
      const bool there = ::stat(fmt::format("/proc/{}", pid).c_str(), &status) == 0;
      if (there && status.st_uid == *uid && pid != ::getpid()) add_process(target, pid);
    }
    if (target.threads.empty()) return fail("user '" + options.user + "' runs no process");
    return {};
  }
  const bool whole = !options.pids.empty();
  const auto ids =
      parse_pids(whole ? options.pids : options.tids, whole ? "process id" : "thread id");
  if (!ids) return tl::unexpected(ids.error());
  for (pid_t id : *ids) {
    // /proc/ID answers for threads that are not first of their process, too, as -p of perf does.
    if (::access(fmt::format("/proc/{}/task", id).c_str(), F_OK) != 0) {
      return fail(fmt::format("there is no {} {}", whole ? "process" : "thread", id));
    }
    if (whole) {
      add_process(target, id);
    } else {
      target.threads.push_back(id);
    }
  }
  std::ranges::sort(target.threads);
  target.threads.erase(std::unique(target.threads.begin(), target.threads.end()),
                       target.threads.end());
  return {};
}

}  // namespace

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  constexpr int kMaxCpu = 65535;  // a CPU_MAP record has 16 bits for each
  std::set<int> cpus;
  const bool good = for_each_piece(text, [&](std::string_view piece) {
    const auto dash = piece.find('-');
    const auto first = parse_number<int>(piece.substr(0, dash));
    const auto last = dash == piece.npos ? first : parse_number<int>(piece.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > kMaxCpu) return false;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
    return true;
  });
  if (!good) return fail(fmt::format("'{}' is no list of CPUs", text), "write it as 0-3,7", 2);
  return std::vector<int>(cpus.begin(), cpus.end());
}

std::vector<int> online_cpus() {
  if (auto cpus = parse_cpu_list(read_first_line("/sys/devices/system/cpu/online"))) return *cpus;
  const long count = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  std::vector<int> cpus;
  for (int cpu = 0; cpu < count; ++cpu) cpus.push_back(cpu);
  return cpus;
}

std::vector<pid_t> numeric_entries(const std::string& directory) {
  std::vector<pid_t> numbers;
  const auto close = [](DIR* dir) { ::closedir(dir); };
  std::unique_ptr<DIR, decltype(close)> dir(::opendir(directory.c_str()), close);
  if (!dir) return numbers;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (const auto number = parse_number<pid_t>(entry->d_name)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<pid_t> threads_of(pid_t pid) {
  return numeric_entries(fmt::format("/proc/{}/task", pid));
}

Result<Target> resolve_target(const RecordOptions& options, pid_t command_pid) {
  Target target;
  target.cpus = online_cpus();
  if (!options.cpus.empty()) {
    auto cpus = parse_cpu_list(options.cpus);
    if (!cpus) return tl::unexpected(cpus.error());
    for (int cpu : *cpus) {
      if (!std::ranges::binary_search(target.cpus, cpu)) {
        return fail(fmt::format("CPU {} is not online", cpu),
                    "online are " + read_first_line("/sys/devices/system/cpu/online"));
      }
    }
    target.all_cpus = *cpus == target.cpus;
    target.cpus = std::move(*cpus);
    return target;
  }
  if (!options.pids.empty() || !options.tids.empty() || !options.user.empty()) {
    target.kind = TargetKind::Threads;
    if (auto done = add_threads(options, target); !done) return tl::unexpected(done.error());
  } else if (!options.system_wide) {
    target.kind = TargetKind::Command;
    target.threads.push_back(command_pid);
  }
  return target;
}

std::set<pid_t> recorded_processes(const Target& target) {
  std::set<pid_t> processes;
  for (pid_t tid : target.threads) {
    if (const pid_t pid = status_number(tid, "Tgid:\t"); pid != 0) processes.insert(pid);
  }
  return processes;
}

std::set<pid_t> with_descendants(std::set<pid_t> processes) {
  std::map<pid_t, pid_t> parents;
  for (pid_t pid : numeric_entries("/proc")) parents[pid] = status_number(pid, "PPid:\t");
  std::set<pid_t> all = processes;
  for (const auto& [pid, parent] : parents) {
    // Read one by one, parents need not lead to an end.
    size_t steps = parents.size();
    for (pid_t at = pid; at != 0 && steps != 0; --steps) {
      if (processes.contains(at)) {
        all.insert(pid);
        break;
      }
      const auto next = parents.find(at);
      at = next == parents.end() ? 0 : next->second;
    }
  }
  return all;
}

}  // namespace prof
