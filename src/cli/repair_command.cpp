#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/warnings.h"
#include "report/repair.h"

namespace prof {

namespace {

Result<int> run(const RepairOptions& options) {
  const auto done = run_repair(options);
  if (!done) return tl::unexpected(done.error());
  print_warnings(done->warnings);
  std::string left_out;
  if (done->unreadable > 0) left_out += fmt::format(", {} unreadable ones", done->unreadable);
  for (const auto& [type, count] : done->skipped) left_out += fmt::format(", {} {}", count, type);
  fmt::print(stderr, "[ prof repair: {} records, {} of them samples, in {}{}{} ]\n", done->records,
             done->samples, options.output,
             left_out.empty() ? "" : "; left out: ", left_out.empty() ? "" : left_out.substr(2));
  return 0;
}

}  // namespace

void add_repair_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<RepairOptions>();
  CLI::App* command = app.add_subcommand(
      "repair", "Write what can be read of a damaged or newer recording as one that perf reads");
  command->add_option("input", options->input, "Recording to read ('-': standard input)")
      ->required()
      ->type_name("IN");
  command->add_option("output", options->output, "File to write")->required()->type_name("OUT");
  command->add_flag("-f,--force", options->force, "Write over a file that is there");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace prof
