// Triggers: what happens in a recording at its time or when it is told to: its end, the end of a
// file, events that are switched on and off. Made by the recorder; the record loop waits for them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/result.h"
#include "record/enable_spans.h"
#include "record/options.h"
#include "record/perf_source.h"
#include "record/record_loop.h"
#include "record/remote_control.h"

namespace prof {

class Triggers {
 public:
  /// `options`, `loop`, and the sources (RemoteControl) outlive this.
  Triggers(const RecordOptions& options, RecordLoop& loop, EventSource& source, PerfSource& events)
      : options_(options), loop_(loop), source_(source), events_(events) {}

  /// Listens from now on, which has effects once the loop runs.
  Result<void> control_by(ControlChannel channel);
  /// Has `act` done once a second while the loop runs.
  Result<void> each_second(std::function<void()> act);
  /// The recording begins now. `by_exec`: events were switched on by an exec.
  Result<void> start(bool by_exec);
  /// The next file has begun.
  void file_ended();

 private:
  using End = RecordLoop::End;
  Result<void> start_files();
  Result<std::optional<End>> file_time_is_over();
  Result<std::optional<End>> switch_events();
  void notify(std::string_view line) const {
    if (options_.notify) options_.notify(line);
  }

  const RecordOptions& options_;
  RecordLoop& loop_;
  EventSource& source_;
  PerfSource& events_;
  UniqueFd duration_, file_time_, second_;
  uint64_t file_times_ = 0;  // that are over
  std::unique_ptr<SpanTimer> spans_;
  std::unique_ptr<RemoteControl> control_;
};

}  // namespace prof
