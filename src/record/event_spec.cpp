#include "record/event_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>

#include "record/breakpoint_spec.h"
#include "record/event_modifiers.h"
#include "record/event_names.h"
#include "record/nearest_names.h"
#include "record/pmu.h"
#include "record/probe_events.h"
#include "record/probe_spec.h"
#include "record/tracefs.h"

namespace prof {

namespace {

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

Result<void> give_modifiers(std::string_view letters, bool leads, EventSpec& spec) {
  spec.has_modifiers = !spec.is_named;
  return apply_modifiers(letters, leads, spec);
}

tl::unexpected<Error> unknown_event(std::string_view text) {
  if (text.empty()) {
    return fail("an event has no name", "separate several by one comma; all events: prof list", 2);
  }
  std::string hint = did_you_mean(Words(text).first, event_names());
  return fail(fmt::format("unknown event '{}'", text),
              hint + (hint.empty() ? "" : "\n      ") +
                  "known by name are hardware, software and cache events (cycles, cpu-clock, "
                  "LLC-loads, …),\n      tracepoints (sched:sched_switch) and probes "
                  "(uprobe:/path:function, usdt:/path:name); all events: prof list",
              2);
}

/// Others have these, and prof does not.
bool is_missing_kind(std::string_view kind) {
  constexpr auto kKinds = std::to_array<std::string_view>({"fentry", "fexit"});
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

EventSpec named_spec(const NamedEvent& known, std::string_view text) {
  EventSpec spec;
  spec.name = std::string(text);
  spec.attr.type = known.type;
  spec.attr.config = known.config;
  // Only what BPF programs put into it: no rate could be kept.
  spec.counts_each = is_bpf_output(spec.attr);
  return spec;
}

/// Where an event ends: at a comma, or in a group at the brace, that are not between the slashes of
/// its terms. Paths have slashes of their own.
size_t event_end(std::string_view text, bool in_group) {
  if (is_probe(text)) {
    const size_t end = probe_end(text);
    return in_group ? std::min(end, text.find('}')) : end;
  }
  const bool has_terms = !is_breakpoint(text);
  bool in_terms = false, quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_terms && c == '\'') quoted = !quoted;
    if (has_terms && !quoted && c == '/') in_terms = !in_terms;
    if (!in_terms && (c == ',' || (in_group && c == '}'))) return i;
  }
  return text.size();
}

/// One -e argument.
class EventParser {
 public:
  explicit EventParser(const EventPlaces& places) : places_(places) {}

  Result<std::vector<EventSpec>> parse(std::string_view text) {
    for (;;) {
      const bool braces = text.starts_with('{');
      const size_t end = braces ? 0 : event_end(text, false);
      auto done = braces ? parse_group(text) : parse_event(text.substr(0, end), true);
      if (!done) return tl::unexpected(done.error());
      if (!braces) text.remove_prefix(end);
      if (text.empty()) return std::move(specs_);
      text.remove_prefix(1);
    }
  }

 private:
  /// "{a,b}:S" at the beginning of `text`, of which a comma and what follows is left.
  Result<void> parse_group(std::string_view& text) {
    const std::string_view whole = text;
    const size_t first = specs_.size();
    ++groups_;
    do {
      text.remove_prefix(1);  // the brace, or a comma
      const size_t end = event_end(text, true);
      auto done = parse_event(text.substr(0, end), specs_.size() == first);
      if (!done) return done;
      text.remove_prefix(end);
    } while (text.starts_with(','));
    if (!text.starts_with('}')) {
      return fail(fmt::format("the group '{}' has no end", whole), "it is at a brace: {a,b}", 2);
    }
    text.remove_prefix(1);
    const auto letters = text.substr(0, text.find(','));
    if (!letters.empty() && letters.front() != ':') {
      return fail(fmt::format("what is '{}' behind a group?", letters),
                  "modifiers stand behind a colon: {a,b}:S", 2);
    }
    text.remove_prefix(letters.size());
    return finish_group(std::span(specs_).subspan(first), letters);
  }

