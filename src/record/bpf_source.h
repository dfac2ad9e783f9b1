// BpfSource: what BPF programs counted, or unwound, in the kernel, besides the records of a
// PerfSource. Opened and drained by the recorder for --bpf, --off-cpu and --call-graph bpf.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "record/bpf_object.h"
#include "record/bpf_programs.h"
#include "record/live_unwinder.h"
#include "record/perf_source.h"
#include "record/stack_counts.h"
#include "record/unfinished_walks.h"

namespace prof {

/// For --bpf a program is attached to each sampling event, and leaves nothing for the event's own
/// ring; for --off-cpu others watch the scheduler. All count in the same tables. Programs that run
/// for every task of the machine ask bpf/follow.bpf.h.
///
///                 counts in table A ────┐       a second later: B in turn
///      sample ──►                       ├──► StackCounts ──► sample records
///                 new stacks in a ring ─┘
///
/// The table that is emptied has rested for a tick, so that no run of the program is in it.
///
/// With --call-graph bpf the programs walk user stacks by unwind tables. What a walk lacks, the
/// process's mappings or a file's table, is found out by the LiveUnwinder, which is told of the
/// side-band records, finishes that walk over a copy of the stack, and tells the programs. Without
/// --bpf samples come through the ring one by one, each distinct stack once.
class BpfSource final : public EventSource {
 public:
  /// `options` outlive this.
  explicit BpfSource(const RecordOptions& options);
  ~BpfSource() override;

  /// Loads the programs. Gives the descriptors of those that take the samples of `perf`'s events,
  /// which are about to be opened.
  Result<std::vector<int>> load(const PerfSource& perf, const Target& target);
  /// Before anything else is asked: `perf` has opened its events on `target`, and outlives this.
  Result<void> use(PerfSource& perf, const Target& target);
  /// Records that describe what ran before.
  void describe(std::span<const std::byte> records);
  /// Files that will be mapped soon, and processes that were described; returns when the programs
  /// can walk through their code.
  void prepare(std::vector<std::string> files, std::vector<uint32_t> processes) {
    if (unwinder_) unwinder_->prepare(std::move(files), std::move(processes));
  }

  Result<void> start() override;
  /// The part of start() that an exec, which switches events on, does not do.
  Result<void> enable();
  void pause() override;
  void stop() override;
  std::vector<int> poll_fds() const override { return perf_->poll_fds(); }
  int wake_fd() const override { return ring_->poll_fd(); }
  /// Side-band records as they come; sample records at the end of an interval or of an epoch, and
  /// at the end.
  size_t drain(std::vector<std::byte>& out) override;
  void settle() override { settles_ = true; }
  uint64_t lost() const override;
  bool in_rounds() const override {
    return !options_.bpf && !options_.off_cpu && unwinder_->outstanding() == 0;
  }
  std::chrono::milliseconds tick() const override { return tick_; }

  /// The events as they stand in the file: what the program takes is in them, too.
  std::span<const EventAttr> events() const { return events_; }
  /// Samples of the events that the programs take.
  uint64_t samples() const { return counts_->samples_before(perf_->events().size()); }
  /// How often a thread was away from a CPU.
  uint64_t times_away() const;
  uint64_t stacks() const { return counts_->stacks(); }
  /// Sample records that were made of both.
  uint64_t records() const { return counts_->records(); }
  /// Whether a table could not be read in full: what is missing is not known.
  bool is_incomplete() const { return incomplete_; }
  /// Whether wakers can be told from threads that were interrupted.
  bool knows_interrupts() const { return !programs_.interrupts().empty(); }
  /// All runs of the programs of samples: samples(), and what was lost by it, once all is drained.
  uint64_t runs() const { return programs_.total(&stack_stats::runs); }
  /// Walks that the programs could not finish, for want of mappings or tables; nullptr unless they
  /// walk by tables.
  const LiveUnwinder* unwinder() const { return unwinder_.get(); }
  const BpfPrograms& programs() const { return programs_; }

 private:
  using Clock = std::chrono::steady_clock;

  void finish_walks(std::vector<std::byte> records);
  void empty_table(uint32_t table);
  void swap_tables(std::vector<std::byte>& out);
  void empty_both(std::vector<std::byte>& out);
  void begin_epoch(std::vector<std::byte>& out);
  void drop_samples(std::vector<std::byte>& records, size_t begin);

  const RecordOptions& options_;
  PerfSource* perf_ = nullptr;
  std::vector<EventAttr> events_;
  BpfPrograms programs_;
  std::unique_ptr<StackCounts> counts_;
  std::unique_ptr<BpfRing> ring_;
  UnfinishedWalks unfinished_;
  std::unique_ptr<LiveUnwinder> unwinder_;  // for --call-graph bpf
  stack_control control_{};
  std::chrono::milliseconds tick_{1000};
  uint64_t ticks_in_interval_ = 0;  // 0: no intervals
  Clock::time_point next_swap_;
  Clock::time_point next_round_;
  Clock::time_point next_write_;
  bool incomplete_ = false;
  uint64_t swaps_ = 0;
  int swaps_in_epoch_ = 0;
  uint64_t dropped_ = 0;
  bool stopped_ = false;
  bool settles_ = false;
};

}  // namespace prof
