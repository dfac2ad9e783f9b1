#include "record/options.h"

#include <fmt/core.h>

#include <charconv>

namespace prof {

Result<uint64_t> parse_size(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (!unit.empty() && (unit.back() == 'B' || unit.back() == 'b')) unit.remove_suffix(1);
  unsigned shift = 0;
  if (unit.size() == 1) {
    switch (unit[0] | 0x20) {
      case 'k':
        shift = 10;
        break;
      case 'm':
        shift = 20;
        break;
      case 'g':
        shift = 30;
        break;
      default:
        shift = 64;
    }
  } else if (!unit.empty()) {
    shift = 64;
  }
  if (error != std::errc{} || shift == 64 || value > UINT64_MAX >> shift) {
    return fail(fmt::format("'{}' is not a size", text), "write it as 4096, 64K, 1M or 2G", 2);
  }
  return value << shift;
}

Result<uint64_t> parse_time_span(std::string_view text) {
  struct Unit {
    std::string_view name;
    uint64_t nanoseconds;
  };
  constexpr Unit kUnits[] = {
      {"", 1000}, {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& each : kUnits) {
    if (error != std::errc{} || unit != each.name || value > UINT64_MAX / each.nanoseconds)
      continue;
    return value * each.nanoseconds;
  }
  return fail(fmt::format("'{}' is not a span of time", text),
              "write it as 100 (microseconds), 500us, 10ms or 2s", 2);
}

Result<void> parse_call_graph_method(std::string_view text, RecordOptions& options) {
  const size_t comma = text.find(',');
  const std::string_view method = text.substr(0, comma);
  if (method != "dwarf") {
    if (comma != text.npos || (method != "bpf" && method != "fp")) {
      return fail(fmt::format("--call-graph takes 'bpf' (unwound in the kernel), 'fp' (frame "
                              "pointers) or 'dwarf[,SIZE][,live]' (copies of the stack), not '{}'",
                              text),
                  {}, 2);
    }
    options.call_graph = method == "bpf" ? CallGraph::Bpf : CallGraph::FramePointers;
    return {};
  }
  options.call_graph = CallGraph::Dwarf;
  options.live = false;
  bool sized = false;
  for (size_t at = comma; at != text.npos;) {
    const size_t next = text.find(',', at + 1);
    const std::string_view word = text.substr(at + 1, next == text.npos ? next : next - at - 1);
    at = next;
    if (word == "live") {
      options.live = true;
      continue;
    }
    const auto size = parse_size(word);
    if (!size) return tl::unexpected(size.error());
    if (*size == 0 || *size > kMaxStackCopy) {
      return fail(fmt::format("a stack copy has 1 to {} bytes, not {}", kMaxStackCopy, *size), {},
                  2);
    }
    options.stack_copy = (*size + 7) / 8 * 8;
    sized = true;
  }
  if (!sized) options.stack_copy = options.live ? kDefaultLiveCopy : kDefaultStackCopy;
  return {};
}

namespace {

/// What the kernel puts into samples is not in those that are made of a BPF program's.
Result<void> validate_contents(const RecordOptions& options) {
  const bool programs =
      options.bpf || (options.call_graph == CallGraph::Bpf && options.call_graph_chosen);
  if ((programs || options.live) && options.needs_kernels_samples()) {
    return fail(fmt::format("{} makes samples of its own, and these have no addresses of data, "
                            "weights, registers, branches, raw data, cgroups or counts",
                            options.bpf    ? "--bpf"
                            : options.live ? "--call-graph dwarf,live"
                                           : "--call-graph bpf"),
                "leave it out, or use --call-graph fp or dwarf", 2);
  }
  if (options.all_user && options.all_kernel) {
    return fail("--all-user and --all-kernel leave nothing to record", "give one of them", 2);
  }
  return {};
}

Result<void> validate_cgroups(const RecordOptions& options) {
  if (options.cgroups.empty()) return {};
  if (options.cgroups.front().after == 0) {
    return fail("-G is of the events before it, and there are none",
                "write -e EVENT first, then -G CGROUP", 2);
  }
  if (!options.system_wide && options.cpus.empty()) {
    return fail("a cgroup is recorded wherever it runs", "give -a, or CPUs by -C", 2);
  }
  if (options.off_cpu) {
    return fail("-G and --off-cpu exclude each other: a BPF program counts the time of all threads",
                {}, 2);
  }
  return {};
}

Result<void> validate_files(const RecordOptions& options) {
  const bool named = options.switch_output.enabled() || options.timestamp_filename;
  if (named && options.output == "-") {
    return fail(
        fmt::format("{} makes files, and standard output is none",
                    options.switch_output.enabled() ? "--switch-output" : "--timestamp-filename"),
        "give a file with -o", 2);
  }
  if (options.overwrite && (options.bpf || options.off_cpu || options.live ||
                            (options.call_graph == CallGraph::Bpf && options.call_graph_chosen))) {
    return fail(
        "--overwrite keeps the newest samples of the kernel's rings, and what BPF programs or "
        "prof itself make of samples is not there",
        "use -g or --call-graph fp or dwarf, without --bpf and --off-cpu", 2);
  }
  if (options.switch_output.max_files != 0 && !options.switch_output.enabled()) {
    return fail("--switch-max-files is of --switch-output", {}, 2);
  }
  return {};
}

}  // namespace

Result<void> validate(const RecordOptions& options) {
  const bool target = options.system_wide || !options.cpus.empty() || !options.pids.empty() ||
                      !options.tids.empty() || !options.user.empty();
  if (options.command.empty() && !target) {
    return fail("nothing to record: no command and no target",
                "try 'prof record -g -- COMMAND', 'prof record -ag' or 'prof record -g -p PID'", 2);
  }
  if (options.period && (options.frequency || options.max_frequency)) {
    return fail("-F and -c exclude each other", "give a frequency or a period", 2);
  }
  if (options.period == 0) return fail("a period of 0 records nothing", "give -c at least 1", 2);
  if (options.frequency == 0) return fail("a rate of 0 Hz records nothing", "try -F 99", 2);
  const int scopes = !options.pids.empty() + !options.tids.empty() + !options.user.empty();
  if (scopes > 1) return fail("-p, -t and -u exclude each other", "give one of them", 2);
  if (scopes == 1 && (options.system_wide || !options.cpus.empty())) {
    return fail("-p, -t and -u cannot be combined with -a or -C",
                "leave out -a and -C to record the processes wherever they run", 2);
  }
  if (options.duration_seconds < 0) return fail("a duration cannot be negative", {}, 2);
  const bool counts = options.bpf || options.off_cpu;
  if (options.interval_seconds != 0 && !counts) {
    return fail(
        "--interval is of the counts of --bpf and --off-cpu; samples have times of their own", {},
        2);
  }
  if (options.interval_seconds < 0 ||
      (counts && options.interval_seconds > 0 && options.interval_seconds < kLeastInterval)) {
    return fail(fmt::format("an interval is at least {} seconds", kLeastInterval), {}, 2);
  }
  if (options.min_block_ns > options.max_block_ns) {
    return fail("--min-block is more than --max-block: no time would count", {}, 2);
  }
  if (options.wakers && !options.off_cpu) return fail("--wakers is of --off-cpu", {}, 2);
  if (options.bpf && options.call_graph == CallGraph::Dwarf) {
    return fail("--bpf counts stacks in the kernel, and cannot count copies of them",
                "use --bpf with -g, or --call-graph dwarf without --bpf", 2);
  }
  if (options.live && options.off_cpu) {
    return fail("--off-cpu needs BPF, and with BPF there is no need for copies",
                "use --call-graph bpf", 2);
  }
  if (auto done = validate_contents(options); !done) return done;
  if (auto done = validate_cgroups(options); !done) return done;
  for (const FilterRequest& filter : options.filters) {
    if (filter.after == 0) {
      return fail(fmt::format("{} is of the events before it, and there are none", filter.option),
                  fmt::format("write -e SYSTEM:NAME first, then {}", filter.option), 2);
    }
    if (options.call_graph == CallGraph::Bpf && options.call_graph_chosen) {
      return fail(fmt::format("{} and --call-graph bpf exclude each other: a BPF program takes "
                              "every hit of a tracepoint, before its filter",
                              filter.option),
                  "use --call-graph fp or dwarf", 2);
    }
  }
  if (!options.weight_field.empty() && !options.bpf) {
    return fail("--weight is of what is counted in the kernel (--bpf)",
                "without, samples have their fields: report, fold and flamegraph take --weight", 2);
  }
  if (auto done = validate_files(options); !done) return done;
  if (options.output.empty()) return fail("-o needs a file name", {}, 2);
  return {};
}

}  // namespace prof
