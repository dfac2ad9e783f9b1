#include "report/jit_dumps.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "common/byte_reader.h"
#include "symbolize/process_files.h"

namespace prof {

namespace {

/// As the comment on time_mult in linux/perf_event.h has it, without overflow.
uint64_t scaled(uint64_t cycles, uint64_t multiplier, uint64_t shift) {
  const uint64_t whole = cycles >> shift;
  const uint64_t rest = cycles & ((uint64_t{1} << shift) - 1);
  return whole * multiplier + ((rest * multiplier) >> shift);
}

/// The dump as its process sees it, as long as that lives, else as we do.
Result<JitDump> read_dump(const std::string& path, uint32_t pid, const SymbolizerOptions& options) {
  LiveProcess process = live_process(pid, options.recorded_until);
  std::string shown = process.own_files ? path : options.symfs + path;
  auto fd = open_process_file(process, shown, options.any_owner);
  if (!fd && process.own_files) {
    process.own_files = false;
    shown = options.symfs + path;
    fd = open_process_file(process, shown, options.any_owner);
  }
  if (!fd) return tl::unexpected(fd.error());
  auto dump = JitDump::read(*fd, shown);
  if (!dump) return dump;
  const uint32_t writer = dump->header().pid;
  if (writer != pid && writer != process.own_pid) {
    return fail(
        fmt::format("'{}' was written by process {}, not by {}, or by what it was to "
                    "itself before it ended",
                    shown, writer, pid));
  }
  return dump;
}

}  // namespace

uint64_t TimeConversion::to_time(uint64_t cycles) const {
  return zero + scaled(cycles, multiplier, shift);
}

/// How the times of a dump become those of the recording.
struct JitDumps::Clock {
  std::optional<TimeConversion> conversion;
  uint64_t shift = 0;
  std::optional<uint64_t> always;  // where they cannot be compared

  uint64_t operator()(uint64_t time) const {
    if (always) return *always;
    return (conversion ? conversion->to_time(time) : time) + shift;
  }
};

std::string jitdump_dso_name(std::string_view path, uint32_t pid) {
  if (path.ends_with(fmt::format("/jit-{}.dump", pid))) return std::string(path);
  return fmt::format("/proc/{}/root{}", pid, path);
}

void JitDumps::note_mapping(uint32_t pid, uint64_t time, DsoId dso, std::string_view path) {
  const auto [it, added] = mapped_.try_emplace({pid, dso.value}, Mapped{time, std::string(path)});
  if (!added) it->second.time = std::min(it->second.time, time);
}

/// {u64 time_shift, time_mult, time_zero, …}
void JitDumps::note_time_conversion(const RecordView& view, bool swap) {
  ByteReader in(view.payload, swap);
  TimeConversion conversion;
  conversion.shift = in.u64();
  conversion.multiplier = in.u64();
  conversion.zero = in.u64();
  if (in.ok() && conversion.shift < 64 && conversion.multiplier != 0) conversion_ = conversion;
}

JitDumps::Clock JitDumps::clock_of(const EventTable& events, const JitDumpHeader& header,
                                   uint64_t mapped) const {
  Clock clock;
  if (header.arch_timestamp) {
    if (!conversion_) {
      clock.always = mapped;
      return clock;
    }
    clock.conversion = conversion_;
  }
  const bool same = std::ranges::all_of(events.all(), [&](const EventAttr& event) {
    if (header.arch_timestamp) return !event.attr.use_clockid;
    return event.attr.use_clockid && event.attr.clockid == CLOCK_MONOTONIC;
  });
  if (same) return clock;
  if (mapped == 0) {  // was there before the recording began
    clock.always = mapped;
    return clock;
  }
  // The writer notes the time when it makes the file, and maps it at once.
  clock.shift = mapped - clock(header.time);
  return clock;
}

std::vector<std::string> JitDumps::load(const EventTable& events, const SymbolizerOptions& options,
                                        Symbolizer& symbolizer, ProcessTable& processes) const {
  std::vector<std::string> warnings;
  for (const auto& [owner, mapped] : mapped_) {
    const auto& [pid, dso] = owner;
    auto read = read_dump(mapped.path, pid, options);
    if (!read) {
      warnings.push_back("generated code may have no names: " + read.error().message);
      continue;
    }
    const auto dump = std::make_shared<const JitDump>(std::move(*read));
    if (auto problem = dump->problem(); !problem.empty()) warnings.push_back(std::move(problem));
    const Clock clock = clock_of(events, dump->header(), mapped.time);
    if (clock.always) {
      warnings.push_back(fmt::format(
          "{}: its times are not of the recording's clock (record with -k mono): where code was "
          "replaced, the newest names are shown",
          dump->path()));
    }
    for (const JitCode& code : dump->codes()) {
      const JitBytes& bytes = dump->functions()[code.function].code;
      const Mapping mapping{VirtAddr{code.address}, VirtAddr{code.address + bytes.size},
                            FileOffset{bytes.position}, DsoId{dso}};
      // The writer may call itself by another pid than the recording does.
      const uint32_t whose = code.pid == dump->header().pid ? pid : code.pid;
      processes.add_code(whose, std::max(clock(code.time), mapped.time), mapping);
    }
    symbolizer.add_jitdump(DsoId{dso}, dump);
  }
  return warnings;
}

}  // namespace prof
