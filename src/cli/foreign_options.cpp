#include "cli/foreign_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace prof {

namespace {

struct ForeignOption {
  std::string_view name;
  char letter;  // 0: none
  std::string_view instead;
};

// Those of perf record up to 6.16, in the order of their names.
constexpr auto kForeign = std::to_array<ForeignOption>({
    {"affinity", 0,
     "one thread drains all ring buffers, and another writes: taskset(1) places both"},
    {"aio", 0, "files are written by a thread of its own anyway: leave it out"},
    {"append", 'A', "a recording is one file: give each its own with -o"},
    {"aux-sample", 0, "AUX traces (Intel PT, CoreSight) are not recorded"},
    {"bpf-counters", 0, "it is of perf stat; stacks are counted in the kernel by --bpf"},
    {"bpf-filter", 0,
     "tracepoints take --filter 'FIELD > 1'; else choose samples when reporting: "
     "prof report --comm, --pid, --cpu, --time"},
    {"clang-opt", 0, "BPF programs are built in: leave it out"},
    {"clang-path", 0, "BPF programs are built in: leave it out"},
    {"debuginfod", 0, "debug files are fetched when reporting: prof report --debuginfod"},
    {"for-each-cgroup", 0,
     "give -e and -G for each cgroup, or --all-cgroups, and report by "
     "--sort cgroup"},
    {"force", 'f', "an earlier file is kept as FILE.old: leave it out"},
    {"group", 0, "write the group as -e '{EVENT,EVENT}'"},
    {"kcore", 0, "the kernel's names are looked up when reporting; to take them along: --embed"},
    {"latency", 0, "where threads wait is recorded by --off-cpu or --wall"},
    {"mmap-flush", 0, "ring buffers are emptied often and written in large pieces: leave it out"},
    {"no-buffering", 0, "to see samples as they come, pipe them: -o - | prof script -i -"},
    {"num-thread-synthesize", 0, "what runs is described by one thread: leave it out"},
    {"off-cpu-thresh", 0, "the least time away that counts is --min-block TIME"},
    {"per-thread", 0, "there is a ring buffer for each CPU: for certain threads only, -t TID -i"},
    {"pfm-events", 0, "write the event as -e cpu/event=0x3c,umask=0x0/ or -e r003c"},
    {"proc-map-timeout", 0, "/proc is read without a limit: leave it out"},
    {"realtime", 'r', "start it by chrt(1): chrt -f PRIORITY prof record ..."},
    {"setup-filter", 0, "tracepoints take --filter 'FIELD > 1'; other samples need no setup"},
    {"snapshot", 'S', "AUX traces (Intel PT, CoreSight) are not recorded"},
    {"switch-output-event", 0, "only a signal, a size or a time begins a new file"},
    {"synth", 0, "what runs is always described: readers need it for names"},
    {"threads", 0, "one file is written, by a thread of its own; -m 4M where samples are lost"},
    {"vmlinux", 0, "the kernel's names are looked up when reporting: prof report --vmlinux FILE"},
});

/// The option that a word begins with, if it is foreign: "--aio=2", "-r", "-r5".
const ForeignOption* foreign(const CLI::App& app, const std::string& word) {
  const bool is_long = word.starts_with("--");
  const std::string name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
  if (app.get_option_no_throw(name)) return nullptr;
  const auto is_it = [&](const ForeignOption& option) {
    if (!is_long) return option.letter != 0 && name[1] == option.letter;
    const std::string_view bare = std::string_view(name).substr(2);
    return bare == option.name || (bare.starts_with("no-") && bare.substr(3) == option.name);
  };
  const auto* found = std::ranges::find_if(kForeign, is_it);
  return found == kForeign.end() ? nullptr : found;
}

}  // namespace

Result<void> refuse_foreign_options(const CLI::App& app, const Words& words) {
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-') continue;
    if (const ForeignOption* option = foreign(app, word)) {
      return fail(
          fmt::format("prof record has no {}: {}", word.substr(0, word.find('=')), option->instead),
          {}, 2);
    }
  }
  return {};
}

}  // namespace prof
