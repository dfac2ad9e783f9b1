#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "cli/command.h"
#include "cli/foreign_report_options.h"
#include "cli/input_options.h"
#include "cli/pager.h"
#include "cli/warnings.h"
#include "report/report.h"
#include "tui/browser.h"

namespace prof {

namespace {

constexpr int kWidestColumn = 10000;

/// The words as given, until they can be checked together.
struct ReportWords {
  ReportOptions options;
  std::string sort, columns, separator, quantum;
  std::vector<std::string> call_graph;
  bool caller = false;
  bool stdio = false;
  bool tui = false;  // asked for
};

/// Whether the terminal can show tables that open: what else was asked for is text.
bool can_browse(const ReportWords& words) {
  const ReportOptions& options = words.options;
  if (words.stdio || options.json || options.header || options.header_only || options.stats ||
      options.tasks || options.mmaps || options.thread_counts || options.stack_quality ||
      options.quiet || options.hierarchy || !options.separator.empty()) {
    return false;
  }
  return can_browse_here();
}

/// "KEYS", or "+KEYS", which stand behind what there is anyway.
Result<std::vector<SortKey>> keys_of(const char* option, std::string_view text, bool& append,
                                     ReportOptions& options) {
  append = text.starts_with('+');
  if (append) text.remove_prefix(1);
  auto keys = parse_sort_keys(std::string(text), &options.fields);
  if (keys && append && keys->empty()) {
    return fail(fmt::format("{} + names no key", option), std::string(kSortKeysHint), 2);
  }
  return keys;
}

Result<void> take_keys(ReportWords& words) {
  ReportOptions& options = words.options;
  options.sort_words = words.sort;
  auto sort = keys_of("--sort", words.sort, options.sort_appends, options);
  if (!sort) return tl::unexpected(sort.error());
  options.sort_given = !sort->empty();
  options.sort = std::move(*sort);
  auto columns = keys_of("--fields", words.columns, options.columns_append, options);
  if (!columns) return tl::unexpected(columns.error());
  options.columns = std::move(*columns);
  if (options.hierarchy && !options.columns.empty()) {
    return fail("--hierarchy and --fields exclude each other", "levels are the keys of --sort", 2);
  }
  if (words.separator == "\\t") words.separator = "\t";
  if (words.separator.starts_with('.')) {
    return fail("-t cannot be a dot: it stands for the separator in names", {}, 2);
  }
  options.separator = words.separator;
  return {};
}

/// "100ms": perf's time units.
Result<uint64_t> parse_quantum(const std::string& text) {
  static constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"ns", 1}, {"us", 1000}, {"ms", 1'000'000}, {"s", 1'000'000'000}};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const auto& [name, size] : kUnits) {
    if (error == std::errc{} && unit == name && number > 0 && number <= UINT64_MAX / size) {
      return number * size;
    }
  }
  return fail(fmt::format("cannot read --time-quantum '{}'", text), "write 100ms, 10us, 1s", 2);
}

Result<int> run(ReportWords& words) {
  if (auto done = take_keys(words); !done) return tl::unexpected(done.error());
  if (!words.quantum.empty()) {
    auto quantum = parse_quantum(words.quantum);
    if (!quantum) return tl::unexpected(quantum.error());
    words.options.load.time_column.quantum = *quantum;
  }
  for (const std::string& text : words.call_graph) {
    if (auto done = parse_call_graph(text, words.options.call_graph); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (words.options.intervals && words.options.hierarchy) {
    return fail("--ci and --hierarchy exclude each other", "levels have no intervals", 2);
  }
  words.options.call_graph_given = !words.call_graph.empty();
  if (words.caller) {
    words.options.call_graph.caller_first = true;
    words.options.call_graph.order_given = true;
  }
  if (words.options.mem_mode) words.options.children = false;  // as perf
  if (words.options.hierarchy) {                               // a level has what is below it
    CallGraphOptions& graph = words.options.call_graph;
    graph.caller_first = graph.order_given ? graph.caller_first : words.options.children;
    graph.order_given = true;
    words.options.children = false;
  }
  std::vector<std::string> warnings;
  {
    const bool browse = words.tui || can_browse(words);
    Pager pager(!words.stdio && !browse);
    Output out(pager.fd());
    auto told =
        run_report(words.options, out, browse ? ReportViewer(browse_report) : ReportViewer());
    if (!told) return tl::unexpected(told.error());
    if (auto done = out.flush(); !done) return tl::unexpected(done.error());
    warnings = std::move(*told);
  }
  if (!words.options.quiet) print_warnings(warnings);
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

void add_layout_options(CLI::App& command, const std::shared_ptr<ReportWords>& words) {
  ReportOptions& options = words->options;
  command.add_option("-t,--field-separator", words->separator,
                     "Put this between columns, which are not aligned then; in names it is a dot");
  command
      .add_option("-w,--column-widths", options.column_widths,
                  "Widths of the columns, in their order; 0: as wide as it takes")
      ->delimiter(',');
  command.add_flag("--show-cpu-utilization", options.show_modes,
                   "Show the shares of the kernel and of user space");
  command
      .add_option_function<std::string>(
          "--percentage",
          [&options](const std::string& of) { options.relative = of == "relative"; },
          "Of what filters leave (relative), or of all (absolute, the default)")
      ->check(CLI::IsMember({"relative", "absolute"}));
  command.add_flag("--hierarchy", options.hierarchy,
                   "A level of rows for each sort key, in the place of columns");
  command.add_flag_function(
      "--group,!--no-group", [&options](int64_t count) { options.group = count > 0; },
      "One table for the events of a group (default where they were recorded so)");
  command.add_option("--group-sort-idx", options.group_sort_index,
                     "Sort by the member of the group with this number, from 0");
}

void add_stack_options(CLI::App& command, ReportOptions& options) {
  command.add_option(
      "-p,--parent", options.parent,
      "Tell samples apart by the function of this regular expression they are below");
  command.add_flag("-x,--exclude-other", options.exclude_other,
                   "Only samples below a function of --parent");
  command.add_option("--ignore-callees", options.ignore_callees,
                     "Count what functions of this regular expression call as their own");
  command.add_flag("-U,--hide-unresolved", options.hide_unresolved,
                   "Only samples in functions with a name");
  command.add_option("--symbol-filter", options.symbol_filter,
                     "Only functions with this in their names");
}

void add_sort_option(CLI::App& command, const std::shared_ptr<ReportWords>& words) {
  command.add_option("-s,--sort", words->sort,
                     "What makes a row: comm,dso,sym,srcline,srcfile,pid,tid,cpu,time,cgroup, "
                     "parent,weight,addr,event,trace,mem,symbol_daddr, or fields of tracepoints; "
                     "+KEYS: more");
}

void add_children_option(CLI::App& command, const std::shared_ptr<ReportWords>& words) {
  command.add_flag("--children,!--no-children", words->options.children,
                   "Count a function with everything it calls (default with call chains)");
}

}  // namespace

void add_tui_command(CLI::App& app, CommandRun& chosen) {
  auto words = std::make_shared<ReportWords>();
  words->tui = true;
  CLI::App* command = app.add_subcommand(
      "tui", "Look at a recording in the terminal: rows that open, and a flame graph");
  add_input_options(*command, words->options.load.input);
  add_format_option(*command, words->options.load.input);
  command->add_option("file", words->options.load.input.path, "The same as -i");
  add_sort_option(*command, words);
  add_children_option(*command, words);
  add_call_graph_options(*command, words);
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}

void add_report_command(CLI::App& app, CommandRun& chosen) {
  auto words = std::make_shared<ReportWords>();
  ReportOptions& options = words->options;
  CLI::App* command = app.add_subcommand("report", "Show where the samples are, as a table");
  add_input_options(*command, options.load.input);
  add_format_option(*command, options.load.input);
  auto* stdio =
      command->add_flag("--stdio", words->stdio, "Plain text on standard output, without a pager");
  command->add_flag("--tui", words->tui, "Rows that open, in the terminal: the default in one")
      ->excludes(stdio);
  add_sort_option(*command, words);
  command->add_option("-F,--fields", words->columns,
                      "Columns, in this order: overhead,overhead_children,overhead_sys, "
                      "overhead_us,sample,period, and those of --sort; +KEYS: more");
  command->add_option("--time-quantum", words->quantum,
                      "Steps of the sort key time: 100ms, 10us, 1s");
  command->add_flag("--ns", options.load.time_column.nanoseconds, "Times in nanoseconds");
  add_layout_options(*command, words);
  command->add_flag("--full-source-path", options.load.full_paths,
                    "Source files with their folders");
  command->add_flag("--mem-mode", options.mem_mode,
                    "Memory accesses by their weights: where data was, and which");
  command->add_option("--socket-filter", options.load.input.filter.socket,
                      "Only samples of this processor's CPUs");
  command->add_flag("--raw-trace", options.raw_fields,
                    "Fields of tracepoints as stored, not as their events print them");
  command->add_option_function<std::string>(
      "--weight",
      [&options](const std::string& weight) {
        options.load.weight_field = weight == "period" ? "" : weight;
      },
      "What percentages relate to: period, or a number among a tracepoint's fields");
  add_children_option(*command, words);
  add_call_graph_options(*command, words);
  add_stack_options(*command, options);
  command->add_flag("-n,--show-nr-samples", options.show_samples, "Show the number of samples");
  command->add_flag("--show-total-period", options.show_period, "Show the sum of periods");
  command->add_option("-d,--dso,--dsos", options.dsos, "Only samples in these DSOs")
      ->delimiter(',');
  command->add_option("-S,--symbols", options.symbols, "Only samples in these functions")
      ->delimiter(',');
  command->add_flag("--header", options.header, "Show what the recording says of itself, too");
  command->add_flag("--header-only", options.header_only, "Show only that");
  command->add_flag("-I,--show-info", options.show_info, "With it CPUs, memory and caches");
  command->add_flag("--json", options.json, "JSON for programs, instead of tables");
  command->add_flag("--ci", options.intervals,
                    "Show how far percentages may be off by chance: their 95% interval");
  command->add_flag("--tasks", options.tasks, "List the threads and who made them, instead");
  command->add_flag("--mmaps", options.mmaps, "List them with what they had mapped");
  command->add_flag("-T,--threads", options.thread_counts,
                    "Show the counts of each thread that record -s left");
  command->add_flag("--stack-quality", options.stack_quality,
                    "Say which stacks are not whole, why, and what mends it");
  command->add_flag("--stats", options.stats, "Count the records of the recording");
  command->add_flag("-q,--quiet", options.quiet, "Only the rows: no heads, no warnings");
  add_foreign_report_options(*command);
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}

}  // namespace prof
