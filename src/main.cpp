// prof: the entry. Picks the subcommand, runs it, prints its error; the only exit.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace {

int complain(const prof::Error& error) {
  fmt::print(stderr, "prof: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "      {}\n", error.hint);
  return error.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("prof: a sampling profiler and flame-graph generator for Linux", "prof");
  app.set_version_flag("--version", prof::version_text());
  app.require_subcommand(0, 1);
  prof::CommandRun run;
  prof::add_record_command(app, run);
  prof::add_stacks_command(app, run);
  prof::add_report_command(app, run);
  prof::add_tui_command(app, run);
  prof::add_script_command(app, run);
  prof::add_flamegraph_command(app, run);
  prof::add_view_command(app, run);
  prof::add_fold_command(app, run);
  prof::add_embed_command(app, run);
  prof::add_export_command(app, run);
  prof::add_evlist_command(app, run);
  prof::add_buildids_command(app, run);
  prof::add_repair_command(app, run);
  prof::add_merge_command(app, run);
  prof::add_list_command(app, run);
  prof::add_doctor_command(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return complain({error.what(), "see 'prof --help' or 'prof COMMAND --help'", 2});
  }
  if (!run) {
    fmt::print(stderr, "{}", app.help());
    return 2;
  }
  auto status = run();
  return status ? *status : complain(status.error());
}
