#include "record/event_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace prof {

namespace {

struct NamedEvent {
  std::string_view name;
  uint32_t type;
  uint64_t config;
};

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

/// Which rings and machines a list of modifiers leaves in; perf's rules (util/parse-events.c).
struct Modifiers {
  bool privilege_given = false;  // one of u, k, h
  bool machine_given = false;    // one of G, H
  unsigned precise = 0;

  bool apply(char letter, EventSpec& spec) {
    switch (letter) {
      case 'u':
      case 'k':
      case 'h':
        apply_privilege(letter, spec.attr);
        return true;
      case 'G':
      case 'H':
        if (!machine_given) spec.attr.exclude_guest = spec.attr.exclude_host = 1;
        machine_given = true;
        (letter == 'G' ? clear_guest : clear_host)(spec.attr);
        return true;
      case 'p':
        if (!machine_given) spec.attr.exclude_guest = 1;  // precise counting is for hosts only
        return ++precise <= 3;
      case 'P':
        spec.precise_is_max = true;
        return true;
      default:
        return false;
    }
  }

 private:
  void apply_privilege(char letter, perf_event_attr& attr) {
    if (!privilege_given) attr.exclude_user = attr.exclude_kernel = attr.exclude_hv = 1;
    privilege_given = true;
    if (letter == 'u') {
      attr.exclude_user = 0;
      if (!machine_given) attr.exclude_guest = 1;
    }
    if (letter == 'k') attr.exclude_kernel = 0;
    if (letter == 'h') attr.exclude_hv = 0;
  }
  static void clear_guest(perf_event_attr& attr) { attr.exclude_guest = 0; }
  static void clear_host(perf_event_attr& attr) { attr.exclude_host = 0; }
};

Result<EventSpec> parse_event(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto* known = std::ranges::find(kEvents, name, &NamedEvent::name);
  if (known == kEvents.end()) {
    return fail(fmt::format("unknown event '{}'", text),
                "hardware and software events are known by name: cycles, instructions, "
                "cache-misses, cpu-clock, page-faults, context-switches and the like",
                2);
  }
  EventSpec spec;
  spec.name = std::string(text);
  spec.attr.type = known->type;
  spec.attr.config = known->config;
  if (colon == text.npos) return spec;

  Modifiers modifiers;
  const auto letters = text.substr(colon + 1);
  const bool good = !letters.empty() && std::ranges::all_of(letters, [&](char letter) {
    return modifiers.apply(letter, spec);
  });
  if (!good) {
    return fail(fmt::format("bad modifiers in event '{}'", text),
                "after the colon may stand u, k, h, G, H, P and up to three p", 2);
  }
  spec.attr.precise_ip = modifiers.precise & 3;
  return spec;
}

}  // namespace

Result<std::vector<EventSpec>> parse_events(std::string_view text) {
  std::vector<EventSpec> specs;
  for (;;) {
    const auto comma = text.find(',');
    auto spec = parse_event(text.substr(0, comma));
    if (!spec) return tl::unexpected(spec.error());
    specs.push_back(std::move(*spec));
    if (comma == text.npos) return specs;
    text.remove_prefix(comma + 1);
  }
}

EventSpec default_event() {
  EventSpec spec;
  spec.name = "cycles";
  spec.attr.type = PERF_TYPE_HARDWARE;
  spec.attr.config = PERF_COUNT_HW_CPU_CYCLES;
  spec.is_default = true;
  spec.precise_is_max = true;
  return spec;
}

void become_cpu_clock(EventSpec& spec) {
  spec.name.replace(0, spec.name.find(':'), "cpu-clock");
  spec.attr.type = PERF_TYPE_SOFTWARE;
  spec.attr.config = PERF_COUNT_SW_CPU_CLOCK;
  spec.attr.precise_ip = 0;
  spec.precise_is_max = false;
}

void exclude_kernel(EventSpec& spec) {
  spec.attr.exclude_kernel = 1;
  spec.attr.exclude_hv = 1;
  spec.name += spec.name.find(':') == spec.name.npos ? ":u" : "u";
}

}  // namespace prof
