#include "cli/when_options.h"

namespace prof {

void add_when_options(CLI::App& app, RecordOptions& options, WhenArguments& to) {
  app.add_option("--duration", options.duration_seconds, "Stop after so many seconds (0.5)")
      ->group("When");
  app.add_option("-D,--delay", to.delay,
                 "Start sampling after so many ms, or only in spans (10-20,30-40); -1: not at all")
      ->group("When");
  app.add_option("--control", to.control,
                 "Take commands from fifo:FIFO[,ACKS] or fd:N[,M]: enable, disable, stop, …")
      ->group("When");
  app.add_option("--max-size", to.max_size, "Stop when the file has this size: 100M")
      ->group("Where to");
  app.add_option(
         "--switch-output", to.switch_output,
         "Go on in another file at SIGUSR2 ('signal'), by size (100M) or time (30s) [signal]")
      ->expected(0, 1)
      ->default_str("signal")
      ->group("Where to");
  app.add_option("--switch-max-files", to.max_files,
                 "With --switch-output: keep so many files, and remove the oldest")
      ->group("Where to");
  app.add_flag("--overwrite", options.overwrite,
               "Keep the newest samples in memory, and write them when a file ends")
      ->group("Where to");
  app.add_flag("--tail-synthesize", to.tail_synthesize,
               "Describe what runs at the end of a file, as --overwrite does")
      ->group("Where to");
  app.add_flag("--timestamp-filename", options.timestamp_filename,
               "Append the time of its end to the file's name")
      ->group("Where to");
  app.add_flag("--timestamp-boundary", to.boundary,
               "Note the times of the first and last sample, as always")
      ->group("Where to");
  app.add_flag("--switch-events", options.switch_events,
               "Record when threads go on and off the CPU")
      ->group("What");
}

Result<void> take_when_options(const CLI::App& app, const WhenArguments& from,
                               RecordOptions& options) {
  if (!from.delay.empty()) {
    auto delay = parse_delay(from.delay);
    if (!delay) return tl::unexpected(delay.error());
    options.delay = std::move(*delay);
  }
  if (!from.control.empty()) {
    auto control = parse_control(from.control);
    if (!control) return tl::unexpected(control.error());
    options.control = std::move(*control);
  }
  if (!from.max_size.empty()) {
    const auto size = parse_size(from.max_size);
    if (!size) return tl::unexpected(size.error());
    options.max_size = *size;
  }
  if (app.count("--switch-output") != 0) {
    if (auto done = parse_switch_output(from.switch_output, options.switch_output); !done)
      return done;
  }
  if (app.count("--switch-max-files") == 0) return {};
  if (from.max_files == 0) {
    return fail("--switch-max-files keeps at least one file", "leave it out to keep all", 2);
  }
  options.switch_output.max_files = from.max_files;
  return {};
}

}  // namespace prof
