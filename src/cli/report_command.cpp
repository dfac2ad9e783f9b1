#include <memory>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/pager.h"
#include "cli/warnings.h"
#include "report/report.h"

namespace prof {

namespace {

/// The words as given, until they can be checked together.
struct ReportWords {
  ReportOptions options;
  std::string sort;
  std::vector<std::string> call_graph;
  bool caller = false;
  bool stdio = false;
};

Result<int> run(ReportWords& words) {
  auto keys = parse_sort_keys(words.sort, &words.options.fields);
  if (!keys) return tl::unexpected(keys.error());
  words.options.sort_given = !keys->empty();
  words.options.sort = std::move(*keys);
  for (const std::string& text : words.call_graph) {
    if (auto done = parse_call_graph(text, words.options.call_graph); !done) {
      return tl::unexpected(done.error());
    }
  }
  words.options.call_graph_given = !words.call_graph.empty();
  if (words.caller) {
    words.options.call_graph.caller_first = true;
    words.options.call_graph.order_given = true;
  }
  std::vector<std::string> warnings;
  {
    Pager pager(!words.stdio);
    Output out(pager.fd());
    auto told = run_report(words.options, out);
    if (!told) return tl::unexpected(told.error());
    if (auto done = out.flush(); !done) return tl::unexpected(done.error());
    warnings = std::move(*told);
  }
  print_warnings(warnings);
  return 0;
}

void add_call_graph_options(CLI::App& command, const std::shared_ptr<ReportWords>& words) {
  CallGraphOptions& graph = words->options.call_graph;
  command
      .add_option("-g,--call-graph", words->call_graph,
                  "Call graph: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT "
                  ",caller|callee ,percent|period|count")
      ->expected(0, 1)
      ->take_last();
  command.add_flag("-G,--inverted", words->caller, "Call graphs from callers to callees");
  command.add_option_function<double>(
      "--percent-limit",
      [words, &graph](double percent) {
        words->options.percent_limit = percent;
        graph.min_percent = percent;
      },
      "Leave out what is below this percentage");
  command.add_option("--max-stack", words->options.load.max_stack,
                     "Use this many frames of each stack");
}

}  // namespace

void add_report_command(CLI::App& app, CommandRun& chosen) {
  auto words = std::make_shared<ReportWords>();
  ReportOptions& options = words->options;
  CLI::App* command = app.add_subcommand("report", "Show where the samples are, as a table");
  add_input_options(*command, options.load.input);
  command->add_flag("--stdio", words->stdio, "Plain text on standard output, without a pager");
  command->add_option(
      "-s,--sort", words->sort,
      "Columns: comm,dso,sym,srcline,pid,tid,cpu,cgroup, trace, or fields of tracepoints");
  command->add_flag("--raw-trace", options.raw_fields,
                    "Fields of tracepoints as stored, not as their events print them");
  command->add_option_function<std::string>(
      "--weight",
      [&options](const std::string& weight) {
        options.load.weight_field = weight == "period" ? "" : weight;
      },
      "What percentages relate to: period, or a number among a tracepoint's fields");
  command->add_flag("--children,!--no-children", options.children,
                    "Count a function with everything it calls (default with call chains)");
  add_call_graph_options(*command, words);
  command->add_flag("-n,--show-nr-samples", options.show_samples, "Show the number of samples");
  command->add_flag("--show-total-period", options.show_period, "Show the sum of periods");
  command->add_option("-d,--dso,--dsos", options.dsos, "Only samples in these DSOs")
      ->delimiter(',');
  command->add_option("-S,--symbols", options.symbols, "Only samples in these functions")
      ->delimiter(',');
  command->add_flag("--header", options.header, "Show what the recording says of itself, too");
  command->add_flag("--header-only", options.header_only, "Show only that");
  command->add_flag("--stack-quality", options.stack_quality,
                    "Say which stacks are not whole, why, and what mends it");
  command->add_flag("--stats", options.stats, "Count the records of the recording");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}

}  // namespace prof
