// EventSource: where records come from while a recording runs. Drained by the recorder's loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/result.h"

namespace prof {

class EventSource {
 public:
  virtual ~EventSource() = default;

  /// Begins to produce records, or goes on after pause().
  virtual Result<void> start() = 0;
  /// Takes no samples until start(); records of processes still come.
  virtual void pause() = 0;
  /// Stops for good; what waits can still be drained.
  virtual void stop() = 0;
  /// Descriptors that become readable when there is much to drain, and hang up when what they watch
  /// has ended.
  virtual std::vector<int> poll_fds() const = 0;
  /// Becomes readable when there is something to drain, and never hangs up; -1 if there is none.
  virtual int wake_fd() const { return -1; }
  /// Appends all records that wait to `out`, in whole records and, for each CPU, in the order they
  /// were made. Returns the number of bytes.
  virtual size_t drain(std::vector<std::byte>& out) = 0;
  /// Has the next drain give all that was counted so far, also what is usually left to rest.
  virtual void settle() {}
  /// Records that were lost for want of room so far, as far as the source can tell.
  virtual uint64_t lost() const = 0;
  /// Whether a drain's records are older than all that later drains give, so that readers may sort
  /// drain by drain.
  virtual bool in_rounds() const { return true; }
  /// How long a drain may be put off.
  virtual std::chrono::milliseconds tick() const { return std::chrono::milliseconds(1000); }
};

}  // namespace prof
