#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace prof {

namespace {

constexpr size_t kPercentWidth = 8, kNumberWidth = 12;

bool is_percentage(SortKey key) {
  return key != SortKey::Samples && key != SortKey::Period;
}

/// The separator stands for nothing but itself, as in perf.
void without_separator(std::string& text, const std::string& separator) {
  if (!separator.empty()) std::ranges::replace(text, separator.front(), '.');
}

}  // namespace

size_t NumberText::width(SortKey key) const {
  return (is_percentage(key) ? kPercentWidth : kNumberWidth) * rows_.events();
}

std::string NumberText::text(size_t row, SortKey key) const {
  std::string out;
  for (size_t event = 0; event < rows_.events(); ++event) {
    const uint64_t number = rows_.number(row, key, event);
    const std::string one = is_percentage(key)
                                ? fmt::format("{:.2f}%", rows_.percent(number, event))
                                : std::to_string(number);
    if (separated_) {
      out += ' ';
      out += one;
    } else {
      out += fmt::format("{:>{}}", one, is_percentage(key) ? kPercentWidth : kNumberWidth);
    }
  }
  return out;
}

std::string_view number_title(SortKey key, bool self) {
  switch (key) {
    case SortKey::Children:
      return "Children";
    case SortKey::KernelOverhead:
      return "sys";
    case SortKey::UserOverhead:
      return "usr";
    case SortKey::GuestKernelOverhead:
      return "guest sys";
    case SortKey::GuestUserOverhead:
      return "guest usr";
    case SortKey::Samples:
      return "Samples";
    case SortKey::Period:
      return "Period";
    default:
      return self ? "Self" : "Overhead";
  }
}

void RowGraphs::append(uint32_t row, std::string& out) {
  const uint32_t index = rows_.leader_row(row);
  if (index == Histogram::kNoRow) return;
  const TableShape& of = rows_.shape();
  const uint64_t total = rows_.total_period(0);
  CallGraphShape shape;
  shape.children = of.children;
  shape.caller_first = of.caller_first;
  shape.min_period =
      static_cast<uint64_t>(static_cast<double>(total) * options_.call_graph.min_percent / 100);
  if (options_.call_graph.mode == CallGraphMode::Fractal) {
    shape.min_percent_of_parent = options_.call_graph.min_percent;
  } else if (rows_.shown(row, 0).period < shape.min_period) {
    return;  // none of its chains can reach the threshold
  }
  // Only so does perf not repeat the row's own name at the head of its graph.
  const bool by_symbol = options_.sort_given && !options_.sort_appends &&
                         options_.columns.empty() && options_.sort.front() == SortKey::Symbol;
  const CallGraphText text{profile_, options_.call_graph, total, by_symbol};
  append_call_graph(text, builder_.build(index, shape), rows_.shown(row, 0), out);
}

Table::Table(const Profile& profile, const TableRows& rows, const ReportOptions& options)
    : profile_(profile),
      rows_(rows),
      options_(options),
      numbers_(rows, !options.separator.empty()) {
  const RowCells& cells = rows.cells();
  // perf calls it its own where -F does not say what is shown.
  const bool self = rows.shape().children && (options.columns.empty() || options.columns_append);
  for (const SortKey key : rows.columns().shown) {
    if (is_number(key)) {
      columns_.push_back({key, number_title(key, self), numbers_.width(key), true});
      columns_.back().width = std::max(columns_.back().width, columns_.back().title.size());
      continue;
    }
    TextColumn column{key, cells.title(key), cells.least_width(key), cells.is_right(key)};
    for (size_t row = 0; row < rows.size(); ++row) {
      column.width = std::max(column.width, cells.width(rows.key(row), key));
    }
    columns_.push_back(column);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (fixed_width(i) == 0) continue;
    columns_[i].width = fixed_width(i);
    if (!is_number(columns_[i].key))
      columns_[i].title = columns_[i].title.substr(0, fixed_width(i));
  }
}

std::string Table::titles() const {
  std::string titles;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const TextColumn& column = columns_[i];
    if (i > 0) titles += separated() ? options_.separator : "  ";
    titles += column.right ? fmt::format("{:>{}}", column.title, column.width)
                           : fmt::format("{:<{}}", column.title, column.width);
  }
  return titles;
}

void Table::print_heads(Output& out) const {
  std::string dots = "# ";
  for (size_t i = 0; i < columns_.size(); ++i) {
    dots += i == 0 ? "" : "  ";
    dots.append(columns_[i].width, '.');
  }
  out << "# " << titles() << "\n";
  if (!separated()) out << dots << "\n#\n";
}

void Table::print_rows(Output& out) const {
  RowGraphs graphs(rows_, profile_, options_);
  std::string line;
  for (const uint32_t row : rows_.ordered()) {
    line.clear();
    append_row(row, line);
    line += '\n';
    if (rows_.shape().graph) graphs.append(row, line);
    out << line;
    if (out.broken()) return;
  }
}

void Table::append_row(uint32_t row, std::string& line) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (separated()) {
      if (i > 0) line += options_.separator;
    } else {
      line += "  ";
    }
    append_cell(row, i, line);
  }
}

void Table::append_cell(uint32_t row, size_t index, std::string& line) const {
  const TextColumn& column = columns_[index];
  const bool number = is_number(column.key);
  std::string text =
      number ? numbers_.text(row, column.key)
             : rows_.cells().text(rows_.key(row), column.key, rows_.samples(row), column.width);
  if (!number) {
    without_separator(text, options_.separator);
    if (fixed_width(index) > 0 && text.size() > column.width) text.resize(column.width);
  }
  const size_t missing = column.width - std::min(column.width, text.size());
  if (column.right && !(number && separated())) line.append(missing, ' ');
  line += text;
  if (column.right && !(number && separated())) return;
  const bool last = index + 1 == columns_.size();
  if (!last || (!number && rows_.cells().is_padded(column.key))) line.append(missing, ' ');
}

}  // namespace prof
