#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/warnings.h"
#include "report/embedded.h"

namespace prof {

void add_embed_command(CLI::App& app, CommandRun& run) {
  auto* command = app.add_subcommand(
      "embed", "Put the names of its stacks into a recording, for machines without the binaries");
  auto options = std::make_shared<EmbedOptions>();
  add_symbol_options(*command, options->input);
  command->add_option("-o,--output", options->output, "Write a new file instead of changing it");
  command->callback([options, &run] {
    run = [options]() -> Result<int> {
      const auto done = run_embed(*options);
      if (!done) return tl::unexpected(done.error());
      print_warnings(done->warnings);
      fmt::print(stderr, "[ prof embed: {} names and {} unwound stacks in {:.3f} MB ]\n",
                 done->names, done->chains, static_cast<double>(done->bytes) / (1024.0 * 1024.0));
      return 0;
    };
  });
}

}  // namespace prof
