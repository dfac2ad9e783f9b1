#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/profile_output.h"
#include "cli/warnings.h"
#include "report/folded.h"
#include "report/load.h"

namespace prof {

namespace {

struct FoldCommand {
  LoadOptions load;
  FoldedOptions folded;
  StackBegin begin;
  std::string output;
};

Result<int> run_fold(const FoldCommand& command) {
  auto profile = load_profile(command.load);
  if (!profile) return tl::unexpected(profile.error());
  if (!command.begin.empty()) begin_stacks(command.begin, *profile);
  FoldedOptions options = command.folded;
  options.event = first_event_with_samples(*profile);
  uint64_t lines = 0;
  auto written = write_to(command.output, [&](Output& out) -> Result<void> {
    lines = write_folded(*profile, options, out);
    return {};
  });
  if (!written) return tl::unexpected(written.error());
  print_warnings(warnings_about(*profile, options.event));
  if (lines == 0) {
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  return 0;
}

}  // namespace

void add_fold_command(CLI::App& app, CommandRun& run) {
  auto* fold = app.add_subcommand("fold", "Print folded stacks: comm;root;...;leaf count");
  auto command = std::make_shared<FoldCommand>();
  command->load.join_wakers = true;
  add_input_options(*fold, command->load.input);
  add_format_option(*fold, command->load.input);
  fold->add_option("file", command->load.input.path, "The same as -i");
  FoldedOptions& folded = command->folded;
  fold->add_option_function<std::string>(
      "--weight",
      [command](const std::string& text) {
        command->folded.weight = weight_named(text, command->load.weight_field);
      },
      "What counts: samples, the sum of their period, as of times by default, or that of a "
      "number among a tracepoint's fields");
  fold->add_flag("--show-pid", command->load.group.pid, "Keep processes apart: comm-PID");
  fold->add_flag_callback(
      "--show-tid", [command] { command->load.group.pid = command->load.group.tid = true; },
      "Keep threads apart: comm-PID/TID");
  fold->add_flag(
      "--marks", folded.marks,
      "Mark kernel _[k], JIT _[j] and inlined _[i] frames, as stackcollapse-perf.pl --all");
  fold->add_flag("--addrs", folded.addresses, "Show the address of frames without a symbol");
  fold->add_flag("--reverse", folded.reverse, "Leaf first");
  add_stack_begin_options(*fold, command->begin);
  fold->add_option("--max-stack", command->load.max_stack, "Keep at most so many frames");
  fold->add_option("-o,--output", command->output, "File to write ('-': standard output)");
  fold->callback([command, &run] { run = [command] { return run_fold(*command); }; });
}

}  // namespace prof
