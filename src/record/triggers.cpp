#include "record/triggers.h"

#include "record/timer.h"

namespace prof {

Result<void> Triggers::control_by(ControlChannel channel) {
  const bool has_files = options_.switch_output.enabled();
  control_ = std::make_unique<RemoteControl>(std::move(channel), source_, events_, has_files,
                                             [this](std::string_view line) { notify(line); });
  return loop_.watch(control_->fd(), [this]() -> Result<std::optional<End>> {
    bool closed = false;
    auto end = control_->obey(closed);
    if (closed) loop_.unwatch(control_->fd());
    return end;
  });
}

Result<void> Triggers::each_second(std::function<void()> act) {
  second_ = make_periodic_timer(std::chrono::seconds(1));
  return loop_.watch(second_.get(), [this, act = std::move(act)]() -> Result<std::optional<End>> {
    if (expirations(second_) != 0) act();
    return std::nullopt;
  });
}

Result<void> Triggers::start(bool by_exec) {
  if (options_.duration_seconds > 0) {
    duration_ = make_timer(seconds_to_ns(options_.duration_seconds));
    const auto over = []() -> Result<std::optional<End>> { return End::Duration; };
    if (auto done = loop_.watch(duration_.get(), over); !done) return done;
  }
  if (auto done = start_files(); !done) return done;
  const Delay& delay = options_.delay;
  if (delay.begin != 0) notify("Events disabled");
  if (delay.begin <= 0 && delay.spans.empty()) return {};
  spans_ = std::make_unique<SpanTimer>(delay, by_exec && delay.begin == 0);
  spans_->start();
  return loop_.watch(spans_->fd(), [this] { return switch_events(); });
}

Result<void> Triggers::start_files() {
  if (options_.switch_output.by_signal) loop_.end_file_by_signal();
  const double seconds = options_.take ? options_.turn_seconds : options_.switch_output.seconds;
  if (seconds <= 0) return {};
  file_time_ = make_periodic_timer(seconds_to_ns(seconds));
  return loop_.watch(file_time_.get(), [this] { return file_time_is_over(); });
}

/// The last file ends with the recording, however close its time is to that.
Result<std::optional<RecordLoop::End>> Triggers::file_time_is_over() {
  const double seconds = options_.take ? options_.turn_seconds : options_.switch_output.seconds;
  const uint64_t times = expirations(file_time_);
  file_times_ += times;
  const bool is_last = options_.duration_seconds > 0 &&
                       static_cast<double>(file_times_) * seconds >= options_.duration_seconds;
  if (times == 0 || is_last) return std::nullopt;
  return End::NextFile;
}

Result<std::optional<RecordLoop::End>> Triggers::switch_events() {
  const auto on = spans_->expired();
  if (!on) return std::nullopt;
  if (*on) {
    if (auto done = source_.start(); !done) return tl::unexpected(done.error());
  } else {
    source_.pause();
  }
  notify(*on ? "Events enabled" : "Events disabled");
  return std::nullopt;
}

void Triggers::file_ended() {
  if (control_) control_->file_ended();
}

}  // namespace prof
