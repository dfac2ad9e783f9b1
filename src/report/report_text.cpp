#include "report/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "report/call_graph.h"
#include "report/call_graph_text.h"
#include "report/trace_columns.h"

namespace prof {

namespace {

// Hexadecimal digits of an address in the Symbol column, and with "[k] 0x" before them.
constexpr size_t kAddressDigits = 16;
constexpr std::string_view kWholeText = "trace";
constexpr size_t kUnresolvedWidth = kAddressDigits + 4 + 2;

struct Column {
  std::string_view title;
  size_t width;
  bool right;  // aligned
};

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

class Table {
 public:
  Table(const Profile& profile, const Histogram& histogram, const ProfileEvent& event,
        const ReportOptions& options, bool has_callchains)
      : profile_(profile),
        histogram_(histogram),
        event_(event),
        options_(options),
        sort_(shown_keys(event, options)),
        children_(options.children && has_callchains),
        graph_(has_callchains && options.call_graph.mode != CallGraphMode::None) {
    measure();
  }

  void print_heads(Output& out) const {
    std::string titles = "# ";
    std::string dots = "# ";
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      const std::string_view gap = i == 0 ? "" : "  ";
      titles += gap;
      titles += column.right ? fmt::format("{:>{}}", column.title, column.width)
                             : fmt::format("{:<{}}", column.title, column.width);
      dots += gap;
      dots.append(column.width, '.');
    }
    out << titles << "\n" << dots << "\n#\n";
  }

  void print_rows(Output& out) {
    CallGraphBuilder graphs(histogram_);
    std::string line;
    for (const uint32_t index : ordered()) {
      const Row& row = histogram_.rows()[index];
      if (percent(shown(row)) < options_.percent_limit) continue;
      line.clear();
      append_row(row, line);
      line += '\n';
      if (graph_) append_graph(index, graphs, line);
      out << line;
      if (out.broken()) return;
    }
  }

 private:
  /// A field has a column in the tables of the events that have it; that of "trace" is in all.
  static std::vector<SortKey> shown_keys(const ProfileEvent& event, const ReportOptions& options) {
    std::vector<SortKey> keys;
    for (const SortKey key : options.sort) {
      const auto field = field_of(key);
      const bool lacking =
          field && (*field >= event.field_widths.size() || event.field_widths[*field] == 0);
      if (!lacking) keys.push_back(key);
    }
    return keys;
  }

  /// perf's titles are the fields' names.
  Column field_column(size_t field) const {
    std::string_view name = options_.fields[field];
    if (name.ends_with("/raw")) name.remove_suffix(4);
    if (name == kWholeText) return {"Trace output", event_.field_widths[field], false};
    if (const auto own = own_column(name))
      return {title_of(*own), event_.field_widths[field], false};
    const size_t dot = name.rfind('.');
    return {dot == name.npos ? name : name.substr(dot + 1), event_.field_widths[field], true};
  }

  const FieldValue& value_of(const Row& row, size_t field) const {
    static constexpr FieldValue kNone;
    return row.key.fields < 0 ? kNone
                              : profile_.field_values[static_cast<size_t>(row.key.fields)][field];
  }
  std::string_view string_of(StringId id) const {
    return id.valid() ? profile_.strings[id] : std::string_view{};
  }

  const Weights& shown(const Row& row) const { return children_ ? row.children : row.self; }

  double percent(const Weights& weights) const {
    if (event_.total_period == 0) return 0;
    return static_cast<double>(weights.period) * 100.0 / static_cast<double>(event_.total_period);
  }

  std::string_view comm_of(const Row& row) const {
    return row.key.comm.valid() ? profile_.strings[row.key.comm] : std::string_view{};
  }
  std::string_view dso_of(const Row& row) const {
    const Frame& frame = profile_.frame(row.key.frame);
    return frame.dso_short.valid() ? profile_.strings[frame.dso_short] : "[unknown]";
  }
  bool resolved(const Row& row) const {
    return profile_.frame(row.key.frame).kind != FrameKind::Unknown;
  }
  std::string_view symbol_of(const Row& row) const {
    return resolved(row) ? profile_.name(row.key.frame) : std::string_view{};
  }

  /// perf's text for what has no line at all, as in folded stacks.
  std::string_view line_of(const Row& row) const {
    const Frame& frame = profile_.frame(row.key.frame);
    return frame.line.valid() ? profile_.strings[frame.line] : kNoLine;
  }

