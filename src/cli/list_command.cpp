#include <memory>

#include "cli/command.h"
#include "cli/pager.h"
#include "common/output.h"
#include "list/event_list.h"

namespace prof {

namespace {

struct ListCommand {
  ListOptions options;
  bool json = false, plain = false;
};

Result<int> run_list(const ListCommand& command) {
  const auto events = list_events(command.options);
  if (!events) return tl::unexpected(events.error());
  if (events->empty() && !command.json) {
    return fail("there is no such event", "without a word, prof list shows all", 1);
  }
  Pager pager(!command.plain && !command.json);
  Output out(pager.fd());
  out << (command.json ? event_list_json(*events) : event_list_text(*events));
  if (auto done = out.flush(); !done) return tl::unexpected(done.error());
  return 0;
}

}  // namespace

void add_list_command(CLI::App& app, CommandRun& run) {
  auto* list = app.add_subcommand("list", "List the events of this machine, and which open here");
  auto command = std::make_shared<ListCommand>();
  list->add_option("word", command->options.words,
                   "Only events with this in their name, of this kind, or of a file: usdt:/path");
  list->add_option("-p,--pid", command->options.pid, "The static probes (USDT) of this process");
  list->add_flag("-v,--details", command->options.details,
                 "Fields of tracepoints, terms of raw events, arguments of static probes");
  list->add_flag("--json", command->json, "Print JSON, for machines");
  list->add_flag("--stdio", command->plain, "Plain text on standard output, without a pager");
  list->callback([command, &run] { run = [command] { return run_list(*command); }; });
}

}  // namespace prof
