// RecordLoop: waits for rings to fill and for whatever ends a recording or its file, and moves
// records from the source to the file. It does nothing that may take long. Used by the recorder.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/result.h"
#include "common/unique_fd.h"
#include "record/event_source.h"
#include "record/recording_file.h"
#include "record/sideband_watch.h"
#include "record/signals.h"
#include "record/workload.h"

namespace prof {

class RecordLoop {
 public:
  /// What ended a run. `NextFile` is not the end of the recording: run() goes on in the next.
  enum class End { CommandEnded, TargetsEnded, Signal, Duration, QueueStopped, Stopped, NextFile };
  /// Called when its descriptor is readable; may end the run.
  using Ready = std::function<Result<std::optional<End>>()>;

  static Result<std::unique_ptr<RecordLoop>> create(EventSource& source, SignalQueue& signals);

  /// Calls `ready` whenever `fd` is readable. Neither goes before this does.
  Result<void> watch(int fd, Ready ready);
  void unwatch(int fd);
  /// SIGUSR2 is to end the file; otherwise nothing comes of it.
  void end_file_by_signal() { file_ends_by_signal_ = true; }
  /// Shows all records to `watch`.
  void show(SidebandWatch* watch) { sideband_ = watch; }
  /// Where records go from now on.
  Result<void> write_to(RecordingFile& file);

  /// Runs until something ends the recording, or its file. `workload` may be null; with
  /// `until_targets_end` the end of everything that the source watches is the end, too.
  Result<End> run(Workload* workload, bool until_targets_end);
  /// One pass over all rings; false if nothing waited. Also for the last one, after the end.
  bool drain();

  /// What drain() would move to the file.
  std::vector<std::byte> take_records();

  /// The signal that ended the run.
  int signal() const { return signal_; }
  /// Times that a ring, not the clock, woke us since this was asked.
  uint64_t take_wakeups() { return std::exchange(wakeups_, 0); }

 private:
  using Clock = std::chrono::steady_clock;

  RecordLoop(EventSource& source, SignalQueue& signals);
  Result<void> prepare();
  bool add(int fd, uint32_t events);
  void hung_up(int fd);
  std::optional<End> take_signals(Workload* workload);
  Result<std::optional<End>> take_event(int fd, uint32_t events, Workload* workload);
  void move_records();

  EventSource& source_;
  SignalQueue& signals_;
  RecordingFile* file_ = nullptr;
  SidebandWatch* sideband_ = nullptr;
  UniqueFd epoll_;
  std::unordered_map<int, Ready> others_;
  std::unordered_set<int> alive_;  // descriptors of the source that have not hung up
  int stop_fd_ = -1, full_fd_ = -1;
  bool file_ends_by_signal_ = false;
  bool records_wait_ = false;
  std::chrono::milliseconds interval_;  // until the next flush
  Clock::time_point next_flush_;
  uint64_t wakeups_ = 0;
  int signal_ = 0;
};

}  // namespace prof
