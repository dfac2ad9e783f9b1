#include "record/record_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>

namespace prof {

namespace {

// At first sooner: a program may delete itself, or its container, soon after its start, and its
// binaries are looked at when their mappings are taken out of the rings.
constexpr auto kFirstFlush = std::chrono::milliseconds(16);

}  // namespace

RecordLoop::RecordLoop(EventSource& source, SignalQueue& signals)
    : source_(source), signals_(signals), interval_(std::min(kFirstFlush, source.tick())) {}

Result<std::unique_ptr<RecordLoop>> RecordLoop::create(EventSource& source, SignalQueue& signals) {
  std::unique_ptr<RecordLoop> loop(new RecordLoop(source, signals));
  if (auto done = loop->prepare(); !done) return tl::unexpected(done.error());
  return loop;
}

bool RecordLoop::add(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

Result<void> RecordLoop::prepare() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  bool good = add(signals_.fd(), EPOLLIN);
  for (int fd : source_.poll_fds()) {
    good = good && add(fd, EPOLLIN);
    alive_.insert(fd);
  }
  if (const int fd = source_.wake_fd(); fd >= 0) good = good && add(fd, EPOLLIN);
  if (!good) return fail_errno("cannot wait for events");
  return {};
}

Result<void> RecordLoop::watch(int fd, Ready ready) {
  if (!add(fd, EPOLLIN)) return fail_errno("cannot wait for events");
  others_[fd] = std::move(ready);
  return {};
}

void RecordLoop::unwatch(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  others_.erase(fd);
}

Result<void> RecordLoop::write_to(RecordingFile& file) {
  // The file before is closed elsewhere, and nothing that it says matters any more.
  if (stop_fd_ >= 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stop_fd_, nullptr);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, full_fd_, nullptr);
  }
  file_ = &file;
  stop_fd_ = file.queue().stop_fd();
  full_fd_ = file.queue().full_fd();
  if (!add(stop_fd_, EPOLLIN) || !add(full_fd_, EPOLLIN | EPOLLONESHOT)) {
    return fail_errno("cannot wait for the file");
  }
  return {};
}

void RecordLoop::hung_up(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  alive_.erase(fd);
}

std::vector<std::byte> RecordLoop::take_records() {
  auto records = file_->queue().buffer();
  if (source_.drain(records) == 0) return records;
  if (sideband_) sideband_->observe(records);
  file_->trimmer().trim(records, file_->queue().is_pressed() ? StackTrimmer::kShort : UINT64_MAX);
  return records;
}

bool RecordLoop::drain() {
  auto records = take_records();
  if (records.empty()) return false;
  file_->queue().push(std::move(records), source_.in_rounds());
  return true;
}

std::optional<RecordLoop::End> RecordLoop::take_signals(Workload* workload) {
  std::optional<End> end;
  for (int signal = signals_.next(); signal != 0; signal = signals_.next()) {
    if (signal == SIGUSR2) {
      if (file_ends_by_signal_ && !end) end = End::NextFile;
    } else if (signal != SIGCHLD) {
      signal_ = signal;
      end = End::Signal;
    } else if (workload && workload->reap(false) && end != End::Signal) {
      end = End::CommandEnded;
    }
  }
  return end;
}

Result<std::optional<RecordLoop::End>> RecordLoop::take_event(int fd, uint32_t events,
                                                              Workload* workload) {
  if (fd == signals_.fd()) return take_signals(workload);
  if (fd == stop_fd_) return End::QueueStopped;
  if (fd == full_fd_) return End::NextFile;
  if (const auto other = others_.find(fd); other != others_.end()) {
    const Ready ready = other->second;  // it may unwatch itself
    return ready();
  }
  records_wait_ |= (events & EPOLLIN) != 0;
  if (events & (EPOLLHUP | EPOLLERR)) hung_up(fd);
  return std::nullopt;
}

/// Takes out what waits if there is much of it, or if it has waited long enough.
void RecordLoop::move_records() {
  wakeups_ += records_wait_;
  const bool tick = Clock::now() >= next_flush_;
  if (!std::exchange(records_wait_, false) && !tick) return;
  if (file_->queue().has_room()) {
    drain();
  } else {
    // The disk is far behind. Records stay in the rings, which would keep waking us.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (!tick) return;
  file_->queue().request_flush();
  interval_ = std::min(interval_ * 2, source_.tick());
  next_flush_ = Clock::now() + interval_;
}

Result<RecordLoop::End> RecordLoop::run(Workload* workload, bool until_targets_end) {
  // What waits is taken out at least this often, so that little is lost should we be killed.
  next_flush_ = Clock::now() + interval_;
  std::optional<End> end;
  // What ends the recording goes before what ends the file.
  const auto note = [&end](std::optional<End> why) {
    if (why && (!end || *end == End::NextFile)) end = why;
  };
  while (!end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_flush_ - Clock::now());
    std::array<epoll_event, 64> ready;
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
                                   static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (count < 0 && errno != EINTR) return fail_errno("cannot wait for events");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<size_t>(i)];
      const auto why = take_event(event.data.fd, event.events, workload);
      if (!why) return tl::unexpected(why.error());
      note(*why);
    }
    if (until_targets_end && alive_.empty()) note(End::TargetsEnded);
    move_records();
  }
  return *end;
}

}  // namespace prof