  /// `letters` has the modifiers of all, with the colon; or is empty.
  Result<void> finish_group(std::span<EventSpec> events, std::string_view letters) const {
    std::string each, own;  // modifiers of each event, and those that show in its name
    bool weak = false;
    for (const char letter : letters.substr(std::min<size_t>(letters.size(), 1))) {
      if (letter == 'W') weak = true;
      if (letter != 'W') each += letter;
      if (letter != 'W' && letter != 'S' && letter != 'D' && letter != 'e') own += letter;
    }
    const bool empty = !letters.empty() && each.empty() && !weak;
    for (EventSpec& spec : events) {
      std::string its = each;
      // Its first event takes the group with it.
      if (&spec != &events.front()) std::erase_if(its, [](char c) { return c == 'D' || c == 'e'; });
      if (!its.empty() || empty) {
        if (auto done = apply_modifiers(its, &spec == &events.front(), spec); !done) return done;
      }
      if (!own.empty() && !spec.is_named) {
        const bool follows = spec.has_modifiers || spec.name.ends_with('/');
        spec.name += (follows ? "" : ":") + own;
        spec.has_modifiers = true;
      }
      spec.group = groups_;
      spec.is_weak = weak;
    }
    // Whoever asks one event of a group for its counts gets those of all.
    const bool reads = std::ranges::any_of(events, &EventSpec::reads_group);
    for (EventSpec& spec : events) spec.reads_group = reads;
    return {};
  }

  Result<void> parse_event(std::string_view text, bool leads) {
    if (is_probe(text)) return add(probe_events(text, places_));
    if (is_breakpoint(text)) return parse_breakpoint_event(text, leads);
    const Words words(text);
    const bool has_colon = words.first.size() != text.size();
    if (has_colon && is_missing_kind(words.first)) {
      return fail(fmt::format("'{}:' is not known here", words.first),
                  "prof knows tracepoints (sched:sched_switch), functions of programs and "
                  "libraries (uprobe:/path:function, uretprobe:),\n      their static probes "
                  "(usdt:/path:provider:name) and functions of the kernel (kprobe:, kretprobe:)",
                  2);
    }
    if (text.find('/') != text.npos) return parse_with_terms(text, leads);
    const auto known = find_named_event(words.first);
    if (!known && has_colon) {
      // A tracepoint has a name; letters alone are the modifiers of something that does not exist.
      if (!is_modifiers(words.second) && !words.first.empty()) {
        return parse_tracepoint(text, words, leads);
      }
    }
    const size_t first = specs_.size();
    if (known) {
      specs_.push_back(named_spec(*known, text));
    } else if (auto done = add_events_of_pmus(words.first, text); !done) {
      return done;
    }
    if (specs_.size() == first) return unknown_event(text);
    for (size_t i = first; has_colon && i < specs_.size(); ++i) {
      auto done = give_modifiers(text.substr(words.first.size() + 1), leads, specs_[i]);
      if (!done) return done;
      leads = false;
    }
    return {};
  }

  /// "mem-loads" is cpu/mem-loads/, and that of any other PMU which has such an event.
  Result<void> add_events_of_pmus(std::string_view name, std::string_view text) {
    for (const Pmu& pmu : pmus_with_event(places_.devices, name)) {
      EventSpec spec = pmu_spec(pmu, text);
      if (auto done = apply_terms(name, &pmu, spec); !done) return done;
      specs_.push_back(std::move(spec));
    }
    return {};
  }

  /// "NAME/TERMS/MODIFIERS".
  Result<void> parse_with_terms(std::string_view text, bool leads) {
    const size_t open = text.find('/');
    const size_t close = text.rfind('/');
    if (close == open) {
      return fail(fmt::format("the terms of '{}' have no end", text),
                  "they stand between two slashes: cpu/event=0x3c/", 2);
    }
    const auto name = text.substr(0, open);
    const auto terms = text.substr(open + 1, close - open - 1);
    auto letters = text.substr(close + 1);
    if (letters.starts_with(':')) letters.remove_prefix(1);
    const size_t first = specs_.size();
    std::vector<Pmu> pmus;
    const Words words(name);
    if (const auto known = find_named_event(name)) {
      specs_.push_back(named_spec(*known, text));
    } else if (words.first.size() != name.size() && !words.has_rest) {
      if (auto done = parse_tracepoint(name, words, leads); !done) return done;
    } else {
      auto found = find_pmus(places_.devices, name);
      if (!found) return tl::unexpected(found.error());
      pmus = std::move(*found);
      for (const Pmu& pmu : pmus) specs_.push_back(pmu_spec(pmu, text));
    }
    for (size_t i = first; i < specs_.size(); ++i) {
      EventSpec& spec = specs_[i];
      if (spec.tracepoint.empty()) spec.name = text;
      auto done = apply_terms(terms, pmus.empty() ? nullptr : &pmus[i - first], spec);
      if (done && !letters.empty()) done = give_modifiers(letters, leads, spec);
      if (!done) return done;
      leads = false;
    }
    return {};
  }

