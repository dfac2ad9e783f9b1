#include "cli/download_progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>

namespace prof {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

void show(std::string_view what, uint64_t received, uint64_t total) {
  constexpr double kMega = 1024.0 * 1024.0;
  const double megabytes = static_cast<double>(received) / kMega;
  if (total == 0) {
    fmt::print(stderr, "\rprof: downloading {}: {:.1f} MB (^C: go on without)\033[K", what,
               megabytes);
  } else {
    fmt::print(stderr, "\rprof: downloading {}: {:.1f} of {:.1f} MB (^C: go on without)\033[K",
               what, megabytes, static_cast<double>(total) / kMega);
  }
  if (total != 0 && received >= total) fmt::print(stderr, "\r\033[K");
}

}  // namespace

DebuginfodOptions interactive_debuginfod() {
  DebuginfodOptions options;
  options.enabled = true;
  if (::isatty(STDERR_FILENO)) options.progress = show;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
  ::sigaction(SIGINT, &action, nullptr);
  options.cancelled = [] { return interrupted != 0; };
  return options;
}

}  // namespace prof
