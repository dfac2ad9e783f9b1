#include "record/bpf_source.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

#include "perfdata/record_walk.h"
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

/// Time away from a CPU, by what the thread waited for.
struct OffCpuEvent {
  const char* name;
  uint32_t stack_config::*index;
};
constexpr OffCpuEvent kOffCpuEvents[] = {
    {"offcpu-time", &stack_config::event},  // a sleep that a signal would end
    {"offcpu-time:D", &stack_config::event_blocked_disk},
    {"runnable-time", &stack_config::event_runnable},
};

// The loop's clock and ours do not tick as one.
constexpr auto kSlack = std::chrono::milliseconds(20);
constexpr const char* kTables[] = {"counts_0", "counts_1"};
constexpr const char* kSamplers[] = {"sampler", "hit_tracepoint", "hit_uprobe"};
// The program may still use the table, and the epoch, that were current when it began.
constexpr int kSwapsToRest = 2;
constexpr auto kRest = std::chrono::milliseconds(2);
constexpr int kMostRests = 50;
// Without intervals counts are written this often, so that little is lost should we be killed.
constexpr auto kWriteInterval = std::chrono::seconds(60);
// The loop has other things to do than to wait for a round's end.
constexpr auto kPatience = std::chrono::milliseconds(50);

bool is_clock(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_SOFTWARE &&
         (attr.config == PERF_COUNT_SW_CPU_CLOCK || attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

}  // namespace

BpfSource::BpfSource(const RecordOptions& options) : options_(options) {
  if (options.interval_seconds > 0) {
    const double ticks = std::ceil(options.interval_seconds);
    ticks_in_interval_ = static_cast<uint64_t>(ticks);
    tick_ = std::chrono::milliseconds(std::llround(options.interval_seconds * 1000 / ticks));
  }
}

BpfSource::~BpfSource() = default;

/// What all programs are told.
Result<stack_config> BpfSource::common_config(const PerfSource& perf) const {
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

Result<void> BpfSource::load_object(std::span<const unsigned char> bytes,
                                    const stack_config& config, const char* without) {
  auto object = BpfObject::load(std::as_bytes(bytes), std::as_bytes(std::span(&config, 1)),
                                objects_, without);
  if (!object) return tl::unexpected(object.error());
  objects_.push_back(std::move(*object));
  return {};
}

/// For programs that have to choose for themselves.
void BpfSource::fill_target(const Target& target, stack_config& config) const {
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
Result<int> BpfSource::load_sampler(const EventAttr& event, const EventSpec& spec,
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
  const bool probe = !spec.probe_path.empty();
  config.period = attr.sample_period;
  config.exclude_kernel = attr.exclude_kernel;
  config.exclude_user = attr.exclude_user;
  config.at_entry = spec.probes_entry;
  // The kernel takes their samples with the registers of user space
  // (kernel/trace/trace_syscalls.c).
  config.user_registers = probe || spec.tracepoint.starts_with("syscalls:");
  config.kernel_stack = config.kernel_stack && !config.user_registers;
  fill_target(target, config);
  if (auto done = load_object(kHits, config); !done) return tl::unexpected(done.error());
  const int program = objects_.back().program(probe ? "hit_uprobe" : "hit_tracepoint");
  if (auto done = attach_hits(spec, program, target); !done) return tl::unexpected(done.error());
  return -1;
}

/// Once suffices: such a program runs at every hit. A uprobe is in every process that maps the file
/// then, unless there is but one that can be meant.
Result<void> BpfSource::attach_hits(const EventSpec& spec, int program, const Target& target) {
  perf_event_attr attr{};
  attr.type = spec.attr.type;
  attr.config = spec.attr.config;
  attr.config2 = spec.attr.config2;
  attr.sample_period = 1;
  attr.disabled = 1;  // its own ring gets nothing
  const bool alone = !spec.probe_path.empty() && !options_.inherit && target.processes.size() == 1;
  auto event = alone ? PerfEvent::open(spec.opening(attr), target.threads.front(), -1)
                     : PerfEvent::open(spec.opening(attr), -1, target.cpus.front());
  if (!event || !event.attach(program)) {
    return fail_errno(fmt::format("BPF programs cannot be attached to '{}'", spec.name));
  }
  hits_.push_back(std::move(event));
  return {};
}

Result<void> BpfSource::load_off_cpu(const PerfSource& perf, stack_config config) {
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

Result<std::vector<int>> BpfSource::load(const PerfSource& perf, const Target& target) {
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
  auto ring =
      BpfRing::open(objects_.front(), "messages", [this](std::span<const std::byte> message) {
        unfinished_.take(message);
        counts_->take(message);
      });
  if (!ring) return tl::unexpected(ring.error());
  ring_ = std::make_unique<BpfRing>(std::move(*ring));
  return programs;
}

/// The file says of the events what the programs add to them.
Result<void> BpfSource::use(PerfSource& perf, const Target& target) {
  perf_ = &perf;
  const auto opened = perf.events();
  events_.assign(opened.begin(), opened.end());
  uint64_t last_id = 0;
  for (EventAttr& event : events_) {
    for (const uint64_t id : event.ids) last_id = std::max(last_id, id);
    perf_event_attr& attr = event.attr;
    if (options_.wall && is_clock(attr)) set_mark(attr, kMarkWallTime);
    if (!options_.samples_by_bpf()) continue;
    attr.sample_type |= PERF_SAMPLE_PERIOD;
    if (options_.call_graph != CallGraph::None) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
    if (options_.walks_in_kernel()) set_mark(attr, kMarkUnwound);
    if (attr.type == PERF_TYPE_TRACEPOINT) {
      // perf takes it for granted that a tracepoint's samples have its fields. What programs take
      // has none: it is an event that BPF puts out, of the tracepoint's name.
      attr.type = PERF_TYPE_SOFTWARE;
      attr.config = PERF_COUNT_SW_BPF_OUTPUT;
    }
    if (!options_.bpf) continue;
    attr.sample_type |= PERF_SAMPLE_WEIGHT;
    set_mark(attr, kMarkCounted);
    if (attr.freq && is_clock(attr)) {  // as the kernel does for clocks
      attr.freq = 0;
      attr.sample_period = 1000000000 / attr.sample_freq;
    }
  }
  if (options_.off_cpu) {
    for (const OffCpuEvent& each : kOffCpuEvents)
      events_.push_back(off_cpu_event(each.name, ++last_id));
    if (options_.wakers) events_.push_back(wakeup_event(++last_id));
  }
  if (follows_) follow(target);
  counts_ = std::make_unique<StackCounts>(
      events_, options_.max_stack != 0 ? options_.max_stack : STACK_MAX_FRAMES, &interrupts_);
  next_swap_ = Clock::now() + tick_;
  next_write_ = Clock::now() + kWriteInterval;
  if (!options_.walks_in_kernel()) return {};
  unwinder_ = std::make_unique<LiveUnwinder>(perf.events(), options_.cache);
  return unwinder_->inform(objects_.front());
}

void BpfSource::describe(std::span<const std::byte> records) {
  if (unwinder_) unwinder_->push({records.begin(), records.end()}, {});
}

/// What the walks lack may be in `records`, which are not older.
void BpfSource::finish_walks(std::vector<std::byte> records) {
  unwinder_->push(std::move(records), unfinished_.take_complete());
  // Readers sort round by round, and a round ends when no walk is left.
  const auto now = Clock::now();
  if (stopped_ || settles_) unwinder_->finish();
  if (now >= next_round_) {
    unwinder_->drain(kPatience);
    next_round_ = now + tick_;
  }
  for (const LiveChain& chain : unwinder_->take()) counts_->finish(chain);
}

void BpfSource::follow(const Target& target) {
  const bool command = target.kind == TargetKind::Command;
  const uint8_t from = command ? FOLLOW_FROM_EXEC : FOLLOW_FROM_NOW;
  const auto note = [&](pid_t tid) {
    incomplete_ |= !objects_[*follows_].update("followed", static_cast<uint32_t>(tid),
                                               std::as_bytes(std::span(&from, 1)));
  };
  std::ranges::for_each(target.threads, note);
  for (const pid_t pid : target.processes) {  // those that were born meanwhile, too
    std::ranges::for_each(threads_of(pid), note);
  }
}

/// As perf has it: an event that BPF puts out.
EventAttr BpfSource::off_cpu_event(const char* name, uint64_t id) const {
  EventAttr event;
  event.name = name;
  event.ids = {id};
  perf_event_attr& attr = event.attr;
  attr = events_.front().attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.freq = 0;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                     PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT;
  attr.sample_regs_user = 0;
  attr.sample_stack_user = 0;
  attr.exclude_callchain_user = 0;
  attr.exclude_kernel = perf_->user_only();
  attr.exclude_user = attr.exclude_hv = 0;
  attr.precise_ip = 0;
  attr.mmap = attr.mmap2 = attr.mmap_data = attr.comm = attr.comm_exec = attr.task = 0;
  attr.ksymbol = attr.bpf_event = attr.build_id = 0;
  attr.wakeup_events = 0;
  set_mark(attr, kMarkCounted | (options_.wall ? kMarkWallTime : 0) |
                     (options_.walks_in_kernel() ? kMarkUnwound : 0));
  return event;
}

/// The time that wakers ended. Samples are the wakers', so that their addresses are looked up where
/// they belong; whom they woke, with its stack, is in the raw data, which others pass over. perf
/// dumps those of bpf-output events, hence another kind.
EventAttr BpfSource::wakeup_event(uint64_t id) const {
  EventAttr event = off_cpu_event("wakeup-time", id);
  event.attr.config = PERF_COUNT_SW_DUMMY;
  event.attr.sample_type |= PERF_SAMPLE_RAW;
  event.attr.wakeup_events = 0;
  set_mark(event.attr, kMarkCounted | kMarkWoken | (options_.walks_in_kernel() ? kMarkUnwound : 0));
  return event;
}

uint64_t BpfSource::times_away() const {
  const size_t first = perf_->events().size();
  const size_t wakeups = first + std::size(kOffCpuEvents);
  return counts_->samples_from(first) - counts_->samples_from(wakeups);
}

bool BpfSource::set_control() const {
  return objects_.front().update("control", 0, std::as_bytes(std::span(&control_, 1)));
}

Result<void> BpfSource::start() {
  if (auto done = enable(); !done) return done;
  return perf_->start();
}

/// Of what no perf event switches on.
Result<void> BpfSource::enable() {
  control_.enabled = 1;
  if (!set_control()) return fail_errno("cannot switch on the BPF programs");
  return {};
}

void BpfSource::stop() {
  control_.enabled = 0;
  set_control();
  if (options_.off_cpu) incomplete_ |= !objects_.back().run_iterator("offcpu_rest");
  perf_->stop();
  stopped_ = true;
}

void BpfSource::empty_table(uint32_t table) {
  // New stacks first: what the table counts was sent before it was counted.
  ring_->consume();
  incomplete_ |= !objects_.front().take_all(
      kTables[table], [this](std::span<const std::byte> key, std::span<const std::byte> value) {
        count_key counted{};
        stack_count count{};
        std::memcpy(&counted, key.data(), std::min(key.size(), sizeof counted));
        std::memcpy(&count, value.data(), std::min(value.size(), sizeof count));
        counts_->add(counted, count);
      });
}

/// What a table counts between two swaps is of one tick, and is taken out a tick later.
void BpfSource::swap_tables(std::vector<std::byte>& out) {
  empty_table(1 - control_.active_table);
  control_.active_table = 1 - control_.active_table;
  if (!set_control()) control_.active_table = 1 - control_.active_table;
  if (ticks_in_interval_ != 0 && swaps_ % ticks_in_interval_ == 0) counts_->write(out);
  ++swaps_;
  if (++swaps_in_epoch_ == kSwapsToRest) counts_->end_previous(out);
}

/// Takes out at once what was counted until now.
void BpfSource::empty_both(std::vector<std::byte>& out) {
  empty_table(1 - control_.active_table);
  control_.active_table = 1 - control_.active_table;
  if (!set_control()) control_.active_table = 1 - control_.active_table;
  std::this_thread::sleep_for(kRest);
  empty_table(1 - control_.active_table);
  if (unwinder_) finish_walks({});
  counts_->write_all(out);
  ++swaps_;
  if (++swaps_in_epoch_ == kSwapsToRest) counts_->end_previous(out);
  next_swap_ = Clock::now() + tick_;
}

/// Runs that have begun and not told their end: of programs that were put off their CPU.
uint64_t BpfSource::in_flight() const {
  const uint64_t ended = total(&stack_stats::samples) + total(&stack_stats::lost_ring) +
                         total(&stack_stats::lost_table);
  const uint64_t begun = runs();
  return begun - std::min(begun, ended);
}

/// Everything is written, and sent again when it comes again.
void BpfSource::begin_epoch(std::vector<std::byte>& out) {
  counts_->begin_epoch(out);
  ++control_.epoch;
  set_control();
  swaps_in_epoch_ = 0;
}

/// Samples that an event left in its ring although the program is attached: of a thread that was
/// born while we were attaching. They are counted, since they are not laid out as the file says.
void BpfSource::drop_samples(std::vector<std::byte>& records, size_t begin) {
  size_t to = begin;
  for_each_record(std::span<const std::byte>(records).subspan(begin),
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    if (header.type == kRecordSample) {
                      ++dropped_;
                      return;
                    }
                    const std::byte* from = payload.data() - sizeof header;
                    std::memmove(records.data() + to, from, header.size);
                    to += header.size;
                  });
  records.resize(to);
}

size_t BpfSource::drain(std::vector<std::byte>& out) {
  const size_t before = out.size();
  ring_->consume();
  perf_->drain(out);
  if (options_.samples_by_bpf()) drop_samples(out, before);
  if (unwinder_) {
    finish_walks({out.begin() + static_cast<ptrdiff_t>(before), out.end()});
    counts_->write_samples(out);
  }
  const auto now = Clock::now();
  if (stopped_) {
    std::this_thread::sleep_for(kRest);
    for (int i = 0; !hits_.empty() && i < kMostRests && in_flight() != 0; ++i)
      std::this_thread::sleep_for(kRest);
    empty_table(1 - control_.active_table);
    if (ticks_in_interval_ != 0 && swaps_ % ticks_in_interval_ == 0) counts_->write(out);
    empty_table(control_.active_table);
    if (unwinder_) finish_walks({});
    counts_->write_all(out);
  } else if (settles_) {
    empty_both(out);
    settles_ = false;
  } else if (now + kSlack >= next_swap_) {
    swap_tables(out);
    next_swap_ += tick_;
    // After a late one not at once: a table must have rested before it is emptied.
    if (next_swap_ < now + tick_ / 2) next_swap_ = now + tick_;
  }
  if (ticks_in_interval_ == 0 && now >= next_write_) {
    counts_->write(out);
    next_write_ = now + kWriteInterval;
  }
  if (counts_->is_full() && swaps_in_epoch_ >= kSwapsToRest) begin_epoch(out);
  return out.size() - before;
}

uint64_t BpfSource::total(__u64 stack_stats::*field) const {
  const auto bytes = objects_.front().read_per_cpu("stats", sizeof(stack_stats));
  uint64_t sum = 0;
  for (size_t at = 0; at + sizeof(stack_stats) <= bytes.size(); at += sizeof(stack_stats)) {
    stack_stats stats{};
    std::memcpy(&stats, bytes.data() + at, sizeof stats);
    sum += stats.*field;
  }
  return sum;
}

BpfObject::RunStats BpfSource::measured() const {
  BpfObject::RunStats sum;
  for (const BpfObject& object : objects_) {
    for (const char* name : kSamplers) {  // zeros for what is not one
      const auto stats = object.run_stats(name);
      sum.runs += stats.runs;
      sum.nanoseconds += stats.nanoseconds;
      sum.missed += stats.missed;
    }
  }
  return sum;
}

/// Hits whose program the kernel did not run. Whose they were is not known: they may be of others.
uint64_t BpfSource::missed() const {
  return measured().missed;
}

uint64_t BpfSource::lost() const {
  return perf_->lost() + dropped_ + counts_->lost() + total(&stack_stats::lost_ring) +
         total(&stack_stats::lost_table) +
         (hits_.empty() ? 0 : missed() + (stopped_ ? in_flight() : 0));
}

}  // namespace prof
