#include <unistd.h>

#include <map>
#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/warnings.h"
#include "report/script.h"

namespace prof {

namespace {

Result<int> run(const ScriptOptions& options) {
  Output out(STDOUT_FILENO);
  auto warnings = run_script(options, out);
  if (!warnings) return tl::unexpected(std::move(warnings.error()));
  if (auto done = out.flush(); !done) return tl::unexpected(std::move(done.error()));
  print_warnings(*warnings);
  return 0;
}

}  // namespace

void add_script_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<ScriptOptions>();
  CLI::App* command = app.add_subcommand("script", "Print the samples one by one, as text");
  add_input_options(*command, options->input);
  command->add_option(
      "-F,--fields", options->fields,
      "What to print: comm,tid,pid,time,tod,cpu,event,trace,ip,sym,symoff,dso,period,srcline,addr,"
      "weight,iregs,uregs,brstack,brstacksym,brstackoff,phys_addr,…, or changes to the default as "
      "+pid,-cpu");
  command->add_flag("--ns", options->nanoseconds, "Times with nanoseconds");
  command->add_flag("-G,--hide-call-graph", options->hide_call_graph,
                    "Only the sampled address, on the sample's line");
  static const std::map<std::string, bool> kAddresses{{"relative", false}, {"absolute", true}};
  command
      ->add_option("--addr", options->absolute_addresses,
                   "Addresses of user space in call chains: relative (to the file they are in) or "
                   "absolute")
      ->transform(CLI::CheckedTransformer(kAddresses));
  command->add_flag("--show-mmap-events", options->show_mmap_events, "Show mappings as well");
  command->add_flag("--show-task-events", options->show_task_events,
                    "Show names, births and ends of threads as well");
  command->add_flag("--show-switch-events", options->show_switch_events,
                    "Show when threads go on and off the CPU as well");
  command->add_flag("--header", options->header, "First show what the recording says of itself");
  command->add_flag("--header-only", options->header_only, "Show only that");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace prof
