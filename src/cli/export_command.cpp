#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/profile_output.h"
#include "cli/warnings.h"
#include "flamegraph/flamegraph.h"
#include "report/exporter.h"
#include "report/load.h"

namespace prof {

namespace {

struct ExportCommand {
  LoadOptions load;
  StackBegin begin;
  std::optional<Weight> weight;
  std::string format;
  std::string output;
};

std::string format_names() {
  std::string names;
  for (const Exporter& exporter : exporters()) {
    if (!names.empty()) names += ", ";
    names += exporter.name;
  }
  return names;
}

/// By --format, else by the name of the file to write.
Result<const Exporter*> chosen_exporter(const ExportCommand& command) {
  if (!command.format.empty()) {
    if (const Exporter* exporter = exporter_named(command.format)) return exporter;
    return fail("no format '" + command.format + "'", "there are " + format_names(), 2);
  }
  if (const Exporter* exporter = exporter_for_file(command.output)) return exporter;
  return fail("which format?", "--format is one of " + format_names(), 2);
}

Result<int> run_export(ExportCommand& command) {
  const auto exporter = chosen_exporter(command);
  if (!exporter) return tl::unexpected(exporter.error());
  const bool to_stdout = command.output.empty() || command.output == "-";
  if (to_stdout && !(*exporter)->is_text && ::isatty(STDOUT_FILENO) == 1) {
    return fail(fmt::format("{} is no text for a terminal", (*exporter)->name),
                fmt::format("-o profile{} writes a file", (*exporter)->extension), 2);
  }
  command.load.with_timeline = command.begin.empty();  // of whole stacks
  command.load.with_lines = (*exporter)->has_lines;
  auto profile = load_profile(command.load);
  if (!profile) return tl::unexpected(profile.error());
  if (!command.begin.empty()) begin_stacks(command.begin, *profile);
  ExportOptions options;
  options.event = first_event_with_samples(*profile);
  if (options.event >= profile->events.size() || profile->events[options.event].samples == 0) {
    print_warnings(profile->warnings);
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  options.weight = command.weight.value_or(natural_weight(*profile, options.event));
  const std::string& path = command.load.input.path;
  options.name = path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
  if (!profile->timeline.samples.empty()) options.begin = profile->timeline.samples.front().time;
  auto written = write_to(command.output,
                          [&](Output& out) { return (*exporter)->write(*profile, options, out); });
  if (!written) return tl::unexpected(written.error());
  print_warnings(warnings_about(*profile, options.event));
  return 0;
}

}  // namespace

void add_export_command(CLI::App& app, CommandRun& run) {
  auto* exporting =
      app.add_subcommand("export", "Write a recording in the format of another viewer");
  auto command = std::make_shared<ExportCommand>();
  add_input_options(*exporting, command->load.input);
  add_format_option(*exporting, command->load.input);
  exporting->add_option("file", command->load.input.path, "The same as -i");
  exporting->add_option(
      "--format", command->format,
      "speedscope, firefox, pprof, chrome, callgrind, d3, csv, json or folded; by the name "
      "of -o if not given");
  exporting->add_option("-o,--output", command->output, "File to write ('-': standard output)");
  exporting->add_option_function<std::string>(
      "--weight",
      [command](const std::string& text) {
        command->weight = weight_named(text, command->load.weight_field);
      },
      "What counts: samples, the sum of their period, or that of a number among a tracepoint's "
      "fields");
  command->load.without_idle = true;
  exporting->add_flag_callback(
      "--idle", [command] { command->load.without_idle = false; },
      "With where the idle task (swapper) waits for work");
  add_stack_begin_options(*exporting, command->begin);
  exporting->add_option("--max-stack", command->load.max_stack, "Keep at most so many frames");
  exporting->callback([command, &run] { run = [command] { return run_export(*command); }; });
}

}  // namespace prof