  std::string_view mark_of(const Row& row) const {
    const bool inlined = profile_.frame(row.key.frame).kind == FrameKind::Inlined;
    return inlined ? kInlinedMark : std::string_view{};
  }

  bool listed(const Row& row) const { return shown(row).samples > 0; }

  void measure() {
    if (children_) columns_.push_back({"Children", 8, true});
    columns_.push_back({children_ ? "Self" : "Overhead", 8, true});
    if (options_.show_samples) columns_.push_back({"Samples", 12, true});
    if (options_.show_period) columns_.push_back({"Period", 12, true});
    size_t comm = 0;
    size_t dso = 0;
    size_t symbol = 0;
    size_t line = 0;
    for (const Row& row : histogram_.rows()) {
      if (!listed(row)) continue;
      comm = std::max(comm, comm_of(row).size());
      dso = std::max(dso, dso_of(row).size());
      line = std::max(line, line_of(row).size());
      if (resolved(row)) {
        symbol = std::max(symbol, symbol_of(row).size() + mark_of(row).size() + 4);
      } else {
        symbol = std::max(symbol, kUnresolvedWidth);
        dso = std::max(dso, kAddressDigits);
      }
    }
    for (const SortKey key : sort_) {
      const auto field = field_of(key);
      columns_.push_back(field ? field_column(*field) : column_of(key, comm, dso, symbol, line));
      columns_.back().width = std::max(columns_.back().width, columns_.back().title.size());
    }
  }

  static Column column_of(SortKey key, size_t comm, size_t dso, size_t symbol, size_t line) {
    switch (key) {
      case SortKey::Comm:
        return {"Command", comm, false};
      case SortKey::Pid:
        return {"    Pid:Command", comm + 8, false};
      case SortKey::Tid:
        return {"    Tid:Command", comm + 8, false};
      case SortKey::Cpu:
        return {"CPU", 3, false};
      case SortKey::Dso:
        return {"Shared Object", dso, false};
      case SortKey::Srcline:
        return {"Source:Line", line, false};
      default:
        return {"Symbol", symbol, false};
    }
  }

  void append_row(const Row& row, std::string& line) const {
    size_t column = 0;
    const auto percentage = [&](const Weights& weights) {
      line += fmt::format("  {:>{}}", fmt::format("{:.2f}%", percent(weights)),
                          columns_[column++].width);
    };
    const auto number = [&](uint64_t value) {
      line += fmt::format("  {:>{}}", value, columns_[column++].width);
    };
    if (children_) percentage(row.children);
    percentage(row.self);
    if (options_.show_samples) number(row.self.samples);
    if (options_.show_period) number(row.self.period);
    for (size_t i = 0; i < sort_.size(); ++i, ++column) {
      std::string text = cell(row, sort_[i], columns_[column].width);
      if (columns_[column].right) text = fmt::format("{:>{}}", text, columns_[column].width);
      line += "  ";
      line += text;
      const bool last = column + 1 == columns_.size();
      const bool padded =
          sort_[i] != SortKey::Symbol && sort_[i] != SortKey::Srcline && !field_of(sort_[i]);
      if (!last || padded) {
        line.append(columns_[column].width - std::min(columns_[column].width, text.size()), ' ');
      }
    }
  }

  std::string cell(const Row& row, SortKey key, size_t width) const {
    if (const auto field = field_of(key)) return std::string(string_of(value_of(row, *field).text));
    switch (key) {
      case SortKey::Comm:
        return std::string(comm_of(row));
      case SortKey::Pid:
        return fmt::format("{:>7}:{:<{}}", row.key.pid, comm_of(row), width - 8);
      case SortKey::Tid:
        return fmt::format("{:>7}:{:<{}}", row.key.tid, comm_of(row), width - 8);
      case SortKey::Cpu:
        return row.key.cpu < 0 ? "-001" : fmt::format("{:03}", row.key.cpu);
      case SortKey::Dso:
        return std::string(dso_of(row));
      case SortKey::Srcline:
        return std::string(line_of(row));
      default:
        break;
    }
    const Frame& frame = profile_.frame(row.key.frame);
    if (resolved(row)) {
      return fmt::format("[{}] {}{}", frame.level, symbol_of(row), mark_of(row));
    }
    if (frame.address == 0) return fmt::format("[{}] {:016}", frame.level, 0);  // C's %#.16x
    return fmt::format("[{}] {:#018x}", frame.level, frame.address);
  }

