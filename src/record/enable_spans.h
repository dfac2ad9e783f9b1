// EnableSpans: when the events of a recording are on, as -D says it. Used by the command line and
// by the recorder.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// Milliseconds since the start of the recording.
struct EnableSpan {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool operator==(const EnableSpan&) const = default;
};

/// What -D says: from when on events are on, -1 for never, or the only spans in which they are.
struct Delay {
  int64_t begin = 0;
  std::vector<EnableSpan> spans;  // none: from `begin` on, until the end
};

/// "500", "-1", or "10-20,30-40": each span begins after the end of the one before.
Result<Delay> parse_delay(std::string_view text);

/// Tells when events are to be switched on and off. Its descriptor is watched by the record loop.
class SpanTimer {
 public:
  /// With `is_on` the first span has begun by itself: an exec switched the events on.
  SpanTimer(const Delay& delay, bool is_on);

  int fd() const { return timer_.get(); }
  /// From now on the times count.
  void start();
  /// When the descriptor is readable: whether events are to be on from now on; nothing if the timer
  /// was early.
  std::optional<bool> expired();

 private:
  void arm();

  struct Change {
    uint64_t at;  // ms
    bool on;
  };
  std::vector<Change> changes_;
  size_t next_ = 0;
  std::chrono::steady_clock::time_point start_;
  UniqueFd timer_;
};

}  // namespace prof
