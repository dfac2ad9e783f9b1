// RemoteControl: does what the commands of --control say. Made by the recorder; the record loop
// watches its descriptor.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "record/control.h"
#include "record/event_source.h"
#include "record/perf_source.h"
#include "record/record_loop.h"

namespace prof {

class RemoteControl {
 public:
  using Notify = std::function<void(std::string_view)>;

  /// `source` is what is recorded, `events` those of it that have names to be switched by;
  /// `has_files` says whether a snapshot can end the file. All outlive this.
  RemoteControl(ControlChannel channel, EventSource& source, PerfSource& events, bool has_files,
                Notify notify);

  int fd() const { return channel_.fd(); }
  /// When the descriptor is readable. `closed`: it is of no use any more.
  Result<std::optional<RecordLoop::End>> obey(bool& closed);
  /// The file has ended, which a command may have asked for.
  void file_ended();

 private:
  Result<std::optional<RecordLoop::End>> obey(const ControlCommand& command);
  Result<void> switch_events(const std::string& name, bool on);
  void list(std::string_view options) const;

  ControlChannel channel_;
  EventSource& source_;
  PerfSource& events_;
  bool has_files_;
  bool snapshot_ = false;  // is to be acknowledged when the file has ended
  Notify notify_;
};

}  // namespace prof
