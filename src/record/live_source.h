// LiveSource: unwinds the stack copies of a PerfSource's samples while they are recorded, so that
// the file has their chains and no copies. Opened and drained by the recorder for
// --call-graph dwarf,live.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/disk_cache.h"
#include "perfdata/decode.h"
#include "record/live_unwinder.h"
#include "record/perf_source.h"

namespace prof {

/// A sample whose stack is being walked is held; it comes with a later drain, so that a drain ends
/// a round only when none is. Once a second it waits for that.
class LiveSource final : public EventSource {
 public:
  /// `perf` outlives this.
  LiveSource(PerfSource& perf, const DiskCache& cache);

  /// Records that describe what ran before.
  void describe(std::span<const std::byte> records) {
    unwinder_.push({records.begin(), records.end()}, {});
  }

  Result<void> start() override { return perf_.start(); }
  void pause() override { perf_.pause(); }
  void stop() override;
  void settle() override { settles_ = true; }
  std::vector<int> poll_fds() const override { return perf_.poll_fds(); }
  size_t drain(std::vector<std::byte>& out) override;
  uint64_t lost() const override { return perf_.lost(); }
  bool in_rounds() const override { return held_.empty(); }

  /// The events as they stand in the file: their samples have chains.
  std::span<const EventAttr> events() const { return events_; }
  const LiveUnwinder& unwinder() const { return unwinder_; }

 private:
  struct Held {
    SampleRecord sample;  // without what points into the ring's records
    std::vector<uint64_t> kernel;
    std::vector<std::byte> raw;
  };
  bool take(const RecordView& view, std::vector<LiveWalk>& walks);
  void put(const Held& held, const LiveChain& chain, std::vector<std::byte>& out) const;

  PerfSource& perf_;
  std::vector<EventAttr> events_;
  EventTable recorded_;  // as they come out of the rings
  Decoder decoder_;
  LiveUnwinder unwinder_;
  std::unordered_map<uint64_t, Held> held_;  // by number, which is their walk's key
  uint64_t next_ = 0;
  std::chrono::steady_clock::time_point next_round_;
  bool stopped_ = false;
  bool settles_ = false;
};

}  // namespace prof
