// RoundSorter: puts records into the order of their times. Used by outputs that print in time
// order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "perfdata/record.h"

namespace prof {

/// A recorder drains its rings one after the other, so records of several CPUs are interleaved. It
/// writes FINISHED_ROUND after each pass over all rings, and promises:
///
///     CPU 0   1 4 | 6 9  | 12        at the end of round n, no record older than the newest one
///     CPU 1   2 3 | 5 10 | 11        of round n-1 can still come.
///             round 1 2    3
///
/// So at the end of each round everything up to the newest time of the round before is final. A
/// file without rounds is one round: then all records wait for the end. Records of equal time keep
/// the order of the file. A file that breaks the promise is counted in out_of_order().
class RoundSorter {
 public:
  using Sink = std::function<void(const RecordView&, uint64_t time)>;
  explicit RoundSorter(Sink sink) : sink_(std::move(sink)) {}

  /// `stable` views stay valid by themselves; the payload of others is copied.
  void add(const RecordView& view, uint64_t time, bool stable);
  void finish_round();
  /// Ends the recording: everything that is left goes to the sink.
  void finish();
  uint64_t out_of_order() const { return out_of_order_; }

 private:
  struct Entry {
    uint64_t time;
    RecordView view;
  };
  void emit_until(uint64_t limit);
  std::span<const std::byte> keep(std::span<const std::byte> payload);

  Sink sink_;
  std::vector<Entry> pending_;
  size_t sorted_ = 0;  // pending_[0, sorted_) is in order
  uint64_t newest_ = 0;
  uint64_t previous_newest_ = 0;
  uint64_t emitted_ = 0;
  uint64_t out_of_order_ = 0;
  // Copies of unstable payloads: those of the current round and of the round before. A record that
  // outlives two rounds is copied again.
  std::deque<std::vector<std::byte>> current_, previous_;
};

}  // namespace prof
