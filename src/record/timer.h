// Timers as descriptors, for the recorder's loop.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/unique_fd.h"

namespace prof {

/// Becomes readable once, `after` from now on.
UniqueFd make_timer(std::chrono::nanoseconds after);
/// Becomes readable every so often, until it is read, which gives how often that was.
UniqueFd make_periodic_timer(std::chrono::nanoseconds every);
/// Not running until set_timer().
UniqueFd make_idle_timer();
/// Has it become readable once more, at `at`.
bool set_timer(const UniqueFd& timer, std::chrono::steady_clock::time_point at);
/// How often it expired since it was read; it is not readable then.
uint64_t expirations(const UniqueFd& timer);

inline std::chrono::nanoseconds seconds_to_ns(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

}  // namespace prof
