// `prof stacks EVENT` on the command line: one recording, in the kernel and in memory, and the list
// of its stacks. As of record, options end at the first word that is none: the event. What follows
// is the command.
#include <fmt/core.h>

#include <csignal>
#include <memory>

#include "cli/command.h"
#include "cli/command_words.h"
#include "cli/profile_output.h"
#include "cli/warnings.h"
#include "record/options.h"
#include "record/probe_spec.h"
#include "record/recorder.h"
#include "record/tracefs.h"
#include "report/folded.h"
#include "report/load.h"
#include "report/stack_list.h"

namespace prof {

namespace {

struct StacksCommand {
  RecordOptions record;
  std::string event, filter, call_graph = "fp";
  double interval = 0;
  bool by_process = false, folded = false, user_only = false, kernel_only = false;
  bool no_inherit = false, quiet = false;
  uint64_t turns = 0;  // that were printed
  uint64_t hits = 0;   // records of them
  bool reader_has_gone = false;
};

/// Events of a pattern are told apart, unless a function shows by itself.
void print_stacks(const StacksCommand& command, const Profile& profile, Output& out) {
  StackListOptions list;
  list.by_process = command.by_process;
  list.with_event = is_glob(command.event) && !command.event.starts_with("uprobe:");
  for (uint32_t i = 0; i < profile.events.size(); ++i) {
    if (profile.events[i].samples == 0) continue;
    list.events.push_back(i);
    if (!command.folded) continue;
    FoldedOptions folded;
    folded.event = i;
    if (list.with_event) folded.innermost = event_as_frame(profile.events[i]);
    write_folded(profile, folded, out);
  }
  if (!command.folded) write_stack_list(profile, list, out);
}

/// What a recording of ours holds.
Result<void> print(StacksCommand& command, int fd, const TakenRecording& recording) {
  if (recording.lost != 0) {
    fmt::print(stderr,
               "prof: warning: {} hits were lost: they came faster than stacks can be "
               "counted, or while another program ran\n",
               recording.lost);
  }
  if (recording.is_incomplete) {
    fmt::print(stderr, "prof: warning: some counts could not be read, and are missing\n");
  }
  const std::string& weight = command.record.weight_field;
  if (recording.left_out != 0) {
    fmt::print(stderr, "prof: warning: {} hits are left out: '{}' is negative\n",
               recording.left_out, weight);
  }
  command.hits += recording.samples;
  if (recording.is_last && command.hits == 0 && !command.quiet) {
    fmt::print(stderr, "prof: '{}' was not hit\n", command.event);
  }
  Output out(STDOUT_FILENO);
  if (command.interval > 0 && !command.folded) {
    out << fmt::format("[{}]\n", ++command.turns);
  }
  if (recording.samples != 0) {
    LoadOptions load;
    load.input.path = fmt::format("/proc/self/fd/{}", fd);
    load.input.symbols.cache = command.record.cache;
    load.group.comm = command.folded || command.by_process;
    load.group.pid = command.by_process;
    if (!recording.is_counted) load.weight_field = weight;
    const auto profile = load_profile(load);
    if (!profile) return tl::unexpected(profile.error());
    print_stacks(command, *profile, out);
  }
  auto written = out.flush();
  command.reader_has_gone = out.broken();
  return written;
}

Result<void> settle(StacksCommand& command) {
  RecordOptions& record = command.record;
  if (command.event.starts_with('{')) {
    return fail(fmt::format("'{}' is a group, and stacks are counted of each event by itself",
                            command.event),
                "'prof record' takes groups", 2);
  }
  if (!is_probe(command.event) && command.event.find(',') != std::string::npos &&
      command.event.find('/') == std::string::npos) {
    return fail("stacks are counted of one event, or of all that a pattern matches",
                "'prof record --bpf -e A,B' takes several", 2);
  }
  if (command.user_only && command.kernel_only) {
    return fail("-U and -K exclude each other", "without either, stacks have both parts", 2);
  }
  if (command.interval < 0 || (command.interval > 0 && command.interval < kLeastInterval)) {
    return fail(fmt::format("an interval is at least {} seconds", kLeastInterval), {}, 2);
  }
  if (command.event.empty()) {
    return fail("stacks of what? no event is given",
                "try 'prof stacks sched:sched_switch', 'prof stacks page-faults -- COMMAND'", 2);
  }
  record.events = {command.event};
  if (!command.filter.empty()) record.filters = {{"--filter", command.filter, 1}};
  record.system_wide = record.command.empty() && record.pids.empty();
  if (!record.command.empty() && !record.pids.empty()) {
    return fail("-p and a command exclude each other", "-D ends the counting after a time", 2);
  }
  record.inherit = !command.no_inherit;
  record.bpf = true;
  record.count_each = true;
  if (auto done = parse_call_graph_method(command.call_graph, record); !done) return done;
  record.kernel_callchains = !command.user_only;
  record.user_callchains = !command.kernel_only;
  record.turn_seconds = command.interval;
  record.compression_level = 0;
  if (!command.quiet) {
    record.notify = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
  }
  return {};
}

Result<int> run_stacks(StacksCommand& command) {
  if (auto done = settle(command); !done) return tl::unexpected(done.error());
  command.record.take = [&command](int fd, const TakenRecording& recording) {
    return print(command, fd, recording);
  };
  const auto outcome = run_record(command.record);
  if (command.reader_has_gone) {  // as any program ends whose reader had enough
    ::signal(SIGPIPE, SIG_DFL);
    ::raise(SIGPIPE);
  }
  if (!outcome) return tl::unexpected(outcome.error());
  // ^C is how one ends it; a command's own end is told as a shell would.
  if (outcome->signal == SIGINT || outcome->signal == SIGTERM) return 0;
  return outcome->signal != 0 ? 128 + outcome->signal : outcome->exit_code;
}

void add_options(CLI::App& app, StacksCommand& to) {
  RecordOptions& record = to.record;
  app.add_option("-p,--pid", record.pids, "Only of these processes: PID[,PID]");
  app.add_option("-i,--interval", to.interval,
                 "Print every so many seconds, and begin at zero again");
  app.add_option("-D,--duration", record.duration_seconds, "End after so many seconds");
  app.add_option("--filter", to.filter,
                 "Only hits of a tracepoint whose fields are so: 'nr_sector > 200'");
  app.add_option("--weight", record.weight_field,
                 "Sum this field of the tracepoint, instead of counting hits");
  app.add_flag("-P,--per-pid", to.by_process, "Tell processes apart: comm [pid]");
  app.add_flag("-f,--folded", to.folded, "Print folded stacks, for prof flamegraph");
  app.add_flag("-U,--user-stacks-only", to.user_only, "Only the user's part of the stacks");
  app.add_flag("-K,--kernel-stacks-only", to.kernel_only, "Only the kernel's part");
  app.add_option("--call-graph", to.call_graph,
                 "How user stacks are found: fp (frame pointers), or bpf (unwind tables) [fp]");
  app.add_flag("--no-inherit", to.no_inherit, "Not the threads and children born later");
  app.add_flag("-q,--quiet", to.quiet, "Print no notes");
  record.cache = DiskCache::of_user();
  app.add_flag_callback(
      "--no-cache", [&record] { record.cache = DiskCache(); },
      "Keep nothing on disk for the next time, and use nothing that was");
  app.footer(
      "The event comes first, then the command, if only that is to be counted:\n"
      "  prof stacks sched:sched_switch               the whole system, until ^C\n"
      "  prof stacks -p 1234 -D 10 uprobe:libc:malloc a running process for 10 seconds\n"
      "  prof stacks -f page-faults -- make | prof flamegraph > faults.svg");
}

Result<int> stacks(Words words) {
  StacksCommand command;
  CLI::App app("Count the stacks that lead to an event", "prof stacks EVENT [-- COMMAND]");
  add_options(app, command);
  command.record.command_line = {"prof", "stacks"};
  command.record.command_line.insert(command.record.command_line.end(), words.begin(), words.end());
  Words rest = split_command(app, words);
  if (!rest.empty()) {
    command.event = rest.front();
    Words more(rest.begin() + 1, rest.end());  // options may follow the event, too
    command.record.command = split_command(app, more);
    words.insert(words.end(), more.begin(), more.end());
  }
  try {
    app.parse(Words(words.rbegin(), words.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return fail(error.what(), "see 'prof stacks --help'", 2);
  }
  return run_stacks(command);
}

}  // namespace

void add_stacks_command(CLI::App& app, CommandRun& run) {
  auto* command = app.add_subcommand("stacks", "Count the stacks that lead to an event");
  take_words(*command, [&run](const Words& words) { run = [words] { return stacks(words); }; });
}

}  // namespace prof
