#include "record/record_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

namespace prof {

namespace {

using Clock = std::chrono::steady_clock;

// At first sooner: a program may delete itself, or its container, soon after its start, and its
// binaries are looked at when their mappings are taken out of the rings.
constexpr auto kFirstFlush = std::chrono::milliseconds(16);

/// A timer that becomes readable once, after `seconds`.
UniqueFd make_timer(double seconds) {
  UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(seconds);
  spec.it_value.tv_nsec = static_cast<long>((seconds - std::floor(seconds)) * 1e9);
  if (spec.it_value.tv_sec == 0 && spec.it_value.tv_nsec == 0) spec.it_value.tv_nsec = 1;
  ::timerfd_settime(fd.get(), 0, &spec, nullptr);
  return fd;
}

}  // namespace

RecordLoop::RecordLoop(EventSource& source, StackTrimmer& trimmer, WriteQueue& queue,
                       SignalQueue& signals)
    : source_(source), trimmer_(trimmer), queue_(queue), signals_(signals) {}

bool RecordLoop::watch(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

Result<void> RecordLoop::prepare(const RecordOptions& options) {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  bool good = watch(signals_.fd(), EPOLLIN) && watch(queue_.stop_fd(), EPOLLIN);
  for (int fd : source_.poll_fds()) {
    good = good && watch(fd, EPOLLIN);
    alive_.insert(fd);
  }
  if (const int fd = source_.wake_fd(); fd >= 0) good = good && watch(fd, EPOLLIN);
  if (options.delay_ms > 0) {
    delay_ = make_timer(static_cast<double>(options.delay_ms) / 1000);
    good = good && watch(delay_.get(), EPOLLIN);
  }
  if (options.duration_seconds > 0) {
    duration_ = make_timer(options.duration_seconds);
    good = good && watch(duration_.get(), EPOLLIN);
  }
  if (!good) return fail_errno("cannot wait for events");
  return {};
}

void RecordLoop::hung_up(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  alive_.erase(fd);
}

bool RecordLoop::drain() {
  auto records = queue_.buffer();
  if (source_.drain(records) == 0) return false;
  trimmer_.trim(records, queue_.is_pressed() ? StackTrimmer::kShort : UINT64_MAX);
  queue_.push(std::move(records), source_.in_rounds());
  return true;
}

Result<RecordLoop::End> RecordLoop::run(const RecordOptions& options, Workload* workload,
                                        bool until_targets_end) {
  if (auto done = prepare(options); !done) return tl::unexpected(done.error());
  // What waits is taken out at least this often, so that little is lost should we be killed.
  const auto longest = source_.tick();
  auto interval = std::min(kFirstFlush, longest);
  auto next_flush = Clock::now() + interval;
  std::optional<End> end;
  while (!end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_flush - Clock::now());
    std::array<epoll_event, 64> ready;
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
                                   static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (count < 0 && errno != EINTR) return fail_errno("cannot wait for events");
    bool records_wait = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<size_t>(i)];
      const int fd = event.data.fd;
      if (fd == signals_.fd()) {
        for (int signal = signals_.next(); signal != 0; signal = signals_.next()) {
          if (signal != SIGCHLD) {
            signal_ = signal;
            end = End::Signal;
          } else if (workload && workload->reap(false) && !end) {
            end = End::CommandEnded;
          }
        }
      } else if (fd == queue_.stop_fd()) {
        end = End::QueueStopped;
      } else if (fd == duration_.get()) {
        end = End::Duration;
      } else if (fd == delay_.get()) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
        if (auto done = source_.start(); !done) return tl::unexpected(done.error());
      } else {
        records_wait |= (event.events & EPOLLIN) != 0;
        if (event.events & (EPOLLHUP | EPOLLERR)) hung_up(fd);
      }
    }
    if (until_targets_end && alive_.empty() && !end) end = End::TargetsEnded;
    wakeups_ += records_wait;
    const bool tick = Clock::now() >= next_flush;
    if (!records_wait && !tick) continue;
    if (queue_.has_room()) {
      drain();
    } else {
      // The disk is far behind. Records stay in the rings, which would keep waking us.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (tick) {
      queue_.request_flush();
      interval = std::min(interval * 2, longest);
      next_flush = Clock::now() + interval;
    }
  }
  return *end;
}

}  // namespace prof
