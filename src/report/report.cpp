#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/columns.h"
#include "report/header_text.h"
#include "report/pipeline.h"
#include "report/profile_edits.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "report/source.h"
#include "report/stats_text.h"
#include "report/task_text.h"
#include "report/thread_counts.h"
#include "report/trace_sort.h"

namespace prof {

namespace {

// A table has room for each of them in each row: larger groups, which no PMU has, have a table for
// each event.
constexpr uint32_t kMostMembers = 32;
constexpr std::string_view kNamelessGroup = "{anon_group}";
constexpr const char* kDefaultParent = "^sys_|^do_page_fault";  // perf's

/// A column of which a filter leaves one value is said once, above the table, as perf does.
void elide(const std::vector<std::string>& wanted, std::string_view title, SortKey key,
           Columns& columns, Output& out) {
  if (wanted.size() != 1 || !columns.shows(key)) return;
  out << fmt::format("# {}: {}\n", title, wanted.front());
  columns.hide(key);
}

/// perf shows what tracepoints say, where there is nothing else, instead of where they were hit.
bool has_only_fields(const Recording& recording) {
  return std::ranges::all_of(recording.events().all(), [](const EventAttr& event) {
    return event.attr.type == PERF_TYPE_TRACEPOINT && event.has(PERF_SAMPLE_RAW) &&
           !event.tells_woken();
  });
}

/// How much of each event was the CPUs waiting for work; nothing if none was.
void print_idle(const Profile& profile, Output& out) {
  for (const ProfileEvent& event : profile.events) {
    if (event.idle_samples == 0) continue;
    const double share = event.total_period == 0 ? 0
                                                 : 100 * static_cast<double>(event.idle_period) /
                                                       static_cast<double>(event.total_period);
    out << fmt::format("# Idle: {:.1f}% of '{}' is the idle task (swapper), waiting for work\n",
                       share, event.name);
  }
}

/// What samples are kept apart by, and read for, is what the columns show.
void choose_grouping(const Columns& columns, ReportOptions& options) {
  LoadOptions& load = options.load;
  load.group.pid = columns.shows(SortKey::Pid);
  load.group.tid = columns.shows(SortKey::Tid);
  load.group.cpu = columns.shows(SortKey::Cpu);
  load.group.comm = columns.shows(SortKey::Comm) || load.group.pid || load.group.tid;
  load.with_lines = columns.shows(SortKey::Srcline) || columns.shows(SortKey::Srcfile);
  load.fields = options.fields;
  load.raw_fields = options.raw_fields;
  load.weigh_accesses = options.mem_mode;
  // What changes stacks would leave their samples behind.
  load.with_timeline = options.intervals && !options.hide_unresolved && options.parent.empty() &&
                       !columns.shows(SortKey::Parent) && options.ignore_callees.empty() &&
                       options.dsos.empty() && options.symbols.empty();
  // Without children and call graphs the sampled address is all there is to read.
  load.with_callchain = options.stack_quality || options.children ||
                        options.call_graph.mode != CallGraphMode::None ||
                        columns.shows(SortKey::Parent) || !options.ignore_callees.empty();
}

/// The tables there are: of each event, but one of those that were recorded as a group.
std::vector<TableEvents> tables_of(const Profile& profile, const std::vector<EventGroup>& groups,
                                   const ReportOptions& options) {
  const std::string& only = options.load.input.filter.event;
  const auto count = static_cast<uint32_t>(profile.events.size());
  std::vector<TableEvents> tables;
  for (uint32_t event = 0; event < count; ++event) {
    TableEvents table{{event}, {}};
    for (const EventGroup& group : groups) {
      if (group.leader != event || !only.empty() || group.members > kMostMembers) continue;
      table.name = group.name == kNamelessGroup ? "anon group" : group.name;
      for (uint32_t member = 1; member < group.members && event + member < count; ++member) {
        table.events.push_back(event + member);
      }
      break;
    }
    event = table.events.back();
    const bool wanted = only.empty() || only == profile.events[table.events.front()].name;
    const bool empty = std::ranges::all_of(
        table.events, [&](uint32_t member) { return profile.events[member].total_samples == 0; });
    if (wanted && (!empty || count == 1)) tables.push_back(std::move(table));
  }
  return tables;
}

/// Events side by side where they were recorded so, or --group asks for it.
std::vector<EventGroup> groups_of(const Recording& recording, const ReportOptions& options) {
  if (options.group == false) return {};
  std::vector<EventGroup> groups = recording.reader().features().groups;
  std::erase_if(groups, [](const EventGroup& group) { return group.members < 2; });
  if (groups.empty() && options.group == true) {
    groups.push_back({{}, 0, static_cast<uint32_t>(recording.events().size())});
  }
  return groups;
}

/// Hides, moves and marks stacks as the options say.
Result<void> edit(const ReportOptions& options, const Columns& columns, Profile& profile) {
  if (options.hide_unresolved) drop_unresolved(profile);
  if (!options.ignore_callees.empty()) {
    if (auto done = ignore_callees(options.ignore_callees, profile); !done) return done;
  }
  if (columns.shows(SortKey::Parent)) {
    const std::string pattern = options.parent.empty() ? kDefaultParent : options.parent;
    if (auto done = mark_parents(pattern, options.exclude_other, profile); !done) return done;
  }
  if (!options.dsos.empty() || !options.symbols.empty()) {
    hide_other_leaves(options.dsos, options.symbols, profile);
  }
  if (columns.shows(SortKey::Srcfile) && !columns.shows(SortKey::Srcline)) {
    keep_files_only(profile);
  }
  return {};
}

/// perf has no column for what only POWER's processors tell, where it was not built for them.
std::string mem_mode_keys(const Recording& recording) {
  const bool is_power = recording.reader().features().arch.value_or("").starts_with("ppc");
  return std::string(
      kMemModeKeys.substr(0, is_power ? kMemModeKeys.npos : kMemModeKeys.rfind(',')));
}

/// --mem-mode wants to know where data was found.
Result<void> check_mem_mode(const Source& source, const ReportOptions& options) {
  if (!options.mem_mode) return {};
  if (!options.load.weight_field.empty()) {
    return fail("--mem-mode and --weight exclude each other", "accesses count by their weights", 2);
  }
  const bool has = source.recording && std::ranges::any_of(source.recording->events().all(),
                                                           [](const EventAttr& event) {
                                                             return event.has(PERF_SAMPLE_DATA_SRC);
                                                           });
  if (has) return {};
  return fail("--mem-mode: '" + options.load.input.path + "' does not tell where data was found",
              "record with -d, and with -W for its cost");
}

/// The keys where none are given, and those that stand for many.
Result<void> complete_keys(const Source& source, ReportOptions& options) {
  std::vector<SortKey> usual{SortKey::Comm, SortKey::Dso, SortKey::Symbol};
  if (source.format && !source.format->has_dsos) std::erase(usual, SortKey::Dso);
  if (source.format && !source.format->has_comms) std::erase(usual, SortKey::Comm);
  if (options.mem_mode && source.recording && (options.sort.empty() || options.sort_appends)) {
    auto keys = parse_sort_keys(mem_mode_keys(*source.recording), &options.fields);
    if (!keys) return tl::unexpected(std::move(keys.error()));
    usual = std::move(*keys);
  } else if (source.recording && has_only_fields(*source.recording)) {
    const auto known = std::ranges::find(options.fields, "trace");
    usual = {field_key(static_cast<size_t>(known - options.fields.begin()))};
    if (known == options.fields.end()) options.fields.emplace_back("trace");
  }
  if (options.sort.empty() || options.sort_appends) {
    const std::vector<SortKey> given = std::exchange(options.sort, usual);
    for (const SortKey key : given) {
      if (std::ranges::find(usual, key) == usual.end()) options.sort.push_back(key);
    }
  }
  if (!options.parent.empty() &&
      std::ranges::find(options.sort, SortKey::Parent) == options.sort.end()) {
    options.sort.push_back(SortKey::Parent);
  }
  if (source.recording) return expand_fields(*source.recording, options);
  if (options.load.input.filter.socket) {
    return fail("--socket-filter: only a perf.data tells which processor a sample is of", {}, 2);
  }
  if (options.fields.empty()) return {};
  return fail(fmt::format("unknown sort key '{}'", options.fields.front()),
              "only a perf.data has fields of tracepoints", 2);
}

void print_tables(const Profile& profile, const std::vector<TableEvents>& tables,
                  const StackQuality& quality, const ReportOptions& options, Output& out) {
  Columns columns = choose_columns(options, options.children && profile.has_callchains);
  if (options.quiet) {
    for (const TableEvents& events : tables) print_table(profile, events, options, columns, out);
    return;
  }
  if (!options.header) {
    out << "# To display the perf.data header info, please use --header/--header-only "
           "options.\n#\n";
  }
  elide(options.load.input.filter.comms, "comm", SortKey::Comm, columns, out);
  elide(options.dsos, "dso", SortKey::Dso, columns, out);
  elide(options.symbols, "symbol", SortKey::Symbol, columns, out);
  out << fmt::format("#\n# Total Lost Samples: {}\n#\n", profile.lost_samples);
  const uint64_t lost_events = profile.lost_records - profile.lost_samples;
  if (lost_events > 0) out << fmt::format("# Lost events: {}\n#\n", lost_events);
  for (const TableEvents& events : tables) print_table(profile, events, options, columns, out);
  print_idle(profile, out);
  const bool judged = profile.has_callchains && options.load.with_callchain;
  if (options.stack_quality) {
    out << quality_table(profile, quality);
  } else if (judged) {
    out << quality_line(profile, quality);
  }
  out << "#\n# (Tip: See the same data as a picture: prof flamegraph > cpu.svg)\n#\n";
}

/// What is printed of a recording without a table; false: nothing of the kind was asked for.
bool print_facts(Recording& recording, const ReportOptions& options, Output& out) {
  if ((options.header && !options.json) || options.header_only) {
    out << header_text(recording.reader(), options.show_info);
  }
  if (options.header_only) return true;
  if (options.stats) {
    print_stats(recording, out);
  } else if (options.tasks || options.mmaps) {
    print_tasks(recording, options.mmaps, out);
  }
  return options.stats || options.tasks || options.mmaps;
}

}  // namespace

Result<std::vector<std::string>> run_report(ReportOptions options, Output& out,
                                            const ReportViewer& viewer) {
  auto source = open_source(options.load.input);
  if (!source) return tl::unexpected(source.error());
  if (auto done = complete_keys(*source, options); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (auto done = check_mem_mode(*source, options); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  options.load.always_root = true;
  std::vector<EventGroup> groups;
  std::string counts;  // of threads
  std::optional<Features> header;
  if (source->recording) {
    if (print_facts(*source->recording, options, out)) return source->recording->warnings();
    groups = groups_of(*source->recording, options);
    if (options.json) header = source->recording->reader().features();
    if (options.thread_counts) counts = thread_counts_text(*source->recording);
  }
  const Columns columns = choose_columns(options, options.children);
  choose_grouping(columns, options);
  StackQuality quality;
  auto profile = source->format ? profile_of_import(*source, options.load)
                                : build_profile(*source->recording, options.load, &quality);
  if (!profile) return tl::unexpected(profile.error());
  if (source->format && !source->format->has_comms) put_under_one_root(*profile);
  source->recording.reset();
  if (options.call_graph_given && options.call_graph.mode != CallGraphMode::None &&
      !profile->has_callchains) {
    return fail("cannot show call graphs: '" + options.load.input.path + "' has no call chains",
                "record with -g, or leave out -g here");
  }
  if (columns.shows(SortKey::Parent) && !profile->has_callchains) {
    return fail("cannot sort by parent: '" + options.load.input.path + "' has no call chains",
                "record with -g");
  }
  if (auto done = edit(options, columns, *profile); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (options.json) {
    const auto tables = tables_of(*profile, groups, options);
    const bool with_graphs = options.call_graph_given &&
                             options.call_graph.mode != CallGraphMode::None &&
                             profile->has_callchains;
    print_json({*profile, tables, header ? &*header : nullptr, with_graphs}, options,
               choose_columns(options, options.children && profile->has_callchains), out);
    return profile->warnings;
  }
  const std::vector<TableEvents> tables = tables_of(*profile, groups, options);
  if (viewer) {
    const Columns shown = choose_columns(options, options.children && profile->has_callchains);
    if (auto done = viewer({*profile, tables, shown, quality, options}); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    return profile->warnings;
  }
  print_tables(*profile, tables, quality, options, out);
  if (options.thread_counts && counts.empty()) {
    profile->warnings.push_back("no counts of threads were recorded: 'prof record -s' does");
  }
  out << counts;
  return profile->warnings;
}

}  // namespace prof
