#include "record/bpf_source.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

#include "perfdata/record_walk.h"

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
#else
constexpr unsigned char kSampler[] = {0};
constexpr unsigned char kOffCpu[] = {0};
constexpr unsigned char kSpaces[] = {0};
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
// The program may still use the table, and the epoch, that were current when it began.
constexpr int kSwapsToRest = 2;
constexpr auto kRest = std::chrono::milliseconds(2);
// Without intervals counts are written this often, so that little is lost should we be killed.
constexpr auto kWriteInterval = std::chrono::seconds(60);

/// The PID namespace that /proc and our events' records number processes in; 0 for the first.
uint32_t own_pid_namespace() {
  constexpr ino_t kFirst = 0xeffffffc;  // PROC_PID_INIT_INO
  struct stat status {};
  if (::stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kFirst) return 0;
  return static_cast<uint32_t>(status.st_ino);
}

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
  config.unwind = options_.call_graph == CallGraph::Bpf;
  config.max_total = options_.max_stack != 0 ? options_.max_stack : STACK_MAX_FRAMES;
  return config;
}

Result<void> BpfSource::load_object(std::span<const unsigned char> bytes,
                                    const stack_config& config) {
  auto object = BpfObject::load(std::as_bytes(bytes), std::as_bytes(std::span(&config, 1)),
                                objects_.empty() ? nullptr : &objects_.front());
  if (!object) return tl::unexpected(object.error());
  objects_.push_back(std::move(*object));
  return {};
}

Result<std::vector<int>> BpfSource::load(const PerfSource& perf, const Target& target) {
  auto common = common_config(perf);
  if (!common) return tl::unexpected(common.error());
  const uint32_t limit = options_.max_stack != 0 ? options_.max_stack : STACK_MAX_KERNEL;
  std::vector<int> programs;
  for (size_t i = 0; options_.samples_by_bpf() && i < perf.sampled_events(); ++i) {
    const perf_event_attr& attr = perf.events()[i].attr;
    const bool chains = options_.call_graph != CallGraph::None;
    stack_config config = *common;
    config.event = static_cast<uint32_t>(i);
    config.each = !options_.bpf;
    config.max_frames = chains ? limit : 0;
    config.kernel_stack = chains && !attr.exclude_kernel && !attr.exclude_callchain_kernel;
    config.user_stack = chains && !attr.exclude_user && !attr.exclude_callchain_user;
    if (auto done = load_object(kSampler, config); !done) return tl::unexpected(done.error());
    programs.push_back(objects_.back().program("sampler"));
  }
  if (options_.call_graph == CallGraph::Bpf) {
    if (auto done = load_object(kSpaces, *common); !done) return tl::unexpected(done.error());
    if (auto done = objects_.back().attach_tracepoints(); !done)
      return tl::unexpected(done.error());
  }
  if (options_.off_cpu) {
    stack_config config = *common;
    config.max_frames = limit;
    config.kernel_stack = !perf.user_only();
    config.user_stack = true;
    config.everyone = target.kind == TargetKind::Cpus;
    config.inherit = options_.inherit;
    config.min_block = options_.min_block_ns;
    config.max_block = options_.max_block_ns;
    if (options_.cpus.empty()) {
      std::ranges::fill(config.cpus, UINT64_MAX);
    } else {
      for (const int cpu : target.cpus) config.cpus[cpu >> 6 & 15] |= uint64_t{1} << (cpu & 63);
    }
    auto index = static_cast<uint32_t>(perf.events().size());
    for (const OffCpuEvent& event : kOffCpuEvents) config.*event.index = index++;
    if (auto done = load_object(kOffCpu, config); !done) return tl::unexpected(done.error());
    if (auto done = objects_.back().attach_tracepoints(); !done)
      return tl::unexpected(done.error());
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
    if (options_.call_graph == CallGraph::Bpf) set_mark(attr, kMarkUnwound);
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
    for (const pid_t tid : target.threads) follow(tid);
    for (const pid_t pid : target.processes) {  // those that were born meanwhile, too
      for (const pid_t tid : threads_of(pid)) follow(tid);
    }
  }
  counts_ = std::make_unique<StackCounts>(
      events_, options_.max_stack != 0 ? options_.max_stack : STACK_MAX_FRAMES);
  next_swap_ = Clock::now() + tick_;
  next_write_ = Clock::now() + kWriteInterval;
  if (options_.call_graph != CallGraph::Bpf) return {};
  unwinder_ = std::make_unique<LiveUnwinder>(perf.events(), options_.cache);
  return unwinder_->inform(objects_.front());
}

void BpfSource::describe(std::span<const std::byte> records) {
  if (unwinder_) unwinder_->push({records.begin(), records.end()}, {});
}

/// What the walks lack may be in `records`, which are not older.
void BpfSource::finish_walks(std::vector<std::byte> records) {
  unwinder_->push(std::move(records), unfinished_.take_complete());
  if (stopped_) unwinder_->drain();
  for (const LiveChain& chain : unwinder_->take()) counts_->finish(chain);
}

void BpfSource::follow(pid_t tid) {
  const uint8_t one = 1;
  incomplete_ |= !objects_.back().update("followed", static_cast<uint32_t>(tid),
                                         std::as_bytes(std::span(&one, 1)));
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
                     (options_.call_graph == CallGraph::Bpf ? kMarkUnwound : 0));
  return event;
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
    empty_table(1 - control_.active_table);
    if (ticks_in_interval_ != 0 && swaps_ % ticks_in_interval_ == 0) counts_->write(out);
    empty_table(control_.active_table);
    if (unwinder_) finish_walks({});
    counts_->write_all(out);
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
    const auto stats = object.run_stats("sampler");  // zeros for what is not one
    sum.runs += stats.runs;
    sum.nanoseconds += stats.nanoseconds;
  }
  return sum;
}

uint64_t BpfSource::lost() const {
  return perf_->lost() + dropped_ + counts_->lost() + total(&stack_stats::lost_ring) +
         total(&stack_stats::lost_table);
}

}  // namespace prof
