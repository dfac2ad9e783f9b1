#include "record/sampling.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "common/text_file.h"

namespace prof {

namespace {

uint64_t sysctl(const char* name, uint64_t fallback) {
  const auto text = read_first_line(std::string("/proc/sys/kernel/") + name);
  uint64_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<clockid_t> parse_clock(const std::string& text) {
  struct Clock {
    std::string_view name;
    clockid_t id;
  };
  constexpr auto kClocks = std::to_array<Clock>({
      {"monotonic", CLOCK_MONOTONIC},
      {"mono", CLOCK_MONOTONIC},
      {"monotonic_raw", CLOCK_MONOTONIC_RAW},
      {"raw", CLOCK_MONOTONIC_RAW},
      {"realtime", CLOCK_REALTIME},
      {"real", CLOCK_REALTIME},
      {"boottime", CLOCK_BOOTTIME},
      {"boot", CLOCK_BOOTTIME},
      {"tai", CLOCK_TAI},
  });
  std::string_view name = text;
  if (name.starts_with("CLOCK_")) name.remove_prefix(6);
  const auto same = [name](const Clock& clock) {
    return std::ranges::equal(
        name, clock.name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  if (const auto* found = std::ranges::find_if(kClocks, same); found != kClocks.end()) {
    return found->id;
  }
  clockid_t id{};
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool known = std::ranges::find(kClocks, id, &Clock::id) != kClocks.end();
  if (error == std::errc{} && end == name.data() + name.size() && known) return id;
  return fail(fmt::format("unknown clock '{}'", text),
              "clocks are monotonic, monotonic_raw, realtime, boottime and tai", 2);
}

Result<Sampling> Sampling::from(const RecordOptions& options, std::vector<std::string>& notes) {
  Sampling sampling;
  const uint64_t max_rate = sysctl("perf_event_max_sample_rate", 100000);
  sampling.max_frequency = max_rate;
  sampling.frequency_given = options.frequency.has_value() || options.max_frequency;
  if (options.max_frequency) {
    sampling.frequency = max_rate;
    notes.push_back(fmt::format("the kernel's highest rate is {} Hz", max_rate));
  } else if (options.frequency) {
    sampling.frequency = *options.frequency;
  }
  if (sampling.frequency > max_rate && !options.period && options.strict_frequency) {
    return fail(fmt::format("{} Hz is above kernel.perf_event_max_sample_rate, {} Hz, and "
                            "--strict-freq wants no less",
                            sampling.frequency, max_rate),
                "raise it with sysctl, or give a lower -F");
  }
  if (sampling.frequency > max_rate && !options.period) {
    notes.push_back(
        fmt::format("{} Hz is above kernel.perf_event_max_sample_rate: lowered to {} Hz",
                    sampling.frequency, max_rate));
    sampling.frequency = max_rate;
  }
  sampling.period = options.period.value_or(0);
  if (options.max_stack != 0) {
    const auto limit = std::min<uint64_t>(sysctl("perf_event_max_stack", 127), UINT16_MAX);
    if (options.max_stack > limit) {
      notes.push_back(
          fmt::format("--max-stack {} is above kernel.perf_event_max_stack: lowered to {}",
                      options.max_stack, limit));
    }
    sampling.max_stack = static_cast<uint16_t>(std::min<uint64_t>(options.max_stack, limit));
  }
  if (!options.clock.empty()) {
    const auto clock = parse_clock(options.clock);
    if (!clock) return tl::unexpected(clock.error());
    sampling.clock = *clock;
    sampling.clock_given = true;
  }
  return sampling;
}

void Sampling::apply_rate(const RecordOptions& options, const EventSpec& spec,
                          perf_event_attr& attr) const {
  // A program that takes the hits sees them all, and so no rate can be kept.
  const bool each =
      spec.counts_each && (!frequency_given || (options.samples_by_bpf() && spec.is_hit()));
  if (spec.terms.period) {
    attr.sample_period = *spec.terms.period;
  } else if (!spec.terms.frequency && (period != 0 || each)) {
    attr.sample_period = period != 0 ? period : 1;
  } else {
    attr.freq = 1;
    attr.sample_freq = std::min(spec.terms.frequency.value_or(frequency), max_frequency);
  }
}

void Sampling::apply(const RecordOptions& options, const EventSpec& spec, bool with_cpu,
                     bool several, perf_event_attr& attr) const {
  attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  apply_rate(options, spec, attr);
  // Readers take a sample's fields from one sample_type for all events: a fixed period would do
  // without the field, but a mixture would not.
  if (period == 0 || attr.freq) attr.sample_type |= PERF_SAMPLE_PERIOD;
  // A stack that is counted may have been on any.
  if (with_cpu && !options.bpf) attr.sample_type |= PERF_SAMPLE_CPU;
  if (several || spec.reads_group) attr.sample_type |= PERF_SAMPLE_IDENTIFIER;
  if (spec.reads_group) attr.sample_type |= PERF_SAMPLE_READ;
  const bool has_data = !spec.tracepoint.empty() || is_bpf_output(attr);
  if (has_data && !options.samples_by_bpf()) attr.sample_type |= PERF_SAMPLE_RAW;
  // As for perf, a number of frames of its own asks for them.
  const CallGraph asked = spec.terms.max_stack && options.call_graph == CallGraph::None
                              ? CallGraph::FramePointers
                              : options.call_graph;
  const CallGraph chains = spec.terms.call_graph.value_or(asked);
  // What a BPF program takes by itself need not be taken before it runs.
  if (chains != CallGraph::None && !options.samples_by_bpf()) {
    attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
    attr.sample_max_stack = spec.terms.max_stack.value_or(max_stack);
  }
  if (chains != CallGraph::None) {
    attr.exclude_callchain_kernel = !options.kernel_callchains;
    attr.exclude_callchain_user = !options.user_callchains;
  }
  if (chains == CallGraph::Dwarf) {
    attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    attr.sample_regs_user = general_registers();
    attr.sample_stack_user =
        static_cast<uint32_t>(spec.terms.stack_copy.value_or(options.stack_copy));
    attr.exclude_callchain_user = 1;  // readers find the user's part themselves
  }
  options.contents.apply(attr);
  if (options.no_samples) attr.sample_period = 0;
  attr.sample_id_all = 1;
  // A clock that other tools and BPF programs share, and that gives wall-clock times afterwards.
  attr.use_clockid = 1;
  attr.clockid = clock;
}

Result<size_t> ring_size(const RecordOptions& options) {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  uint64_t bytes = sysctl("perf_event_mlock_kb", 512 + page / 1024) * 1024;
  if (options.mmap_pages.empty()) {
    bytes = std::bit_floor(std::max(bytes, 2 * page) - page);  // one page is for control
    if (options.call_graph == CallGraph::Dwarf) {
      // As many samples as others have in theirs; what may not be locked is halved later.
      constexpr uint64_t kSamples = 512;
      constexpr uint64_t kMost = uint64_t{16} << 20;
      const uint64_t wanted = std::bit_ceil(kSamples * (options.stack_copy + 512));
      bytes = std::max(bytes, std::min(wanted, kMost));
    }
  } else {
    auto size = parse_size(options.mmap_pages);
    if (!size) return tl::unexpected(size.error());
    const char unit = options.mmap_pages.back();
    const bool pages = unit >= '0' && unit <= '9';
    constexpr uint64_t kMaxRing = uint64_t{4} << 30;
    if (*size == 0 || *size > kMaxRing / (pages ? page : 1)) {
      return fail(fmt::format("-m {} is no size for a ring buffer", options.mmap_pages),
                  "give a number of pages, or a size such as 1M", 2);
    }
    bytes = std::bit_ceil(std::max(pages ? *size * page : *size, page));
  }
  return static_cast<size_t>(bytes);
}

}  // namespace prof
