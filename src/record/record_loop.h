// RecordLoop: waits for rings to fill and for whatever ends a recording, and moves records from the
// source to the queue. It does nothing that may take long. Used by the recorder.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "common/result.h"
#include "common/unique_fd.h"
#include "record/event_source.h"
#include "record/options.h"
#include "record/signals.h"
#include "record/stack_trimmer.h"
#include "record/workload.h"
#include "record/write_queue.h"

namespace prof {

class RecordLoop {
 public:
  enum class End { CommandEnded, TargetsEnded, Signal, Duration, QueueStopped };

  RecordLoop(EventSource& source, StackTrimmer& trimmer, WriteQueue& queue, SignalQueue& signals);

  /// Runs until something ends the recording. `workload` may be null; with `until_targets_end` the
  /// end of everything that the source watches is the end, too.
  Result<End> run(const RecordOptions& options, Workload* workload, bool until_targets_end);
  /// One pass over all rings; false if nothing waited. Also for the last one, after the end.
  bool drain();

  /// The signal that ended the run.
  int signal() const { return signal_; }
  /// Times that a ring, not the clock, woke us.
  uint64_t wakeups() const { return wakeups_; }

 private:
  Result<void> prepare(const RecordOptions& options);
  bool watch(int fd, uint32_t events);
  void hung_up(int fd);

  EventSource& source_;
  StackTrimmer& trimmer_;
  WriteQueue& queue_;
  SignalQueue& signals_;
  UniqueFd epoll_;
  UniqueFd delay_;
  UniqueFd duration_;
  std::unordered_set<int> alive_;  // descriptors of the source that have not hung up
  uint64_t wakeups_ = 0;
  int signal_ = 0;
};

}  // namespace prof
