// Events that the kernel numbers itself: hardware, cache and software.
#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>

#include "list/kinds.h"
#include "record/perf_event.h"

namespace prof {

namespace {

struct Named {
  std::string_view name, description;
  uint32_t type;
  uint64_t config;
};

constexpr auto kEvents = std::to_array<Named>({
    {"branch-instructions", "branches that were executed (branches)", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch-misses", "branches that were predicted wrongly", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_BRANCH_MISSES},
    {"bus-cycles", "cycles of the bus", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
    {"cache-misses", "accesses that missed the last cache", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_CACHE_MISSES},
    {"cache-references", "accesses to the last cache", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_CACHE_REFERENCES},
    {"cycles", "cycles of the CPU (cpu-cycles)", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"instructions", "instructions that were completed", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_INSTRUCTIONS},
    {"ref-cycles", "cycles of a clock that does not change with frequency", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_REF_CPU_CYCLES},
    {"stalled-cycles-backend", "cycles without work done (idle-cycles-backend)", PERF_TYPE_HARDWARE,
     PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"stalled-cycles-frontend", "cycles without work fetched (idle-cycles-frontend)",
     PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"alignment-faults", "accesses that the kernel had to mend", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_ALIGNMENT_FAULTS},
    {"bpf-output", "what BPF programs write", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT},
    {"cgroup-switches", "switches to a thread of another cgroup", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_CGROUP_SWITCHES},
    {"context-switches", "switches to another thread (cs)", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-clock", "time, by a timer of each CPU", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
    {"cpu-migrations", "moves of a thread to another CPU (migrations)", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_CPU_MIGRATIONS},
    {"dummy", "nothing: for the records besides", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY},
    {"emulation-faults", "instructions that the kernel emulated", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_EMULATION_FAULTS},
    {"major-faults", "page faults that had to read", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"minor-faults", "page faults that had not to read", PERF_TYPE_SOFTWARE,
     PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"page-faults", "page faults (faults)", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"task-clock", "time of the thread on a CPU", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
});

struct Cache {
  std::string_view name, description;
};
// By PERF_COUNT_HW_CACHE_*.
constexpr auto kCaches = std::to_array<Cache>({{"L1-dcache", "the first data cache"},
                                               {"L1-icache", "the first instruction cache"},
                                               {"LLC", "the last cache"},
                                               {"dTLB", "the data TLB"},
                                               {"iTLB", "the instruction TLB"},
                                               {"branch", "branch prediction"},
                                               {"node", "memory of a node"}});
constexpr auto kOperations = std::to_array<std::string_view>({"load", "store", "prefetch"});

/// What the kernel allows of each (tools/perf/util/evsel.c, evsel__hw_cache_stat).
bool exists(size_t cache, size_t operation) {
  constexpr std::array<unsigned, 7> kAllowed = {7, 5, 7, 7, 1, 1, 7};
  return (kAllowed[cache] >> operation & 1) != 0;
}

void list_cache_events(std::vector<ListedEvent>& out) {
  for (size_t cache = 0; cache < kCaches.size(); ++cache) {
    for (size_t operation = 0; operation < kOperations.size(); ++operation) {
      if (!exists(cache, operation)) continue;
      for (const bool miss : {false, true}) {
        perf_event_attr attr{};
        attr.type = PERF_TYPE_HW_CACHE;
        attr.config = cache | operation << 8 | uint64_t{miss} << 16;
        const std::string_view es = operation == 2 ? "es" : "s";
        out.push_back(
            {"cache",
             miss ? fmt::format("{}-{}-misses", kCaches[cache].name, kOperations[operation])
                  : fmt::format("{}-{}{}", kCaches[cache].name, kOperations[operation], es),
             fmt::format("{}{} of {}", kOperations[operation],
                         miss ? std::string(" misses") : std::string(es),
                         kCaches[cache].description),
             refusal_of(attr)});
      }
    }
  }
}

}  // namespace

std::string refusal_of(const perf_event_attr& attr) {
  perf_event_attr trial = attr;
  trial.size = sizeof trial;
  trial.sample_period = 1u << 30;
  trial.disabled = 1;
  if (PerfEvent::open(trial, 0, -1)) return {};
  if (errno == EACCES || errno == EPERM) {
    trial.exclude_kernel = trial.exclude_hv = 1;
    if (PerfEvent::open(trial, 0, -1)) return {};  // as NAME:u
  }
  trial.sample_period = 0;
  if (errno == EINVAL && PerfEvent::open(trial, 0, -1)) return "counts, but gives no samples";
  switch (errno) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
      return "not on this machine";
    case EACCES:
    case EPERM:
      return "not permitted (see prof doctor)";
    default:
      return std::strerror(errno);
  }
}

void list_generic_events(std::vector<ListedEvent>& out) {
  for (const uint32_t type : {PERF_TYPE_HARDWARE, PERF_TYPE_HW_CACHE, PERF_TYPE_SOFTWARE}) {
    if (type == PERF_TYPE_HW_CACHE) list_cache_events(out);
    for (const Named& event : kEvents) {
      if (event.type != type) continue;
      perf_event_attr attr{};
      attr.type = type;
      attr.config = event.config;
      out.push_back({type == PERF_TYPE_HARDWARE ? "hardware" : "software", std::string(event.name),
                     std::string(event.description), refusal_of(attr)});
    }
  }
}

}  // namespace prof
