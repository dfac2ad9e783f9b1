#include "record/bpf_programs.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "record/bpf_events.h"
#include "record/bpf_link.h"
#include "record/confinement.h"

namespace prof {

namespace {

#ifdef PROF_HAVE_BPF
constexpr unsigned char kSampler[] = {
#include "sampler.bpf.inc"
};
constexpr unsigned char kOffCpu[] = {
#include "offcpu.bpf.inc"
};
constexpr unsigned char kSpaces[] = {
#include "spaces.bpf.inc"
};
constexpr unsigned char kFollow[] = {
#include "follow.bpf.inc"
};
constexpr unsigned char kHits[] = {
#include "hits.bpf.inc"
};
#else
constexpr unsigned char kSampler[] = {0};
constexpr unsigned char kOffCpu[] = {0};
constexpr unsigned char kSpaces[] = {0};
constexpr unsigned char kFollow[] = {0};
constexpr unsigned char kHits[] = {0};
#endif

constexpr const char* kSamplers[] = {"sampler", "hit_tracepoint", "hit_probe"};
constexpr const char* kSwitching[] = {"offcpu_switch"};
}  // namespace

/// What all programs are told.
Result<stack_config> BpfPrograms::common_config(const PerfSource& perf) const {
  stack_config config{};
  if (::getrandom(config.seed, sizeof config.seed, 0) != sizeof config.seed) {
    return fail_errno("cannot get random numbers");
  }
  config.pid_namespace = own_pid_namespace();
  config.boottime = perf.clock() == CLOCK_BOOTTIME;
  config.recorder = static_cast<uint32_t>(::getpid());
  config.unwind = options_.walks_in_kernel();
  config.max_total = options_.max_stack != 0 ? options_.max_stack : STACK_MAX_FRAMES;
  return config;
}

Result<void> BpfPrograms::load_object(std::span<const unsigned char> bytes,
                                      const stack_config& config, const char* without) {
  auto object = BpfObject::load(std::as_bytes(bytes), std::as_bytes(std::span(&config, 1)),
                                objects_, without);
  if (!object) return tl::unexpected(object.error());
  objects_.push_back(std::move(*object));
  return {};
}

/// For programs that have to choose for themselves.
void BpfPrograms::fill_target(const Target& target, stack_config& config) const {
  config.everyone = target.kind == TargetKind::Cpus;
  config.inherit = options_.inherit;
  if (options_.cpus.empty()) {
    std::ranges::fill(config.cpus, UINT64_MAX);
  } else {
    for (const int cpu : target.cpus) config.cpus[cpu >> 6 & 15] |= uint64_t{1} << (cpu & 63);
  }
}

/// Gives the program of an event, to be attached to it as often as it is opened.
Result<int> BpfPrograms::load_sampler(const EventAttr& event, stack_config config) {
  const perf_event_attr& attr = event.attr;
  config.kernel_stack = config.kernel_stack && !attr.exclude_kernel;
  config.user_stack = config.user_stack && !attr.exclude_user;
  if (auto done = load_object(kSampler, config); !done) return tl::unexpected(done.error());
  return objects_.back().program("sampler");
}

/// One program has the hits of all events, with what it has to know of each in a map.
Result<void> BpfPrograms::load_hits(const EventAttr& event, const EventSpec& spec,
                                    stack_config config, const Target& target) {
  const uint32_t number = config.event;
  if (number >= HIT_MAX_EVENTS) {
    return fail(fmt::format("BPF programs take the hits of {} events at most", HIT_MAX_EVENTS),
                "choose fewer events");
  }
  if (!hits_) {
    fill_target(target, config);
    if (auto done = load_object(kHits, config); !done) return done;
    hits_ = objects_.size() - 1;
  }
  const bool in_user = spec.is_probe() && !spec.probes_kernel;
  hit_event own{};
  own.period = event.attr.sample_period;
  own.exclude_kernel = event.attr.exclude_kernel;
  own.exclude_user = event.attr.exclude_user;
  own.at_entry = spec.probes_entry && in_user;
  // The kernel takes their samples with the registers of user space
  // (kernel/trace/trace_syscalls.c).
  own.user_registers = in_user || spec.tracepoint.starts_with("syscalls:");
  own.weight_offset = spec.weight.offset;
  own.weight_size = spec.weight.size;
  own.weight_signed = spec.weight.is_signed;
  if (!objects_[*hits_].update("hit_events", number, std::as_bytes(std::span(&own, 1)))) {
    return fail_errno(fmt::format("BPF programs cannot be told of '{}'", spec.name));
  }
  const size_t before = attached_.size();
  auto done = attach_hits(spec, number, target);
  // What a pattern happens to match may be nothing that can be probed.
  if (done || !spec.is_of_glob || errno == EMFILE) return done;
  attached_.resize(before);
  left_out_.push_back(spec.name);
  return {};
}

/// Once suffices: such a program runs at every hit. A uprobe is in every process that maps the file
/// then, unless there is but one that can be meant.
Result<void> BpfPrograms::attach_hits(const EventSpec& spec, uint32_t number,
                                      const Target& target) {
  perf_event_attr attr{};
  attr.type = spec.attr.type;
  attr.config = spec.attr.config;
  attr.sample_period = 1;
  attr.disabled = 1;  // its own ring gets nothing
  const int program = objects_[*hits_].program(spec.is_probe() ? "hit_probe" : "hit_tracepoint");
  const bool alone =
      spec.is_probe() && !spec.probes_kernel && !options_.inherit && target.processes.size() == 1;
  for (size_t place = 0; place < spec.places(); ++place) {
    auto event = alone ? PerfEvent::open(spec.opening(attr, place), target.threads.front(), -1)
                       : PerfEvent::open(spec.opening(attr, place), -1, target.cpus.front());
    auto link = event ? link_to_event(program, event.fd(), number) : UniqueFd();
    if (!link) {
      const int error = errno;
      auto failure = fail_errno(fmt::format("BPF programs cannot be attached to '{}'", spec.name));
      errno = error;
      return failure;
    }
    attached_.push_back({std::move(event), std::move(link)});
  }
  return {};
}

Result<void> BpfPrograms::load_off_cpu(const PerfSource& perf, stack_config config) {
  config.kernel_stack = !perf.user_only();
  config.user_stack = true;
  config.min_block = options_.min_block_ns;
  config.max_block = options_.max_block_ns;
  auto index = static_cast<uint32_t>(perf.events().size());
  for (const OffCpuEvent& event : kOffCpuEvents) config.*event.index = index++;
  config.wakers = options_.wakers;
  config.event_wakeup = index;
  if (options_.wakers) interrupts_ = InterruptFunctions::of_running_kernel();
  const char* without = options_.wakers ? nullptr : "offcpu_waking";
  if (auto done = load_object(kOffCpu, config, without); !done) return done;
  return objects_.back().attach_tracepoints();
}

Result<std::vector<int>> BpfPrograms::load(const PerfSource& perf, const Target& target) {
  if (options_.call_graph == CallGraph::Bpf && !kWalksInKernel) {
    return fail("user stacks are unwound in the kernel on x86-64 only");
  }
  auto config = common_config(perf);
  if (!config) return tl::unexpected(config.error());
  const bool chains = options_.call_graph != CallGraph::None;
  config->max_frames = options_.max_stack != 0 ? options_.max_stack : STACK_MAX_KERNEL;
  stack_config sampled = *config;
  sampled.max_frames = chains ? config->max_frames : 0;
  sampled.kernel_stack = chains && options_.kernel_callchains;
  sampled.user_stack = chains && options_.user_callchains;
  sampled.each = !options_.bpf;
  std::vector<int> programs;
  for (size_t i = 0; options_.samples_by_bpf() && i < perf.sampled_events(); ++i) {
    sampled.event = static_cast<uint32_t>(i);
    if (perf.specs()[i].is_hit()) {
      auto done = load_hits(perf.events()[i], perf.specs()[i], sampled, target);
      if (!done) return tl::unexpected(done.error());
      programs.push_back(-1);
      continue;
    }
    const auto program = load_sampler(perf.events()[i], sampled);
    if (!program) return tl::unexpected(program.error());
    programs.push_back(*program);
  }
  if (!left_out_.empty() && attached_.empty()) {
    return fail(fmt::format("BPF programs cannot be attached to '{}', nor to others of its pattern",
                            left_out_.front()));
  }
  fill_target(target, *config);
  if ((options_.off_cpu || has_hits()) && !config->everyone) {
    if (auto done = load_object(kFollow, *config); !done) return tl::unexpected(done.error());
    follows_ = objects_.size() - 1;
    if (auto done = objects_.back().attach_tracepoints(); !done)
      return tl::unexpected(done.error());
  }
  if (options_.walks_in_kernel()) {
    if (auto done = load_object(kSpaces, *config); !done) return tl::unexpected(done.error());
    if (auto done = objects_.back().attach_tracepoints(); !done)
      return tl::unexpected(done.error());
  }
  if (options_.off_cpu) {  // last: see stop()
    if (auto done = load_off_cpu(perf, *config); !done) return tl::unexpected(done.error());
  }
  if (options_.verbose) objects_.front().enable_stats();
  return programs;
}

bool BpfPrograms::follow(const Target& target) {
  if (!follows_) return true;
  const bool command = target.kind == TargetKind::Command;
  const uint8_t from = command ? FOLLOW_FROM_EXEC : FOLLOW_FROM_NOW;
  bool whole = true;
  const auto note = [&](pid_t tid) {
    whole &= objects_[*follows_].update("followed", static_cast<uint32_t>(tid),
                                        std::as_bytes(std::span(&from, 1)));
  };
  std::ranges::for_each(target.threads, note);
  for (const pid_t pid : target.processes) {  // those that were born meanwhile, too
    std::ranges::for_each(threads_of(pid), note);
  }
  return whole;
}

bool BpfPrograms::set_control(const stack_control& control) {
  return maps().update("control", 0, std::as_bytes(std::span(&control, 1)));
}

uint64_t BpfPrograms::in_flight() const {
  const uint64_t ended = total(&stack_stats::samples) + total(&stack_stats::lost_ring) +
                         total(&stack_stats::lost_table);
  const uint64_t begun = total(&stack_stats::runs);
  return begun - std::min(begun, ended);
}

uint64_t BpfPrograms::total(__u64 stack_stats::*field) const {
  const auto bytes = objects_.front().read_per_cpu("stats", sizeof(stack_stats));
  uint64_t sum = 0;
  for (size_t at = 0; at + sizeof(stack_stats) <= bytes.size(); at += sizeof(stack_stats)) {
    stack_stats stats{};
    std::memcpy(&stats, bytes.data() + at, sizeof stats);
    sum += stats.*field;
  }
  return sum;
}

BpfObject::RunStats BpfPrograms::stats_of(std::span<const char* const> names) const {
  BpfObject::RunStats sum;
  for (const BpfObject& object : objects_) {
    for (const char* name : names) {  // zeros for what is not one
      const auto stats = object.run_stats(name);
      sum.runs += stats.runs;
      sum.nanoseconds += stats.nanoseconds;
      sum.missed += stats.missed;
    }
  }
  return sum;
}

BpfObject::RunStats BpfPrograms::sampling() const {
  return stats_of(kSamplers);
}

BpfObject::RunStats BpfPrograms::switching() const {
  return stats_of(kSwitching);
}

}  // namespace prof
