#include "record/bpf_source.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

#include "perfdata/record_walk.h"
#include "record/bpf_events.h"

namespace prof {

namespace {

// The loop's clock and ours do not tick as one.
constexpr auto kSlack = std::chrono::milliseconds(20);
constexpr const char* kTables[] = {"counts_0", "counts_1"};
// The program may still use the table, and the epoch, that were current when it began.
constexpr int kSwapsToRest = 2;
constexpr auto kRest = std::chrono::milliseconds(2);
constexpr int kMostRests = 50;
// Without intervals counts are written this often, so that little is lost should we be killed.
constexpr auto kWriteInterval = std::chrono::seconds(60);
// The loop has other things to do than to wait for a round's end.
constexpr auto kPatience = std::chrono::milliseconds(50);

}  // namespace

BpfSource::BpfSource(const RecordOptions& options) : options_(options), programs_(options) {
  if (options.interval_seconds > 0) {
    const double ticks = std::ceil(options.interval_seconds);
    ticks_in_interval_ = static_cast<uint64_t>(ticks);
    tick_ = std::chrono::milliseconds(std::llround(options.interval_seconds * 1000 / ticks));
  }
}

BpfSource::~BpfSource() = default;

Result<std::vector<int>> BpfSource::load(const PerfSource& perf, const Target& target) {
  auto programs = programs_.load(perf, target);
  if (!programs) return programs;
  auto ring =
      BpfRing::open(programs_.maps(), "messages", [this](std::span<const std::byte> message) {
        unfinished_.take(message);
        counts_->take(message);
      });
  if (!ring) return tl::unexpected(ring.error());
  ring_ = std::make_unique<BpfRing>(std::move(*ring));
  return programs;
}

Result<void> BpfSource::use(PerfSource& perf, const Target& target) {
  perf_ = &perf;
  events_ = events_with_programs(perf.events(), options_, perf.user_only());
  incomplete_ |= !programs_.follow(target);
  counts_ = std::make_unique<StackCounts>(
      events_, options_.max_stack != 0 ? options_.max_stack : STACK_MAX_FRAMES,
      &programs_.interrupts());
  next_swap_ = Clock::now() + tick_;
  next_write_ = Clock::now() + kWriteInterval;
  if (!options_.walks_in_kernel()) return {};
  unwinder_ = std::make_unique<LiveUnwinder>(perf.events(), options_.cache);
  return unwinder_->inform(programs_.maps());
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

uint64_t BpfSource::times_away() const {
  const size_t first = perf_->events().size();
  const size_t wakeups = first + std::size(kOffCpuEvents);
  return counts_->samples_from(first) - counts_->samples_from(wakeups);
}

Result<void> BpfSource::start() {
  if (auto done = enable(); !done) return done;
  return perf_->start();
}

/// Of what no perf event switches on.
Result<void> BpfSource::enable() {
  control_.enabled = 1;
  if (!programs_.set_control(control_)) return fail_errno("cannot switch on the BPF programs");
  return {};
}

/// Who is away from a CPU comes back now: a time away is of one span.
void BpfSource::pause() {
  control_.enabled = 0;
  programs_.set_control(control_);
  incomplete_ |= !programs_.end_times_away();
  perf_->pause();
}

void BpfSource::stop() {
  control_.enabled = 0;
  programs_.set_control(control_);
  incomplete_ |= !programs_.end_times_away();
  perf_->stop();
  stopped_ = true;
}

void BpfSource::empty_table(uint32_t table) {
  // New stacks first: what the table counts was sent before it was counted.
  ring_->consume();
  incomplete_ |= !programs_.maps().take_all(
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
  if (!programs_.set_control(control_)) control_.active_table = 1 - control_.active_table;
  if (ticks_in_interval_ != 0 && swaps_ % ticks_in_interval_ == 0) counts_->write(out);
  ++swaps_;
  if (++swaps_in_epoch_ == kSwapsToRest) counts_->end_previous(out);
}

/// Takes out at once what was counted until now.
void BpfSource::empty_both(std::vector<std::byte>& out) {
  empty_table(1 - control_.active_table);
  control_.active_table = 1 - control_.active_table;
  if (!programs_.set_control(control_)) control_.active_table = 1 - control_.active_table;
  std::this_thread::sleep_for(kRest);
  empty_table(1 - control_.active_table);
  if (unwinder_) finish_walks({});
  counts_->write_all(out);
  ++swaps_;
  if (++swaps_in_epoch_ == kSwapsToRest) counts_->end_previous(out);
  next_swap_ = Clock::now() + tick_;
}

/// Everything is written, and sent again when it comes again.
void BpfSource::begin_epoch(std::vector<std::byte>& out) {
  counts_->begin_epoch(out);
  ++control_.epoch;
  programs_.set_control(control_);
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
    for (int i = 0; programs_.has_hits() && i < kMostRests && programs_.in_flight() != 0; ++i)
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

uint64_t BpfSource::lost() const {
  const uint64_t told = perf_->lost() + dropped_ + counts_->lost() +
                        programs_.total(&stack_stats::lost_ring) +
                        programs_.total(&stack_stats::lost_table);
  if (!programs_.has_hits()) return told;
  // Hits whose program the kernel did not run: whose they were is not known, they may be of others.
  return told + programs_.sampling().missed + (stopped_ ? programs_.in_flight() : 0);
}

}  // namespace prof
