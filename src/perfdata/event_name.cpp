// Names of events whose recording carries none: what `perf evlist` would call the attribute.
#include <fmt/core.h>

#include <array>
#include <string_view>

#include "perfdata/attr.h"

namespace prof {

namespace {

constexpr std::array<std::string_view, 10> kHardware = {"cycles",
                                                        "instructions",
                                                        "cache-references",
                                                        "cache-misses",
                                                        "branches",
                                                        "branch-misses",
                                                        "bus-cycles",
                                                        "stalled-cycles-frontend",
                                                        "stalled-cycles-backend",
                                                        "ref-cycles"};

constexpr std::array<std::string_view, 12> kSoftware = {
    "cpu-clock",        "task-clock",   "page-faults",  "context-switches",
    "cpu-migrations",   "minor-faults", "major-faults", "alignment-faults",
    "emulation-faults", "dummy",        "bpf-output",   "cgroup-switches"};

constexpr std::array<std::string_view, 7> kCache = {"L1-dcache", "L1-icache", "LLC", "dTLB",
                                                    "iTLB",      "branch",    "node"};
constexpr std::array<std::string_view, 3> kCacheOp = {"load", "store", "prefetch"};
constexpr std::array<std::string_view, 3> kCacheOps = {"loads", "stores", "prefetches"};
constexpr std::array<std::string_view, 2> kCacheResult = {"refs", "misses"};

template <size_t N>
std::string_view pick(const std::array<std::string_view, N>& names, uint64_t index,
                      std::string_view otherwise) {
  return index < N ? names[index] : otherwise;
}

// Since Linux 5.13 the upper half of a hardware or cache config names the PMU of a hybrid machine.
constexpr uint64_t kConfigMask = 0xffffffff;

/// config = cache | operation << 8 | result << 16; the plain count is named "L1-dcache-loads".
std::string cache_name(uint64_t config) {
  const uint64_t cache = config & 0xff;
  const uint64_t operation = config >> 8 & 0xff;
  const uint64_t result = config >> 16 & 0xff;
  if (cache >= kCache.size() || operation >= kCacheOp.size() || result >= kCacheResult.size()) {
    return "unknown-ext-hardware-cache-type";
  }
  if (result == PERF_COUNT_HW_CACHE_RESULT_ACCESS) {
    return fmt::format("{}-{}", kCache[cache], kCacheOps[operation]);
  }
  return fmt::format("{}-{}-{}", kCache[cache], kCacheOp[operation], kCacheResult[result]);
}

std::string breakpoint_name(const perf_event_attr& attr) {
  std::string name = fmt::format("mem:0x{:x}:", attr.bp_addr);
  if (attr.bp_type & 1) name += 'r';
  if (attr.bp_type & 2) name += 'w';
  if (attr.bp_type & 4) name += 'x';
  return name;
}

/// The letters after the colon: privilege levels if any is excluded, precision, and host or guest
/// where they are not what follows from the rest (a bare event excludes guests, by perf's default).
std::string modifiers(const perf_event_attr& attr) {
  std::string text;
  bool guest_excluded_by_default = false;
  if (attr.exclude_kernel || attr.exclude_user || attr.exclude_hv) {
    if (!attr.exclude_kernel) text += 'k';
    if (!attr.exclude_user) text += 'u';
    if (!attr.exclude_hv) text += 'h';
    guest_excluded_by_default = true;
  }
  if (attr.precise_ip) {
    text.append(attr.precise_ip, 'p');
    guest_excluded_by_default = true;
  }
  if (attr.exclude_host || (attr.exclude_guest != 0) == guest_excluded_by_default) {
    if (!attr.exclude_host) text += 'H';
    if (!attr.exclude_guest) text += 'G';
  }
  return text.empty() ? text : ":" + text;
}

}  // namespace

std::string event_name_from(const perf_event_attr& attr) {
  switch (attr.type) {
    case PERF_TYPE_HARDWARE:
      return std::string(pick(kHardware, attr.config & kConfigMask, "unknown-hardware")) +
             modifiers(attr);
    case PERF_TYPE_SOFTWARE:
      return std::string(pick(kSoftware, attr.config, "unknown-software")) + modifiers(attr);
    case PERF_TYPE_HW_CACHE:
      return cache_name(attr.config & kConfigMask) + modifiers(attr);
    case PERF_TYPE_RAW:
      return fmt::format("raw 0x{:x}", attr.config) + modifiers(attr);
    case PERF_TYPE_TRACEPOINT:
      return fmt::format("tracepoint:{}", attr.config);
    case PERF_TYPE_BREAKPOINT:
      return breakpoint_name(attr) + modifiers(attr);
    default:
      return fmt::format("unknown attr type: {}", attr.type);
  }
}

}  // namespace prof
