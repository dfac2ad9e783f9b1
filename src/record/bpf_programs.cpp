#include "record/bpf_programs.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "record/bpf_events.h"
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

constexpr const char* kSamplers[] = {"sampler", "hit_tracepoint", "hit_uprobe"};
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

/// Gives the program of an event that is to be attached to it as often as it is opened; -1 for one
/// that is attached already.
Result<int> BpfPrograms::load_sampler(const EventAttr& event, const EventSpec& spec,
                                      stack_config config, const Target& target) {
  const perf_event_attr& attr = event.attr;
  const bool chains = options_.call_graph != CallGraph::None;
  config.max_frames = chains ? config.max_frames : 0;
  config.kernel_stack = chains && !attr.exclude_kernel && !attr.exclude_callchain_kernel;
  config.user_stack = chains && !attr.exclude_user && !attr.exclude_callchain_user;
  if (!spec.is_hit()) {
    if (auto done = load_object(kSampler, config); !done) return tl::unexpected(done.error());
    return objects_.back().program("sampler");
  }
  const bool probe = spec.is_probe();
  config.period = attr.sample_period;
  config.exclude_kernel = attr.exclude_kernel;
  config.exclude_user = attr.exclude_user;
  config.at_entry = spec.probes_entry && !spec.probes_kernel;
  // The kernel takes their samples with the registers of user space
  // (kernel/trace/trace_syscalls.c).
  config.user_registers =
      (probe && !spec.probes_kernel) || spec.tracepoint.starts_with("syscalls:");
  config.kernel_stack = config.kernel_stack && !config.user_registers;
  fill_target(target, config);
  if (auto done = load_object(kHits, config); !done) return tl::unexpected(done.error());
  const int program = objects_.back().program(probe ? "hit_uprobe" : "hit_tracepoint");
  if (auto done = attach_hits(spec, program, target); !done) return tl::unexpected(done.error());
  return -1;
}

/// Once suffices: such a program runs at every hit. A uprobe is in every process that maps the file
/// then, unless there is but one that can be meant.
Result<void> BpfPrograms::attach_hits(const EventSpec& spec, int program, const Target& target) {
  perf_event_attr attr{};
  attr.type = spec.attr.type;
  attr.config = spec.attr.config;
  attr.sample_period = 1;
  attr.disabled = 1;  // its own ring gets nothing
  const bool alone =
      spec.is_probe() && !spec.probes_kernel && !options_.inherit && target.processes.size() == 1;
  for (size_t place = 0; place < spec.places(); ++place) {
    auto event = alone ? PerfEvent::open(spec.opening(attr, place), target.threads.front(), -1)
                       : PerfEvent::open(spec.opening(attr, place), -1, target.cpus.front());
    if (!event || !event.attach(program)) {
      return fail_errno(fmt::format("BPF programs cannot be attached to '{}'", spec.name));
    }
    hits_.push_back(std::move(event));
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
  config->max_frames = options_.max_stack != 0 ? options_.max_stack : STACK_MAX_KERNEL;
  std::vector<int> programs;
  for (size_t i = 0; options_.samples_by_bpf() && i < perf.sampled_events(); ++i) {
    config->event = static_cast<uint32_t>(i);
    config->each = !options_.bpf;
    const auto program = load_sampler(perf.events()[i], perf.specs()[i], *config, target);
    if (!program) return tl::unexpected(program.error());
    programs.push_back(*program);
  }
  fill_target(target, *config);
  if ((options_.off_cpu || !hits_.empty()) && !config->everyone) {
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
