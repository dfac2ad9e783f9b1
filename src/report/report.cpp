#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/header_text.h"
#include "report/pipeline.h"
#include "report/report_text.h"
#include "report/source.h"
#include "report/stats_text.h"
#include "report/trace_sort.h"

namespace prof {

namespace {

/// perf's --dsos and --symbols: samples taken elsewhere are not shown, but stay in the total.
void hide_other_leaves(const ReportOptions& options, Profile& profile) {
  const auto lacks = [](const std::vector<std::string>& wanted, std::string_view name) {
    return !wanted.empty() && std::ranges::find(wanted, name) == wanted.end();
  };
  const auto hidden = [&](const Frame& frame) {
    const auto short_name =
        frame.dso_short.valid() ? profile.strings[frame.dso_short] : std::string_view{};
    const auto long_name = frame.dso.valid() ? profile.strings[frame.dso] : std::string_view{};
    return (lacks(options.dsos, short_name) && lacks(options.dsos, long_name)) ||
           lacks(options.symbols, profile.strings[frame.name]);
  };
  std::vector<bool> hide(profile.frames.size());
  for (size_t i = 0; i < hide.size(); ++i) hide[i] = hidden(profile.frames[i]);
  for (StackNode& node : profile.nodes) {
    if (hide[node.frame.value]) node.self_samples = node.self_period = 0;
  }
}

/// A column of which a filter leaves one value is said once, above the table, as perf does.
void elide(const std::vector<std::string>& wanted, std::string_view title, SortKey key,
           ReportOptions& options, Output& out) {
  if (wanted.size() != 1 || std::ranges::find(options.sort, key) == options.sort.end()) return;
  out << fmt::format("# {}: {}\n", title, wanted.front());
  if (options.sort.size() > 1) std::erase(options.sort, key);
}

/// Folded text does not say whether a stack begins with a command: in a table, its first frame is a
/// frame like the others, below one root for all.
void put_under_one_root(Profile& profile) {
  StackNode root;
  root.frame = FrameId{static_cast<uint32_t>(profile.frames.size())};
  Frame frame;
  frame.name = profile.strings.intern("all");
  frame.kind = FrameKind::Process;
  profile.frames.push_back(frame);
  for (StackNode& node : profile.nodes) {
    node.parent = node.parent == UINT32_MAX ? 0 : node.parent + 1;
    ++node.end;
    node.group = 0;
  }
  root.end = static_cast<uint32_t>(profile.nodes.size()) + 1;
  profile.nodes.insert(profile.nodes.begin(), root);
  profile.groups.assign(1, Group{});
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

void choose_grouping(ReportOptions& options) {
  const auto asked = [&](SortKey key) {
    return std::ranges::find(options.sort, key) != options.sort.end();
  };
  options.load.group.pid = asked(SortKey::Pid);
  options.load.group.tid = asked(SortKey::Tid);
  options.load.group.cpu = asked(SortKey::Cpu);
  options.load.group.comm =
      asked(SortKey::Comm) || options.load.group.pid || options.load.group.tid;
  options.load.with_lines = asked(SortKey::Srcline);
  options.load.fields = options.fields;
  options.load.raw_fields = options.raw_fields;
  // Without children and call graphs the sampled address is all there is to read.
  options.load.with_callchain =
      options.stack_quality || options.children || options.call_graph.mode != CallGraphMode::None;
}

void print_tables(const Profile& profile, const StackQuality& quality, ReportOptions options,
                  Output& out) {
  if (!options.header) {
    out << "# To display the perf.data header info, please use --header/--header-only "
           "options.\n#\n";
  }
  elide(options.load.input.filter.comms, "comm", SortKey::Comm, options, out);
  elide(options.dsos, "dso", SortKey::Dso, options, out);
  elide(options.symbols, "symbol", SortKey::Symbol, options, out);
  out << fmt::format("#\n# Total Lost Samples: {}\n#\n", profile.lost_samples);
  const uint64_t lost_events = profile.lost_records - profile.lost_samples;
  if (lost_events > 0) out << fmt::format("# Lost events: {}\n#\n", lost_events);
  for (uint32_t event = 0; event < profile.events.size(); ++event) {
    const ProfileEvent& facts = profile.events[event];
    const bool wanted =
        options.load.input.filter.event.empty() || options.load.input.filter.event == facts.name;
    const bool empty = facts.total_samples == 0 && profile.events.size() > 1;
    if (wanted && !empty) print_event(profile, event, options, profile.has_callchains, out);
  }
  print_idle(profile, out);
  const bool judged = profile.has_callchains && options.load.with_callchain;
  if (options.stack_quality) {
    out << quality_table(profile, quality);
  } else if (judged) {
    out << quality_line(profile, quality);
  }
  out << "#\n# (Tip: See the same data as a picture: prof flamegraph > cpu.svg)\n#\n";
}

}  // namespace

Result<std::vector<std::string>> run_report(ReportOptions options, Output& out) {
  auto source = open_source(options.load.input);
  if (!source) return tl::unexpected(source.error());
  if (options.sort.empty()) {
    options.sort = source->folded ? std::vector{SortKey::Symbol}
                                  : std::vector{SortKey::Comm, SortKey::Dso, SortKey::Symbol};
    if (source->recording && has_only_fields(*source->recording)) {
      options.sort = {SortKey::Field};
      options.fields = {"trace"};
    }
  }
  if (source->recording) {
    if (auto done = expand_fields(*source->recording, options); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  }
  if (source->recording) {
    Recording& recording = *source->recording;
    if (options.header || options.header_only) out << header_text(recording.reader());
    if (options.header_only) return recording.warnings();
    if (options.stats) {
      print_stats(recording, out);
      return recording.warnings();
    }
  }
  choose_grouping(options);
  const bool is_folded = source->folded.has_value();
  if (source->script && !options.fields.empty()) {
    return fail(fmt::format("unknown sort key '{}'", options.fields.front()),
                "the text of perf script is not taken apart into fields", 2);
  }
  if (is_folded && !options.fields.empty()) {
    return fail(fmt::format("unknown sort key '{}'", options.fields.front()),
                "folded stacks have no fields", 2);
  }
  if (is_folded && !options.load.weight_field.empty()) {
    return fail("folded stacks have no field to weigh by", "leave out --weight", 2);
  }
  StackQuality quality;
  auto profile = is_folded        ? Result<Profile>(std::move(*source->folded))
                 : source->script ? profile_of_script(*source, options.load)
                                  : build_profile(*source->recording, options.load, &quality);
  if (!profile) return tl::unexpected(profile.error());
  if (is_folded) put_under_one_root(*profile);
  source->recording.reset();
  if (options.call_graph_given && options.call_graph.mode != CallGraphMode::None &&
      !profile->has_callchains) {
    return fail("cannot show call graphs: '" + options.load.input.path + "' has no call chains",
                "record with -g, or leave out -g here");
  }
  if (!options.dsos.empty() || !options.symbols.empty()) hide_other_leaves(options, *profile);
  print_tables(*profile, quality, options, out);
  return profile->warnings;
}

}  // namespace prof
