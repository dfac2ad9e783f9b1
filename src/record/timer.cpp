#include "record/timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace prof {

namespace {

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  timespec out{};
  out.tv_sec = static_cast<time_t>(seconds.count());
  out.tv_nsec = static_cast<long>((time - seconds).count());
  return out;
}

/// Zero would mean never.
constexpr std::chrono::nanoseconds at_least_one(std::chrono::nanoseconds time) {
  return std::max(time, std::chrono::nanoseconds(1));
}

}  // namespace

UniqueFd make_idle_timer() {
  // The clock of std::chrono::steady_clock.
  return UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

UniqueFd make_timer(std::chrono::nanoseconds after) {
  UniqueFd fd = make_idle_timer();
  itimerspec spec{};
  spec.it_value = to_timespec(at_least_one(after));
  ::timerfd_settime(fd.get(), 0, &spec, nullptr);
  return fd;
}

UniqueFd make_periodic_timer(std::chrono::nanoseconds every) {
  UniqueFd fd = make_idle_timer();
  itimerspec spec{};
  spec.it_value = spec.it_interval = to_timespec(at_least_one(every));
  ::timerfd_settime(fd.get(), 0, &spec, nullptr);
  return fd;
}

bool set_timer(const UniqueFd& timer, std::chrono::steady_clock::time_point at) {
  itimerspec spec{};
  spec.it_value = to_timespec(at_least_one(at.time_since_epoch()));
  return ::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0;
}

uint64_t expirations(const UniqueFd& timer) {
  uint64_t count = 0;
  return ::read(timer.get(), &count, sizeof count) == sizeof count ? count : 0;
}

}  // namespace prof
