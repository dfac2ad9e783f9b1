// BpfPrograms: the BPF programs of a recording: which there are, what each is told, and what it
// runs for. Used by BpfSource, which reads what they count.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bpf/stack_message.h"
#include "common/result.h"
#include "perfdata/attr.h"
#include "record/bpf_object.h"
#include "record/interrupt_functions.h"
#include "record/perf_source.h"

namespace prof {

class BpfPrograms {
 public:
  /// `options` outlive this.
  explicit BpfPrograms(const RecordOptions& options) : options_(options) {}

  /// Gives the descriptors of those that take the samples of `perf`'s events, to be attached where
  /// these are opened; -1 for one that is attached already.
  Result<std::vector<int>> load(const PerfSource& perf, const Target& target);
  /// Tells the programs that run for every task which are meant. False if it could not of all.
  bool follow(const Target& target);
  bool set_control(const stack_control& control);
  /// Threads that are still away come back now. False if that cannot be told of all.
  bool end_times_away() { return !options_.off_cpu || objects_.back().run_iterator("offcpu_rest"); }

  /// Whose maps are those of all.
  BpfObject& maps() { return objects_.front(); }
  const BpfObject& maps() const { return objects_.front(); }
  const InterruptFunctions& interrupts() const { return interrupts_; }
  /// Whether events are among them that run a program at every hit.
  bool has_hits() const { return hits_.has_value(); }

  /// Events of patterns that no program could be attached to.
  std::span<const std::string> left_out() const { return left_out_; }
  /// A number that the programs count, of all CPUs.
  uint64_t total(__u64 stack_stats::*field) const;
  /// Runs that have begun and not told their end: of programs that were put off their CPU.
  uint64_t in_flight() const;
  /// Runs of those that take samples, and of those that watch the scheduler, as the kernel counts
  /// and measures them; times are zero unless options are verbose.
  BpfObject::RunStats sampling() const;
  BpfObject::RunStats switching() const;

 private:
  Result<stack_config> common_config(const PerfSource& perf) const;
  Result<void> load_object(std::span<const unsigned char> bytes, const stack_config& config,
                           const char* without = nullptr);
  Result<int> load_sampler(const EventAttr& event, stack_config config);
  Result<void> load_hits(const EventAttr& event, const EventSpec& spec, stack_config config,
                         const Target& target);
  Result<void> attach_hits(const EventSpec& spec, uint32_t number, const Target& target);
  Result<void> load_off_cpu(const PerfSource& perf, stack_config config);
  void fill_target(const Target& target, stack_config& config) const;
  BpfObject::RunStats stats_of(std::span<const char* const> names) const;

  const RecordOptions& options_;
  std::vector<BpfObject> objects_;  // samplers by event, then others; maps are those of the first
  std::optional<size_t> follows_;   // index of the one that follows children, if one is needed
  std::optional<size_t> hits_;      // of the one that takes the hits of all events that have them
  struct Attached {
    PerfEvent event;  // whose hits run the program, as long as both are open
    UniqueFd link;
  };
  std::vector<Attached> attached_;
  std::vector<std::string> left_out_;
  InterruptFunctions interrupts_;
};

}  // namespace prof
