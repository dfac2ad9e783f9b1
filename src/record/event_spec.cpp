#include "record/event_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "record/nearest_names.h"
#include "record/probe_spec.h"
#include "record/tracefs.h"

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

constexpr std::string_view kModifierLetters = "ukhGHpP";

/// What stands between two colons, or after the last; nothing behind the end.
struct Words {
  std::string_view first, second, rest;
  bool has_rest = false;

  explicit Words(std::string_view text) {
    const auto colon = text.find(':');
    first = text.substr(0, colon);
    if (colon == text.npos) return;
    text.remove_prefix(colon + 1);
    const auto next = text.find(':');
    second = text.substr(0, next);
    has_rest = next != text.npos;
    if (has_rest) rest = text.substr(next + 1);
  }
};

Result<void> apply_modifiers(std::string_view letters, EventSpec& spec) {
  Modifiers modifiers;
  const bool good = !letters.empty() && std::ranges::all_of(letters, [&](char letter) {
    return modifiers.apply(letter, spec);
  });
  if (!good) {
    return fail(fmt::format("bad modifiers in event '{}'", spec.name),
                "after the colon may stand u, k, h, G, H, P and up to three p", 2);
  }
  spec.attr.precise_ip = modifiers.precise & 3;
  return {};
}

tl::unexpected<Error> unknown_event(std::string_view text) {
  std::vector<std::string> names;
  for (const NamedEvent& event : kEvents) names.emplace_back(event.name);
  std::string hint = did_you_mean(Words(text).first, names);
  return fail(fmt::format("unknown event '{}'", text),
              hint + (hint.empty() ? "" : "\n      ") +
                  "known by name are hardware and software events (cycles, cpu-clock, "
                  "page-faults, …),\n      tracepoints (sched:sched_switch) and functions "
                  "(uprobe:/path:function)",
              2);
}

/// Others have these, and prof does not.
bool is_missing_kind(std::string_view kind) {
  constexpr auto kKinds =
      std::to_array<std::string_view>({"kprobe", "kretprobe", "fentry", "fexit", "usdt"});
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

Result<EventSpec> parse_probe_event(std::string_view text, const EventPlaces& places) {
  auto probe = parse_probe(text);
  if (!probe) return tl::unexpected(probe.error());
  const auto pmu = ProbePmu::find(places.devices);
  if (!pmu) return tl::unexpected(pmu.error());
  EventSpec spec;
  spec.name = std::string(text);
  spec.attr.type = pmu->type;
  spec.attr.config = probe->at_return ? pmu->return_bit : 0;
  spec.attr.config2 = probe->offset;
  spec.probe_path = std::move(probe->path);
  spec.probes_entry = probe->at_entry;
  spec.counts_each = true;
  return spec;
}

Result<EventSpec> parse_tracepoint(std::string_view text, const Words& words,
                                   const EventPlaces& places) {
  const auto tracefs = Tracefs::find(places.tracefs);
  if (!tracefs) return tl::unexpected(tracefs.error());
  const auto id = tracefs->id_of(std::string(words.first), std::string(words.second));
  if (!id) return tl::unexpected(id.error());
  EventSpec spec;
  spec.name = std::string(text);
  spec.attr.type = PERF_TYPE_TRACEPOINT;
  spec.attr.config = *id;
  spec.tracepoint = fmt::format("{}:{}", words.first, words.second);
  spec.counts_each = true;
  if (words.has_rest) {
    if (auto done = apply_modifiers(words.rest, spec); !done) return tl::unexpected(done.error());
  }
  return spec;
}

Result<EventSpec> parse_event(std::string_view text, const EventPlaces& places) {
  const Words words(text);
  const auto* known = std::ranges::find(kEvents, words.first, &NamedEvent::name);
  const bool has_colon = words.first.size() != text.size();
  if (known == kEvents.end()) {
    if (is_probe(text)) return parse_probe_event(text, places);
    if (has_colon && is_missing_kind(words.first)) {
      return fail(fmt::format("'{}:' is not known here", words.first),
                  "prof knows tracepoints (sched:sched_switch) and functions of programs and "
                  "libraries (uprobe:/path:function, uretprobe:/path:function)",
                  2);
    }
    // A tracepoint has a name; letters alone are the modifiers of something that does not exist.
    const bool named = words.second.find_first_not_of(kModifierLetters) != text.npos;
    if (has_colon && named && !words.first.empty()) return parse_tracepoint(text, words, places);
    return unknown_event(text);
  }
  EventSpec spec;
  spec.name = std::string(text);
  spec.attr.type = known->type;
  spec.attr.config = known->config;
  if (has_colon) {
    auto done = apply_modifiers(text.substr(words.first.size() + 1), spec);
    if (!done) return tl::unexpected(done.error());
  }
  return spec;
}

}  // namespace

Result<std::vector<EventSpec>> parse_events(std::string_view text, const EventPlaces& places) {
  std::vector<EventSpec> specs;
  for (;;) {
    const auto comma = text.find(',');
    auto spec = parse_event(text.substr(0, comma), places);
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
  // A tracepoint's name has a colon of its own.
  spec.name += spec.name.find(':', spec.tracepoint.size()) == spec.name.npos ? ":u" : "u";
}

void count_each_occurrence(EventSpec& spec) {
  const bool clock =
      spec.attr.config == PERF_COUNT_SW_CPU_CLOCK || spec.attr.config == PERF_COUNT_SW_TASK_CLOCK;
  if (spec.attr.type == PERF_TYPE_SOFTWARE && !clock) spec.counts_each = true;
}

}  // namespace prof