  /// perf's order: by the percentage, callers above what they call, then by the sort keys.
  std::vector<uint32_t> ordered() const {
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < histogram_.rows().size(); ++i) {
      if (listed(histogram_.rows()[i])) order.push_back(i);
    }
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
      const Row& left = histogram_.rows()[a];
      const Row& right = histogram_.rows()[b];
      if (shown(left).period != shown(right).period) {
        return shown(left).period > shown(right).period;
      }
      if (children_ && graph_) {
        if (caller_first() && left.depth_down != right.depth_down) {
          return left.depth_down > right.depth_down;
        }
        if (!caller_first() && left.depth_up != right.depth_up) {
          return left.depth_up < right.depth_up;
        }
      }
      if (left.self.period != right.self.period) return left.self.period > right.self.period;
      for (const SortKey key : sort_) {
        const int order_by_key = compare(left, right, key);
        if (order_by_key != 0) return order_by_key < 0;
      }
      return a < b;
    });
    return order;
  }

  int compare(const Row& a, const Row& b, SortKey key) const {
    if (const auto field = field_of(key)) {
      const int order =
          string_of(value_of(a, *field).bytes).compare(string_of(value_of(b, *field).bytes));
      const bool is_text =
          options_.fields[*field] == kWholeText || own_column(options_.fields[*field]);
      return is_text ? order : -order;
    }
    const auto three_way = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    switch (key) {
      case SortKey::Comm:
        return comm_of(a).compare(comm_of(b));
      case SortKey::Pid:
        return three_way(a.key.pid, b.key.pid);
      case SortKey::Tid:
        return three_way(a.key.tid, b.key.tid);
      case SortKey::Cpu:
        return three_way(a.key.cpu, b.key.cpu);
      case SortKey::Dso:
        return dso_of(a).compare(dso_of(b));
      case SortKey::Srcline:
        return line_of(a).compare(line_of(b));
      default:
        break;
    }
    const auto& left = profile_.frame(a.key.frame);
    const auto& right = profile_.frame(b.key.frame);
    if (resolved(a) != resolved(b)) return resolved(a) ? -1 : 1;
    if (resolved(a)) return symbol_of(a).compare(symbol_of(b));
    return three_way(left.address, right.address);
  }

  bool caller_first() const {
    return options_.call_graph.order_given ? options_.call_graph.caller_first : children_;
  }

  void append_graph(uint32_t index, CallGraphBuilder& graphs, std::string& line) const {
    const Row& row = histogram_.rows()[index];
    CallGraphShape shape;
    shape.children = children_;
    shape.caller_first = caller_first();
    shape.min_period = static_cast<uint64_t>(static_cast<double>(event_.total_period) *
                                             options_.call_graph.min_percent / 100);
    if (options_.call_graph.mode == CallGraphMode::Fractal) {
      shape.min_percent_of_parent = options_.call_graph.min_percent;
    } else if (shown(row).period < shape.min_period) {
      return;  // none of its chains can reach the threshold
    }
    const CallGraphText text{profile_, options_.call_graph, event_.total_period,
                             options_.sort_given && options_.sort.front() == SortKey::Symbol};
    append_call_graph(text, graphs.build(index, shape), shown(row), line);
  }

  const Profile& profile_;
  const Histogram& histogram_;
  const ProfileEvent& event_;
  const ReportOptions& options_;
  const std::vector<SortKey> sort_;
  const bool children_;
  const bool graph_;
  std::vector<Column> columns_;
};

}  // namespace

void print_event(const Profile& profile, uint32_t event, const ReportOptions& options,
                 bool has_callchains, Output& out) {
  const ProfileEvent& facts = profile.events[event];
  const std::string& time = options.load.input.filter.time;
  const std::string sum = facts.weight_field.empty() ? "Event count (approx.)"
                                                     : "Sum of field '" + facts.weight_field + "'";
  out << fmt::format(
      "# Samples: {} of event '{}'{}{}\n# {}: {}\n#\n", with_unit(facts.total_samples), facts.name,
      facts.counted_stacks == 0 ? ""
                                : fmt::format(" (counted in {} records)", facts.counted_stacks),
      time.empty() ? "" : " (time slices: " + time + ")", sum, facts.total_period);
  const Histogram histogram(profile, event, options.sort);
  Table table(profile, histogram, facts, options, has_callchains);
  table.print_heads(out);
  table.print_rows(out);
  out << "\n\n";
}

}  // namespace prof
