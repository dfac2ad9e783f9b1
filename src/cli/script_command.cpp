#include <unistd.h>

#include <map>
#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/read_progress.h"
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

void add_field_options(CLI::App& command, ScriptOptions& options) {
  command
      .add_option("-F,--fields", options.fields,
                  "What to print: comm,tid,pid,time,tod,cpu,event,trace,ip,sym,symoff,dso,period,"
                  "srcline,addr,weight,iregs,uregs,brstack,brstacksym,brstackoff,phys_addr,…, or "
                  "changes to the default as +pid,-cpu; as trace:FIELDS of events of one type")
      ->allow_extra_args(false)
      ->take_all();
  command.add_flag("--ns", options.writer.nanoseconds, "Times with nanoseconds");
  auto* since_first = command.add_flag_callback(
      "--reltime", [&options] { options.times = ScriptOptions::Times::SinceFirst; },
      "Times since the first sample shown");
  command
      .add_flag_callback(
          "--deltatime", [&options] { options.times = ScriptOptions::Times::SinceLast; },
          "Times since the sample before")
      ->excludes(since_first);
}

void add_sideband_options(CLI::App& command, SidebandKinds& shown) {
  command.add_flag("--show-mmap-events", shown.mmap, "Show mappings as well");
  command.add_flag("--show-task-events", shown.task,
                   "Show names, births and ends of threads as well");
  command.add_flag("--show-switch-events", shown.switches,
                   "Show when threads go on and off the CPU as well");
  command.add_flag("--show-lost-events", shown.lost, "Show where records were lost as well");
  command.add_flag("--show-namespace-events", shown.namespaces,
                   "Show which namespaces threads are in as well");
  command.add_flag("--show-cgroup-events", shown.cgroup, "Show the names of cgroups as well");
  command.add_flag("--show-bpf-events", shown.bpf, "Show which BPF programs come and go as well");
  command.add_flag("--show-text-poke-events", shown.text_poke,
                   "Show where the kernel changed its own code as well");
  command.add_flag("--show-round-events", shown.round, "Show the recorder's rounds as well");
}

void add_form_options(CLI::App& command, ScriptOptions& options) {
  auto* json = command.add_flag_callback(
      "--json", [&options] { options.writer.form = ScriptForm::Json; },
      "An object of JSON for each sample, one a line");
  auto* csv = command
                  .add_option_function<std::string>(
                      "-x,--field-separator",
                      [&options](const std::string& text) {
                        options.writer.form = ScriptForm::Csv;
                        options.writer.separator = text;
                      },
                      "A table with this between its columns, and a line of their names first")
                  ->excludes(json);
  command
      .add_flag_callback(
          "--csv", [&options] { options.writer.form = ScriptForm::Csv; }, "The same as -x ,")
      ->excludes(json)
      ->excludes(csv);
}

}  // namespace

void add_script_command(CLI::App& app, CommandRun& chosen) {
  auto options = std::make_shared<ScriptOptions>();
  CLI::App* command = app.add_subcommand("script", "Print the samples one by one, as text");
  add_input_options(*command, options->input);
  options->input.progress = read_progress(true);
  add_field_options(*command, *options);
  command->add_flag("-G,--hide-call-graph", options->hide_call_graph,
                    "Only the sampled address, on the sample's line");
  static const std::map<std::string, bool> kAddresses{{"relative", false}, {"absolute", true}};
  command
      ->add_option("--addr", options->absolute_addresses,
                   "Addresses of user space in call chains: relative (to the file they are in) or "
                   "absolute")
      ->transform(CLI::CheckedTransformer(kAddresses));
  command->add_option("--max-stack", options->max_stack,
                      "Print this many frames of each call chain at most");
  command
      ->add_option("--stop-bt", options->stop_at,
                   "End each call chain at the first of these functions: SYMBOL,SYMBOL…")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  command->add_flag("--per-event-dump", options->per_event_dump,
                    "The samples of each event into a file of its own, RECORDING.EVENT.dump");
  add_sideband_options(*command, options->sideband);
  add_form_options(*command, *options);
  command->add_flag("-D,--dump,--dump-raw-trace", options->dump,
                    "Every record as it lies in the file, with its offset and bytes");
  command->add_flag("--header", options->header, "First show what the recording says of itself");
  command->add_flag("--header-only", options->header_only, "Show only that");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace prof