  static EventSpec pmu_spec(const Pmu& pmu, std::string_view text) {
    EventSpec spec;
    spec.name = std::string(text);
    spec.attr.type = pmu.type;
    spec.pmu = pmu.name;
    spec.cpus = pmu.cpus;
    spec.is_uncore = pmu.is_uncore;
    return spec;
  }

  Result<void> parse_tracepoint(std::string_view text, const Words& words, bool leads) {
    const auto tracefs = Tracefs::find(places_.tracefs);
    if (!tracefs) return tl::unexpected(tracefs.error());
    const std::string system(words.first), name(words.second);
    const bool glob = is_glob(system) || is_glob(name);
    Result<std::vector<std::string>> found;
    if (glob) {
      found = tracefs->matching(system, name);
      if (!found) return tl::unexpected(found.error());
    } else {
      found->push_back(system + ":" + name);
    }
    for (const std::string& tracepoint : *found) {
      const size_t colon = tracepoint.find(':');
      const auto id = tracefs->id_of(tracepoint.substr(0, colon), tracepoint.substr(colon + 1));
      // What is in tracefs is not always for perf.
      if (!id && glob) continue;
      if (!id) return tl::unexpected(id.error());
      EventSpec spec;
      spec.name = glob ? tracepoint : std::string(text);
      spec.attr.type = PERF_TYPE_TRACEPOINT;
      spec.attr.config = *id;
      spec.tracepoint = tracepoint;
      spec.is_of_glob = glob;
      spec.counts_each = true;
      if (words.has_rest) {
        if (glob) spec.name += fmt::format(":{}", words.rest);
        if (auto done = give_modifiers(words.rest, leads, spec); !done) return done;
      }
      specs_.push_back(std::move(spec));
      leads = false;
    }
    return {};
  }

  Result<void> parse_breakpoint_event(std::string_view text, bool leads) {
    auto breakpoint = parse_breakpoint(text);
    if (!breakpoint) return tl::unexpected(breakpoint.error());
    EventSpec spec;
    spec.name = std::string(text);
    spec.attr.type = PERF_TYPE_BREAKPOINT;
    spec.attr.bp_type = breakpoint->access;
    spec.attr.bp_addr = breakpoint->address;
    spec.attr.bp_len = breakpoint->length;
    spec.symbol = std::move(breakpoint->symbol);
    spec.counts_each = true;
    if (breakpoint->has_modifiers) {
      auto done = give_modifiers(breakpoint->modifiers, leads, spec);
      if (!done) return done;
    }
    specs_.push_back(std::move(spec));
    return {};
  }

  Result<void> add(Result<std::vector<EventSpec>> found) {
    if (!found) return tl::unexpected(found.error());
    std::ranges::move(*found, std::back_inserter(specs_));
    return {};
  }

  const EventPlaces& places_;
  std::vector<EventSpec> specs_;
  unsigned groups_ = 0;
};

}  // namespace

Result<std::vector<EventSpec>> parse_events(std::string_view text, const EventPlaces& places) {
  return EventParser(places).parse(text);
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
  if (!spec.is_named) spec.name.replace(0, spec.name.find_first_of(":/"), "cpu-clock");
  spec.attr.type = PERF_TYPE_SOFTWARE;
  spec.attr.config = PERF_COUNT_SW_CPU_CLOCK;
  spec.attr.precise_ip = 0;
  spec.precise_is_max = false;
}

void exclude_kernel(EventSpec& spec) {
  spec.attr.exclude_kernel = 1;
  spec.attr.exclude_hv = 1;
  spec.name += spec.has_modifiers || (spec.name.ends_with('/') && !spec.is_named) ? "u" : ":u";
  spec.has_modifiers = true;
}

bool is_bpf_output(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_SOFTWARE && attr.config == PERF_COUNT_SW_BPF_OUTPUT;
}

void count_each_occurrence(EventSpec& spec) {
  const bool clock =
      spec.attr.config == PERF_COUNT_SW_CPU_CLOCK || spec.attr.config == PERF_COUNT_SW_TASK_CLOCK;
  if (spec.attr.type == PERF_TYPE_SOFTWARE && !clock) spec.counts_each = true;
}

}  // namespace prof
