// Workload: the command that is recorded, forked at once and held back until events are open.
// Used by the recorder.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// The file that execvp() of `name` would run, by PATH; empty if there is none.
std::string command_path(const std::string& name);

class Workload {
 public:
  /// Forks. The child waits; its exec is what enables the events. With `quiet_stdout` its standard
  /// output goes to standard error, since ours carries the recording.
  /// With `fixed_addresses` its memory is laid out without chance.
  /// The child keeps the signal mask of the moment, so fork before blocking any.
  /// A command that cannot be run is told before anything is forked: exit code 127 or 126.
  static Result<std::unique_ptr<Workload>> fork(const std::vector<std::string>& command,
                                                bool quiet_stdout, bool fixed_addresses = false);
  /// A child that was never released, or is still there, is left to itself; one that waits ends.
  ~Workload();
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  pid_t pid() const { return pid_; }
  /// Lets the child exec; returns when it has, or why it could not.
  Result<void> release();
  /// True once the child has ended; then its wait status is known.
  bool reap(bool wait);
  bool ended() const { return ended_; }
  void terminate() const;

  /// As a shell would say it: its exit code, or 128 + the signal.
  int exit_code() const;
  /// The signal that ended it; 0 if none did.
  int signal() const;

 private:
  Workload() = default;

  std::string name_;
  pid_t pid_ = -1;
  UniqueFd go_;      // closing it without a byte makes the child end
  UniqueFd failed_;  // errno of the exec comes here; closed by a successful one
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace prof
