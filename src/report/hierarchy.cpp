#include "report/hierarchy.h"

#include <fmt/format.h>

#include <algorithm>

namespace prof {

namespace {

constexpr size_t kIndent = 3;

}  // namespace

Hierarchy::Hierarchy(const Profile& profile, TableRows& rows, const ReportOptions& options)
    : rows_(rows),
      profile_(profile),
      options_(options),
      numbers_(rows, !options.separator.empty()) {
  for (const SortKey key : rows.columns().shown) {
    (is_number(key) ? number_keys_ : keys_).push_back(key);
  }
  for (const SortKey key : keys_) {
    size_t width = rows.cells().least_width(key);
    for (size_t row = 0; row < rows.size(); ++row) {
      width = std::max(width, rows.cells().width(rows.key(row), key));
    }
    widths_.push_back(width);
  }
  std::vector<uint32_t> all(rows.size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  split(root_, std::move(all), 0, rows);
}

/// Puts a node below `node` for each value of the level's key; those of the last are rows.
void Hierarchy::split(Node& node, std::vector<uint32_t> rows, size_t level, TableRows& table) {
  if (level == keys_.size()) return;
  const SortKey key = keys_[level];
  const bool leaf = level + 1 == keys_.size();
  std::ranges::stable_sort(rows,
                           [&](uint32_t a, uint32_t b) { return table.compare(a, b, key) < 0; });
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    for (end = begin + 1; !leaf && end < rows.size(); ++end) {
      if (table.compare(rows[begin], rows[end], key) != 0) break;
    }
    if (leaf) end = begin + 1;
    const std::span same(rows.data() + begin, end - begin);
    node.below.push_back({leaf ? rows[begin] : table.add_sum(same), {}});
    if (!leaf) split(node.below.back(), {same.begin(), same.end()}, level + 1, table);
  }
  std::ranges::stable_sort(node.below, [&](const Node& a, const Node& b) {
    for (const SortKey by : table.columns().order) {
      if (!is_number(by)) continue;
      const int order = table.compare(a.row, b.row, by);
      if (order != 0) return order < 0;
    }
    return false;  // by the key, as they lie
  });
}

std::string Hierarchy::indent(size_t levels) const {
  return std::string(options_.separator.empty() ? levels * kIndent : 0, ' ');
}

size_t Hierarchy::numbers_width(size_t gap) const {
  size_t width = 0;
  for (const SortKey key : number_keys_) width += (width == 0 ? 0 : gap) + numbers_.width(key);
  return width;
}

void Hierarchy::print_heads(Output& out) const {
  const std::string gap = options_.separator.empty() ? "  " : options_.separator;
  std::string titles = "# " + indent(keys_.size() - 1);
  for (const SortKey key : number_keys_) {
    titles += fmt::format("{:>{}}{}", number_title(key, false), numbers_.width(key), gap);
  }
  std::string names;
  size_t width = 0;
  for (size_t level = 0; level < keys_.size(); ++level) {
    std::string_view title = rows_.cells().title(keys_[level]);
    title.remove_prefix(std::min(title.find_first_not_of(' '), title.size()));
    names += level == 0 ? "" : " / ";
    names += title;
    width = std::max(width, level * kIndent + widths_[level]);
  }
  const size_t dots = (keys_.size() - 1) * kIndent + numbers_width(2);
  out << titles << names << "\n# " << std::string(dots, '.') << gap
      << std::string(std::max(width, names.size()), '.') << "\n#\n";
}

bool Hierarchy::is_shown(const Node& node) const {
  return rows_.percent(rows_.shown(node.row, 0).period, 0) >= options_.percent_limit;
}

void Hierarchy::print_rows(Output& out) const {
  RowGraphs graphs(rows_, profile_, options_);
  print(root_.below, 0, graphs, out);
}

void Hierarchy::print(const std::vector<Node>& nodes, size_t level, RowGraphs& graphs,
                      Output& out) const {
  std::string line;
  for (const Node& node : nodes) {
    if (!is_shown(node)) continue;
    line.clear();
    append_row(node.row, level, line);
    if (node.below.empty() && rows_.shape().graph) graphs.append(node.row, line);
    const bool none =
        std::ranges::none_of(node.below, [&](const Node& below) { return is_shown(below); });
    if (!node.below.empty() && none) {
      line += indent(keys_.size() + level);
      line.append(numbers_width(2) + 4, ' ');
      line += fmt::format("no entry >= {:.2f}%\n", options_.percent_limit);
    }
    out << line;
    if (out.broken()) return;
    print(node.below, level + 1, graphs, out);
  }
}

void Hierarchy::append_row(uint32_t row, size_t level, std::string& line) const {
  const std::string gap = options_.separator.empty() ? "  " : options_.separator;
  line += std::string(level * kIndent, ' ');
  bool first = !options_.separator.empty();
  for (const SortKey key : number_keys_) {
    if (!first) line += gap;
    first = false;
    line += fmt::format("{:<{}}", numbers_.text(row, key), numbers_.width(key));
  }
  line += indent(keys_.size() - 1);
  line += gap;
  const SortKey key = keys_[level];
  std::string text = rows_.cells().text(rows_.key(row), key, rows_.samples(row), widths_[level]);
  if (rows_.cells().is_padded(key)) text = fmt::format("{:<{}}", text, widths_[level]);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  if (!options_.separator.empty()) std::ranges::replace(text, options_.separator.front(), '.');
  line += text;
  line += '\n';
}

}  // namespace prof
