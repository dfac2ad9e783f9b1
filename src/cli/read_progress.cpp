#include "cli/read_progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <memory>

namespace prof {

namespace {

using Clock = std::chrono::steady_clock;

class Line {
 public:
  void show(uint64_t done, uint64_t total) {
    constexpr auto kPatience = std::chrono::milliseconds(500);
    constexpr auto kPause = std::chrono::milliseconds(100);
    const auto now = Clock::now();
    if (done >= total) {
      if (shown_) fmt::print(stderr, "\r\033[K");
      shown_ = false;
      return;
    }
    if (now - started_ < kPatience || now - last_ < kPause) return;
    last_ = now;
    shown_ = true;
    fmt::print(stderr, "\rprof: reading: {} %\033[K",
               static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total)));
    std::fflush(stderr);
  }

 private:
  const Clock::time_point started_ = Clock::now();
  Clock::time_point last_ = started_;
  bool shown_ = false;
};

}  // namespace

std::function<void(uint64_t done, uint64_t total)> read_progress(bool streams) {
  if (!::isatty(STDERR_FILENO) || (streams && ::isatty(STDOUT_FILENO))) return {};
  return
      [line = std::make_shared<Line>()](uint64_t done, uint64_t total) { line->show(done, total); };
}

}  // namespace prof
