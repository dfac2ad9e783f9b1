// `prof record` on the command line. Options end at the first word that is none, as in perf: what
// follows is the command, whose own options are left alone.
#include <fmt/core.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>

#include "cli/command.h"
#include "cli/command_words.h"
#include "cli/foreign_options.h"
#include "cli/sample_options.h"
#include "cli/when_options.h"
#include "record/asked_events.h"
#include "record/options.h"
#include "record/recorder.h"
#include "report/embedded.h"

namespace prof {

namespace {

/// What CLI11 fills in; the rest of RecordOptions is made of it.
struct RecordArguments {
  RecordOptions options;
  SampleArguments samples;
  std::string min_block, max_block;
  std::string frequency, call_graph, compression;
  WhenArguments when;
  std::vector<std::string> filters;
  bool exclude_perf = false;
  uint64_t period = 0;
  bool embed = false, dry_run = false;
  bool callchains = false, no_inherit = false, no_compress = false, quiet = false;
};

void add_options(CLI::App& app, RecordArguments& to) {
  RecordOptions& options = to.options;
  app.add_flag("-a,--all-cpus", options.system_wide, "Record the whole system")->group("Whom");
  app.add_option("-C,--cpu", options.cpus, "Record only on these CPUs: 0-3,7")->group("Whom");
  app.add_option("-p,--pid", options.pids, "Record processes: PID[,PID]")->group("Whom");
  app.add_option("-t,--tid", options.tids, "Record threads: TID[,TID]")->group("Whom");
  app.add_option("-u,--uid", options.user, "Record a user's processes, by name or number")
      ->group("Whom");
  app.add_flag("-i,--no-inherit", to.no_inherit, "Not the threads and children born later")
      ->group("Whom");
  add_when_options(app, options, to.when);
  app.add_option("-F,--freq", to.frequency, "Samples a second and CPU, or 'max' [4000]")
      ->group("What");
  app.add_option("-c,--count", to.period, "Sample every so many events instead")->group("What");
  app.add_option("-e,--event", options.events, "Events: cycles, page-faults:u, … [cycles]")
      ->group("What");
  app.add_option("--filter", to.filters,
                 "Only those hits of the tracepoints before it: 'nr_sector > 200'")
      ->group("What");
  app.add_flag("--exclude-perf", to.exclude_perf,
               "Not the hits of prof itself, of the tracepoints before it")
      ->group("What");
  app.add_flag("-g", to.callchains, "Record call chains: as bpf where it can, else as fp")
      ->group("What");
  app.add_option("--call-graph", to.call_graph,
                 "Record call chains by this method: bpf, fp, or dwarf[,SIZE][,live]")
      ->group("What");
  app.add_option("--weight", options.weight_field,
                 "With --bpf: sum this field of the tracepoints, besides counting hits")
      ->group("What");
  app.add_flag("--bpf", options.bpf, "Count equal stacks in the kernel; the file holds each once")
      ->group("What");
  app.add_flag("--off-cpu", options.off_cpu,
               "Count the time that threads are away from a CPU, too, by stacks")
      ->group("What");
  app.add_flag("--wakers", options.wakers,
               "With --off-cpu: count also who woke the threads, by stacks of both")
      ->group("What");
  app.add_flag("--wall", options.wall,
               "Where the time of threads goes, on and off the CPU: -g --off-cpu -e cpu-clock")
      ->group("What");
  app.add_option("--min-block", to.min_block, "With --off-cpu: only from this long on: 10us, 1ms")
      ->group("What");
  app.add_option("--max-block", to.max_block, "With --off-cpu: only up to this long: 100ms, 2s")
      ->group("What");
  app.add_option("--interval", options.interval_seconds,
                 "With --bpf, --off-cpu: counts of every so many seconds, for pictures over time")
      ->group("What");
  app.add_option("--max-stack", options.max_stack, "Frames of a call chain at most")->group("What");
  app.add_option("-k,--clockid", options.clock, "Clock of the time stamps [monotonic]")
      ->group("What");
  add_sample_options(app, options, to.samples);
  app.add_option("-o,--output", options.output, "File to write; '-': standard output [perf.data]")
      ->group("Where to");
  app.add_option("-z,--compression-level", to.compression,
                 "Compress with zstd, 1 to 22, as in -z5; on by default, at 1")
      ->expected(0, 1)
      ->group("Where to");
  app.add_flag("--no-compress", to.no_compress, "Do not compress")->group("Where to");
  app.add_option("-m,--mmap-pages", options.mmap_pages,
                 "Ring buffer of each CPU, in pages or as 1M")
      ->group("Where to");
  app.add_flag("--embed", to.embed,
               "Put the names of the stacks into the file, for machines without the binaries")
      ->group("Where to");
  options.cache = DiskCache::of_user();
  app.add_flag_callback(
         "--no-cache", [&options] { options.cache = DiskCache(); },
         "Keep no copies of binaries that will not be found later")
      ->group("Where to");
  app.add_flag("--dry-run", to.dry_run, "Only check the options and the names of the events")
      ->group("Where to");
  app.add_flag("-q,--quiet", to.quiet, "Print nothing but errors");
  app.add_flag("-v,--verbose", options.verbose, "Say more");
  app.footer(
      "The command follows the options, after '--' or without:\n"
      "  prof record -g -- make          a command, until it ends\n"
      "  prof record -F 99 -ag -- sleep 10   the whole system for 10 seconds\n"
      "  prof record -g -p 1234          a running process, until it or ^C ends it");
}

template <class T>
bool parse_whole(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end;
}

/// What belongs to the -e before it. A thread of ours is known by its name, which is of no other
/// program: in a filter common_pid is the thread's id, and there are none yet but the first.
void take_filters(const CLI::App& app, RecordArguments& from) {
  RecordOptions& options = from.options;
  size_t events = 0, next = 0;
  for (const CLI::Option* option : app.parse_order()) {
    if (option->check_name("-e")) ++events;
    if (option->check_name("--filter") && next < from.filters.size()) {
      options.filters.push_back({"--filter", from.filters[next++], events});
    }
    if (option->check_name("--exclude-perf")) {
      ::prctl(PR_SET_NAME, "prof-record");
      options.filters.push_back({"--exclude-perf", "COMM != \"prof-record\"", events});
    }
  }
}

Result<void> convert(const CLI::App& app, RecordArguments& from) {
  RecordOptions& options = from.options;
  const auto bad = [](const char* option, const std::string& value, const char* wanted) {
    return fail(fmt::format("{} takes {}, not '{}'", option, wanted, value), {}, 2);
  };
  if (from.frequency == "max") {
    options.max_frequency = true;
  } else if (uint64_t hz = 0; !from.frequency.empty()) {
    if (!parse_whole(from.frequency, hz)) return bad("-F", from.frequency, "a number or 'max'");
    options.frequency = hz;
  }
  if (app.count("-c") != 0) options.period = from.period;
  if (auto done = take_when_options(app, from.when, options); !done) return done;
  if (from.callchains || options.wall) {
    options.call_graph = kWalksInKernel ? CallGraph::Bpf : CallGraph::FramePointers;
  }
  options.call_graph_chosen = !from.call_graph.empty();
  if (options.call_graph_chosen) {
    if (auto done = parse_call_graph_method(from.call_graph, options); !done) return done;
  }
  options.inherit = !from.no_inherit;
  take_filters(app, from);
  if (auto done = take_sample_options(app, from.samples, options); !done) return done;
  if (options.wall) {
    options.off_cpu = true;
    if (options.events.empty()) options.events = {"cpu-clock"};
  }
  if ((!from.min_block.empty() || !from.max_block.empty()) && !options.off_cpu) {
    return fail("--min-block and --max-block are of --off-cpu", {}, 2);
  }
  for (const auto& [text, to] : {std::pair(&from.min_block, &options.min_block_ns),
                                 std::pair(&from.max_block, &options.max_block_ns)}) {
    if (text->empty()) continue;
    const auto span = parse_time_span(*text);
    if (!span) return tl::unexpected(span.error());
    *to = *span;
  }
  if (!from.compression.empty() && !parse_whole(from.compression, options.compression_level)) {
    return bad("-z", from.compression, "a level from 1 to 22");
  }
  if (from.no_compress) options.compression_level = 0;
  return {};
}

/// Dies of the signal that ended the recording or its command, so that a shell sees what it would
/// have seen without us.
void end_by(int signal) {
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// What was recorded is looked up on the machine that has it.
Result<void> embed(const RecordArguments& arguments) {
  EmbedOptions options;
  options.input.path = arguments.options.output;
  options.input.symbols.cache = arguments.options.cache;
  const auto done = run_embed(options);
  if (!done) return tl::unexpected(done.error());
  if (!arguments.quiet) {
    fmt::print(stderr, "[ prof record: Embedded {} names and {} unwound stacks, {:.3f} MB ]\n",
               done->names, done->chains, static_cast<double>(done->bytes) / (1024.0 * 1024.0));
  }
  return {};
}

Result<int> check_only(const RecordOptions& options) {
  if (auto done = validate(options); !done) return tl::unexpected(done.error());
  if (auto events = asked_events(options); !events) return tl::unexpected(events.error());
  return 0;
}

Result<int> record(Words words) {
  RecordArguments arguments;
  CLI::App app("Record where a command, a process or the system spends its time", "prof record");
  add_options(app, arguments);
  RecordOptions& options = arguments.options;
  options.command_line = {"prof", "record"};
  options.command_line.insert(options.command_line.end(), words.begin(), words.end());
  options.command = split_command(app, words);
  if (auto done = refuse_foreign_options(app, words); !done) return tl::unexpected(done.error());
  try {
    app.parse(Words(words.rbegin(), words.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return fail(error.what(), "see 'prof record --help'", 2);
  }
  if (const auto list = asked_register_list(arguments.samples)) {
    fmt::print("{}\n", *list);
    return 0;
  }
  if (auto done = convert(app, arguments); !done) return tl::unexpected(done.error());
  if (!arguments.quiet) {
    options.notify = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
  }
  if (arguments.embed && options.output == "-") {
    return fail("--embed needs a file: a pipe has no place for names", "give -o FILE", 2);
  }
  if (arguments.dry_run) return check_only(options);
  if (arguments.embed && (options.switch_output.enabled() || options.timestamp_filename)) {
    return fail("--embed is of one file that keeps its name",
                "run 'prof embed' on each of the files when they are there", 2);
  }
  const auto outcome = run_record(options);
  if (!outcome) return tl::unexpected(outcome.error());
  if (arguments.embed) {
    if (auto done = embed(arguments); !done) return tl::unexpected(done.error());
  }
  if (outcome->signal != 0) end_by(outcome->signal);
  return outcome->exit_code;
}

}  // namespace

void add_record_command(CLI::App& app, CommandRun& run) {
  auto* command = app.add_subcommand("record",
                                     "Record where a command, a process or the system "
                                     "spends its time");
  take_words(*command, [&run](const Words& words) { run = [words] { return record(words); }; });
}

}  // namespace prof
