#include "report/script_start.h"

#include <fmt/format.h>

#include <ctime>
#include <string>

#include "report/script_text.h"

namespace prof {

namespace {

constexpr size_t kCommWidth = 16;

}  // namespace

std::string wall_clock_text(const ClockData& clocks, uint64_t time, bool nanoseconds) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  const uint64_t wall = clocks.wall_ns + (time - clocks.clock_ns);  // wraps for what was before
  const auto seconds = static_cast<time_t>(wall / kNsPerSecond);
  const uint64_t fraction = wall % kNsPerSecond;
  tm local{};
  if (!::localtime_r(&seconds, &local)) return "failed";
  return nanoseconds ? fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}.{:09}", local.tm_year + 1900,
                                   local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
                                   local.tm_sec, fraction)
                     : fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", local.tm_year + 1900,
                                   local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
                                   local.tm_sec, fraction / 1000);
}

std::string_view misc_letter(uint16_t misc) {
  switch (static_cast<CpuMode>(misc & kMiscCpumodeMask)) {
    case CpuMode::Kernel:
      return "K";
    case CpuMode::User:
      return "U";
    case CpuMode::Hypervisor:
      return "H";
    case CpuMode::GuestKernel:
      return "G";
    case CpuMode::GuestUser:
      return "g";
    default:
      return {};
  }
}

void write_sample_start(Output& out, const StartStyle& style, const SampleStart& sample) {
  constexpr size_t kMiscWidth = 6;
  const SampleId& id = sample.id;
  const auto has = [&style](ScriptFieldSet field) { return (style.fields & field) != 0; };
  if (has(kFieldComm)) {
    write_padded(out, sample.comm, style.chains ? 0 : kCommWidth);
    out.write(" ");
  }
  if (has(kFieldPid)) {
    write_decimal(out, static_cast<int32_t>(id.pid), 5);
    out.write(has(kFieldTid) ? "/" : " ");
  }
  if (has(kFieldTid)) {
    const auto tid = static_cast<int32_t>(id.tid);
    if (has(kFieldPid)) {
      write_decimal_left(out, tid, 5);
    } else {
      write_decimal(out, tid, 5);
    }
    out.write(" ");
  }
  if (has(kFieldCpu)) {
    out.write("[");
    write_decimal(out, id.cpu, 3, '0');
    out.write("] ");
  }
  if (has(kFieldMisc)) {
    out.write(sample.misc);
    write_padded(out, " ", kMiscWidth - std::min(sample.misc.size(), kMiscWidth - 1));
  }
  if (has(kFieldTod) && style.clocks) {
    out.write(wall_clock_text(*style.clocks, id.time, style.nanoseconds));
    out.write(" ");
  }
  if (has(kFieldTime)) {
    write_time(out, sample.shown_time, style.nanoseconds);
    out.write(": ");
  }
}

}  // namespace prof
