#include "record/recording_features.h"

#include <algorithm>
#include <ctime>

#include "record/host_info.h"
#include "record/tracefs.h"

namespace prof {

Result<Features> recording_features(const RecordOptions& options, const PerfSource& source,
                                    std::span<const EventAttr> events,
                                    const std::vector<std::string>& tracepoints) {
  Features host;
  describe_host(host);
  host.cmdline = options.command_line;
  host.has_branch_stack = options.contents.branches != 0;
  host.event_desc.assign(events.begin(), events.end());
  if (source.has_clock()) {
    const clockid_t clock = events.front().attr.clockid;
    timespec resolution{};
    ::clock_getres(clock, &resolution);
    host.clock_resolution_ns = static_cast<uint64_t>(resolution.tv_nsec);
    host.clock_data = read_clocks(clock);
  }
  if (options.compression_level != 0) {
    // Readers take mmap_length for the most that one compressed record can hold.
    constexpr uint32_t kLeast = 128 << 10;
    CompressionInfo info;
    info.level = static_cast<uint32_t>(options.compression_level);
    info.mmap_length = std::max(kLeast, static_cast<uint32_t>(source.ring_size()));
    host.compression = info;
  }
  if (!tracepoints.empty()) {
    auto description = Tracefs::find().and_then(
        [&](const Tracefs& tracefs) { return tracefs.describe(tracepoints); });
    if (!description) return tl::unexpected(description.error());
    host.tracing_data = std::move(*description);
  }
  return host;
}

}  // namespace prof
