#include "report/report_text.h"

#include <fmt/format.h>

#include "report/hierarchy.h"
#include "report/table.h"

namespace prof {

namespace {

/// "1K": perf's rounding of the number of samples.
std::string with_unit(uint64_t value) {
  char unit = ' ';
  for (const char next : {'K', 'M', 'G'}) {
    if (value <= 1000) break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{}{}", value, unit);
}

/// The keys of --mem-mode, of which perf tells.
std::string sort_order(const ReportOptions& options) {
  if (options.sort_words.empty()) return std::string(kMemModeKeys);
  if (!options.sort_appends) return options.sort_words;
  return std::string(kMemModeKeys) + "," + options.sort_words.substr(1);
}

void print_event(const Profile& profile, const TableEvents& events, const ReportOptions& options,
                 const TableRows& rows, Output& out) {
  const ProfileEvent& first = profile.events[events.events.front()];
  uint64_t samples = 0, period = 0, counted = 0;
  for (size_t i = 0; i < events.events.size(); ++i) {
    samples += rows.total_samples(i);
    period += rows.total_period(i);
    counted += profile.events[events.events[i]].counted_stacks;
  }
  const std::string& time = options.load.input.filter.time;
  const std::string sum = options.mem_mode ? "Total weight "
                          : first.weight_field.empty()
                              ? "Event count (approx.)"
                              : "Sum of field '" + first.weight_field + "'";
  std::string more;
  if (options.mem_mode) more = "# Sort order   : " + sort_order(options) + "\n";
  if (const auto socket = options.load.input.filter.socket) {
    more += fmt::format("# Processor Socket: {}\n", *socket);
  }
  if (options.intervals) more += "# +-: 95% interval of the percentage before it\n";
  out << fmt::format("# Samples: {} of event{} '{}'{}{}\n# {}: {}\n{}#\n", with_unit(samples),
                     events.events.size() > 1 ? "s" : "", name_of(profile, events),
                     counted == 0 ? "" : fmt::format(" (counted in {} records)", counted),
                     time.empty() ? "" : " (time slices: " + time + ")", sum, period, more);
}

}  // namespace

TableShape shape_of(const ReportOptions& options, bool has_callchains) {
  TableShape shape;
  shape.children = options.children && has_callchains;
  shape.graph = has_callchains && options.call_graph.mode != CallGraphMode::None;
  shape.caller_first =
      options.call_graph.order_given ? options.call_graph.caller_first : shape.children;
  return shape;
}

std::string name_of(const Profile& profile, const TableEvents& events) {
  if (events.events.size() == 1) return profile.events[events.events.front()].name;
  std::string names;
  for (const uint32_t event : events.events) {
    names += names.empty() ? "" : ", ";
    names += profile.events[event].name;
  }
  return events.name.empty() ? names : fmt::format("{} {{ {} }}", events.name, names);
}

void print_table(const Profile& profile, const TableEvents& events, const ReportOptions& options,
                 const Columns& columns, Output& out) {
  TableRows rows(profile, events.events, options, columns,
                 shape_of(options, profile.has_callchains));
  if (!options.quiet) print_event(profile, events, options, rows, out);
  if (options.hierarchy) {
    const Hierarchy tree(profile, rows, options);
    if (!options.quiet) tree.print_heads(out);
    tree.print_rows(out);
  } else {
    const Table table(profile, rows, options);
    if (!options.quiet) table.print_heads(out);
    table.print_rows(out);
  }
  out << "\n\n";
}

}  // namespace prof
