#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/warnings.h"
#include "report/merge.h"

namespace prof {

namespace {

Result<int> run(const MergeOptions& options) {
  const auto done = run_merge(options);
  if (!done) return tl::unexpected(done.error());
  print_warnings(done->warnings);
  std::string hosts;
  for (const std::string& host : done->hosts) hosts += (hosts.empty() ? "" : ", ") + host;
  fmt::print(stderr, "[ prof merge: {} samples of {} in {}{} ]\n", done->samples, hosts,
             options.output,
             done->left_out == 0 ? "" : fmt::format("; left out: {} records", done->left_out));
  return 0;
}

}  // namespace

void add_merge_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command = app.add_subcommand("merge", "Join recordings, of one host or several");
  command->add_option("input", options->inputs, "Recordings to read")->required()->type_name("IN");
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->add_flag("-f,--force", options->force, "Write over a file that is there");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace prof
