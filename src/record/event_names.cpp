#include "record/event_names.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace prof {

namespace {

constexpr auto kEvents = std::to_array<NamedEvent>({
    {"cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
    {"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
    {"stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"idle-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"idle-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    {"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
    {"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    {"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
    {"emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
    {"dummy", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY},
    {"bpf-output", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT},
    {"cgroup-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CGROUP_SWITCHES},
});

/// One thing by all the names that perf has for it, the one it prints first, and its number as the
/// kernel counts (perf_hw_cache_id and the two after it).
struct Aliases {
  uint64_t id;
  std::array<std::string_view, 5> names;
  unsigned operations = 0;  // of a cache: those that make sense for it, by bits

  bool has(std::string_view name) const {
    return !name.empty() && std::ranges::any_of(names, [name](std::string_view each) {
      return std::ranges::equal(name, each, [](char a, char b) { return lower(a) == lower(b); });
    });
  }
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
};

constexpr unsigned kRead = 1u << PERF_COUNT_HW_CACHE_OP_READ;
constexpr unsigned kWrite = 1u << PERF_COUNT_HW_CACHE_OP_WRITE;
constexpr unsigned kPrefetch = 1u << PERF_COUNT_HW_CACHE_OP_PREFETCH;

// tools/perf/util/evsel.c: evsel__hw_cache, evsel__hw_cache_op, evsel__hw_cache_result and
// evsel__hw_cache_stat.
constexpr auto kCaches = std::to_array<Aliases>({
    {PERF_COUNT_HW_CACHE_L1D, {"L1-dcache", "l1-d", "l1d", "L1-data"}, kRead | kWrite | kPrefetch},
    {PERF_COUNT_HW_CACHE_L1I, {"L1-icache", "l1-i", "l1i", "L1-instruction"}, kRead | kPrefetch},
    {PERF_COUNT_HW_CACHE_LL, {"LLC", "L2"}, kRead | kWrite | kPrefetch},
    {PERF_COUNT_HW_CACHE_DTLB, {"dTLB", "d-tlb", "Data-TLB"}, kRead | kWrite | kPrefetch},
    {PERF_COUNT_HW_CACHE_ITLB, {"iTLB", "i-tlb", "Instruction-TLB"}, kRead},
    {PERF_COUNT_HW_CACHE_BPU, {"branch", "branches", "bpu", "btb", "bpc"}, kRead},
    {PERF_COUNT_HW_CACHE_NODE, {"node"}, kRead | kWrite | kPrefetch},
});
constexpr auto kOperations = std::to_array<Aliases>({
    {PERF_COUNT_HW_CACHE_OP_READ, {"load", "loads", "read"}},
    {PERF_COUNT_HW_CACHE_OP_WRITE, {"store", "stores", "write"}},
    {PERF_COUNT_HW_CACHE_OP_PREFETCH,
     {"prefetch", "prefetches", "speculative-read", "speculative-load"}},
});
constexpr auto kResults = std::to_array<Aliases>({
    {PERF_COUNT_HW_CACHE_RESULT_ACCESS, {"refs", "Reference", "ops", "access"}},
    {PERF_COUNT_HW_CACHE_RESULT_MISS, {"misses", "miss"}},
});

const Aliases* find(std::span<const Aliases> all, std::string_view name) {
  const auto found = std::ranges::find_if(all, [name](const Aliases& a) { return a.has(name); });
  return found == all.end() ? nullptr : &*found;
}

/// What follows a cache's name: "", "-loads", "-load-misses", "-misses-load": each at most once.
struct CacheUse {
  const Aliases* operation = nullptr;
  const Aliases* result = nullptr;

  bool parse(std::string_view text) {
    if (text.empty()) return true;
    if (text.front() != '-') return false;
    text.remove_prefix(1);
    // Names have dashes of their own.
    for (size_t end = text.find('-');; end = text.find('-', end + 1)) {
      const CacheUse before = *this;
      if (take(text.substr(0, end)) && parse(end == text.npos ? "" : text.substr(end))) return true;
      *this = before;
      if (end == text.npos) return false;
    }
  }

 private:
  bool take(std::string_view word) {
    const Aliases* operation_named = find(kOperations, word);
    const Aliases* result_named = find(kResults, word);
    if (operation_named && !operation) return operation = operation_named, true;
    if (result_named && !result) return result = result_named, true;
    return false;
  }
};

uint64_t cache_config(const Aliases& cache, uint64_t operation, uint64_t result) {
  return cache.id | operation << 8 | result << 16;
}

/// Without an operation it is reads, without a result accesses, as perf has it.
std::optional<uint64_t> parse_cache_event(std::string_view name) {
  for (const Aliases& cache : kCaches) {
    for (size_t end = name.find('-');; end = name.find('-', end + 1)) {
      CacheUse use;
      if (cache.has(name.substr(0, end)) && use.parse(end == name.npos ? "" : name.substr(end))) {
        const uint64_t operation = use.operation ? use.operation->id : 0;
        if ((cache.operations >> operation & 1) == 0) return std::nullopt;
        return cache_config(cache, operation, use.result ? use.result->id : 0);
      }
      if (end == name.npos) break;
    }
  }
  return std::nullopt;
}

/// "r1a8": a number of the processor's own, in hexadecimal.
std::optional<uint64_t> parse_raw_event(std::string_view name) {
  if (name.size() < 2 || name.size() > 17 || name.front() != 'r') return std::nullopt;
  uint64_t config = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, config, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return config;
}

}  // namespace

std::optional<NamedEvent> find_named_event(std::string_view name) {
  const auto* known = std::ranges::find(kEvents, name, &NamedEvent::name);
  if (known != kEvents.end()) return *known;
  if (const auto config = parse_cache_event(name)) {
    return NamedEvent{name, PERF_TYPE_HW_CACHE, *config};
  }
  if (const auto config = parse_raw_event(name)) return NamedEvent{name, PERF_TYPE_RAW, *config};
  return std::nullopt;
}

std::vector<std::string> event_names() {
  std::vector<std::string> names;
  for (const NamedEvent& event : kEvents) names.emplace_back(event.name);
  for (const Aliases& cache : kCaches) {
    for (const Aliases& operation : kOperations) {
      if ((cache.operations >> operation.id & 1) == 0) continue;
      const std::string name(cache.names.front());
      names.push_back(name + "-" + std::string(operation.names[1]));
      names.push_back(name + "-" + std::string(operation.names[0]) + "-misses");
    }
  }
  return names;
}

}  // namespace prof
