#include <unistd.h>

#include <memory>

#include "cli/command.h"
#include "cli/warnings.h"
#include "report/evlist.h"

namespace prof {

namespace {

template <class Options>
Result<int> print(const Options& options,
                  Result<std::vector<std::string>> (*run)(const Options&, Output&)) {
  Output out(STDOUT_FILENO);
  const auto warnings = run(options, out);
  if (!warnings) return tl::unexpected(warnings.error());
  if (auto done = out.flush(); !done) return tl::unexpected(std::move(done.error()));
  print_warnings(*warnings);
  return 0;
}

void add_input(CLI::App& command, InputOptions& input) {
  command.add_option("-i,--input", input.path, "Recording to read ('-': standard input)")
      ->capture_default_str();
}

}  // namespace

void add_evlist_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<EvlistOptions>();
  CLI::App* command = app.add_subcommand("evlist", "List the events of a recording");
  add_input(*command, options->input);
  command->add_flag("-v,--verbose", options->verbose, "With all of their settings");
  command->add_flag("-g,--group", options->groups, "As the groups that they were recorded in");
  command->add_flag("-F,--freq", options->frequencies, "With their frequencies or periods");
  command->add_flag("--trace-fields", options->trace_fields, "With the fields of tracepoints");
  command->callback(
      [options, &chosen] { chosen = [options] { return print(*options, run_evlist); }; });
}

void add_buildids_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<BuildIdOptions>();
  CLI::App* command =
      app.add_subcommand("buildids", "List the build ids of the binaries of a recording");
  command->alias("buildid-list");
  add_input(*command, options->input);
  command->add_flag("-H,--with-hits", options->with_hits, "Only of those that samples are in");
  command->add_flag("-k,--kernel", options->kernel, "That of the running kernel instead");
  command->callback(
      [options, &chosen] { chosen = [options] { return print(*options, run_build_ids); }; });
}

}  // namespace prof
