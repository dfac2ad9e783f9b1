#include "tui/table_view.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "common/output.h"
#include "common/unique_fd.h"

namespace prof {

namespace {

constexpr double kHot = 5, kWarm = 0.5;  // percent, as in perf
constexpr int kSideStep = 10;            // cells that an arrow scrolls
constexpr int kMostFiles = 10000;

}  // namespace

TableView::TableView(const ReportView& view, const TableEvents& events)
    : view_(view),
      events_(events),
      rows_(view.profile, events.events, view.options, view.columns,
            shape_of(view.options, view.profile.has_callchains)),
      table_(view.profile, rows_, view.options),
      builder_(rows_.leader()) {
  choose_rows();
}

void TableView::choose_rows() {
  chosen_.clear();
  for (const uint32_t row : rows_.ordered()) {
    const RowKey& key = rows_.key(row);
    if (comm_ && key.comm != *comm_) continue;
    if (dso_ && view_.profile.frame(key.frame).dso != *dso_) continue;
    if (!symbol_.empty() && rows_.cells().symbol(key).find(symbol_) == std::string_view::npos) {
      continue;
    }
    chosen_.push_back(row);
  }
  cursor_ = top_ = 0;
  make_lines();
}

void TableView::make_lines() {
  lines_.clear();
  for (const uint32_t row : chosen_) {
    lines_.push_back({.row = row});
    const auto found = chains_.find(row);
    if (found != chains_.end() && found->second.is_open) add_chains(row, found->second.nodes, 1);
  }
  cursor_ = std::min(cursor_, lines_.empty() ? 0 : lines_.size() - 1);
}

void TableView::add_chains(uint32_t row, const std::vector<ChainNode>& nodes, int depth) {
  for (const ChainNode& node : nodes) {
    for (size_t frame = 0; frame < node.frames.size(); ++frame) {
      lines_.push_back({row, &node, frame, depth});
    }
    if (chains_.at(row).open.contains(&node)) add_chains(row, node.branches, depth + 1);
  }
}

TableView::Chains& TableView::chains_of(uint32_t row) {
  const auto [it, added] = chains_.try_emplace(row);
  const uint32_t index = rows_.leader_row(row);
  if (added && index != Histogram::kNoRow && rows_.shape().graph) {
    CallGraphShape shape;
    shape.children = rows_.shape().children;
    shape.caller_first = rows_.shape().caller_first;
    const CallGraphOptions& graph = view_.options.call_graph;
    shape.min_period =
        static_cast<uint64_t>(static_cast<double>(rows_.total_period(0)) * graph.min_percent / 100);
    if (graph.mode == CallGraphMode::Fractal) shape.min_percent_of_parent = graph.min_percent;
    it->second.nodes = builder_.build(index, shape);
    // The only way on is taken at once.
    if (it->second.nodes.size() == 1) it->second.open.insert(&it->second.nodes.front());
  }
  return it->second;
}

bool TableView::can_open(const Line& line) const {
  if (line.node) return line.frame == 0 && !line.node->branches.empty();
  return rows_.shape().graph && rows_.leader_row(line.row) != Histogram::kNoRow;
}

bool TableView::is_open(const Line& line) const {
  const auto found = chains_.find(line.row);
  if (found == chains_.end()) return false;
  return line.node ? found->second.open.contains(line.node) : found->second.is_open;
}

void TableView::set_open(const Line& line, bool open, bool all) {
  Chains& chains = chains_of(line.row);
  if (!line.node) {
    chains.is_open = open;
    if (all && open) open_all(chains.nodes, chains);
    if (all && !open) chains.open.clear();
  } else if (open) {
    chains.open.insert(line.node);
    if (all) open_all(line.node->branches, chains);
  } else {
    chains.open.erase(line.node);
  }
}

void TableView::open_all(const std::vector<ChainNode>& nodes, Chains& chains) {
  for (const ChainNode& node : nodes) {
    chains.open.insert(&node);
    open_all(node.branches, chains);
  }
}

std::string TableView::text_of(const Line& line) const {
  const char* mark = !can_open(line) ? "  " : is_open(line) ? "- " : "+ ";
  if (!line.node) {
    std::string text = mark;
    table_.append_row(line.row, text);
    return text;
  }
  std::string text(static_cast<size_t>(4 + 3 * line.depth), ' ');
  text += mark;
  if (line.frame == 0) {
    text += fmt::format("{:.2f}% ", rows_.percent(line.node->total.period, 0));
  } else {
    text += "       ";
  }
  text += view_.profile.name(line.node->frames[line.frame]);
  return text;
}

Style TableView::style_of(const Line& line) const {
  if (line.node && line.frame != 0) return Style::Plain;
  const uint64_t period = line.node ? line.node->total.period : rows_.shown(line.row, 0).period;
  const double percent = rows_.percent(period, 0);
  return percent >= kHot ? Style::Hot : percent >= kWarm ? Style::Warm : Style::Plain;
}

std::string TableView::summary() const {
  std::string text = fmt::format("Samples: {} of event{} '{}', event count (approx.): {}",
                                 rows_.total_samples(0), events_.events.size() > 1 ? "s" : "",
                                 name_of(view_.profile, events_), rows_.total_period(0));
  if (view_.profile.lost_records) text += fmt::format(", {} LOST", view_.profile.lost_records);
  if (comm_) text += fmt::format(", thread: {}", view_.profile.strings[*comm_]);
  if (dso_ && dso_->valid()) text += fmt::format(", DSO: {}", view_.profile.strings[*dso_]);
  if (!symbol_.empty()) text += fmt::format(", symbol: {}", symbol_);
  return text;
}

void TableView::draw(Terminal& terminal) {
  const int width = terminal.columns();
  page_ = std::max(1, terminal.rows() - 3);
  if (cursor_ < top_) top_ = cursor_;
  if (cursor_ >= top_ + static_cast<size_t>(page_)) top_ = cursor_ + 1 - static_cast<size_t>(page_);
  const auto beyond = [this](const std::string& text) {
    const auto skipped = std::min(text.size(), static_cast<size_t>(scrolled_));
    return std::string_view(text).substr(skipped);
  };
  terminal.put(0, 0, width, summary(), Style::Head);
  terminal.put(1, 0, width, beyond("    " + table_.titles()), Style::Quiet);
  for (int i = 0; i < page_ && top_ + static_cast<size_t>(i) < lines_.size(); ++i) {
    const size_t index = top_ + static_cast<size_t>(i);
    const Style style = index == cursor_ ? Style::Selected : style_of(lines_[index]);
    terminal.put(2 + i, 0, width, beyond(text_of(lines_[index])), style);
  }
  status = said_.empty()
               ? "q quit  ? keys  Enter chains  f flame graph  / symbol  d binary  t thread"
               : said_;
  if (lines_.empty()) status = "No rows: Escape takes the filters back";
}

void TableView::move(int64_t by) {
  if (lines_.empty()) return;
  const auto last = static_cast<int64_t>(lines_.size()) - 1;
  cursor_ = static_cast<size_t>(std::clamp(static_cast<int64_t>(cursor_) + by, int64_t{0}, last));
}

/// From a line of a chain to the line that it hangs from.
void TableView::go_to_parent() {
  const Line line = lines_[cursor_];
  if (!line.node) return;
  while (cursor_ > 0) {
    const Line& above = lines_[--cursor_];
    if (!above.node || above.depth < line.depth || (above.node == line.node && above.frame == 0)) {
      return;
    }
  }
}

void TableView::toggle_filter(std::optional<StringId>& filter, StringId value) {
  if (filter) {
    filter.reset();
  } else {
    filter = value;
  }
  choose_rows();
}

/// As perf's P: what is on the screen, to the first perf.hist.N that is not there.
void TableView::write_file() {
  for (int number = 0; number < kMostFiles; ++number) {
    const std::string path = fmt::format("perf.hist.{}", number);
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file && errno == EEXIST) continue;
    if (!file) {
      said_ = fmt::format("cannot create '{}': {}", path, ::strerror(errno));
      return;
    }
    Output out(file.get());
    out << "# " << summary() << "\n# " << table_.titles() << "\n";
    for (const Line& line : lines_) out << text_of(line) << "\n";
    const auto done = out.flush();
    said_ = done ? "written to " + path : "cannot write '" + path + "'";
    return;
  }
  said_ = "there are too many perf.hist files";
}

Then TableView::press(Terminal& terminal, KeyPress press) {
  said_.clear();
  const bool some = !lines_.empty();
  const auto open = [&](bool wanted, bool all) {
    if (!some || !can_open(lines_[cursor_])) return;
    set_open(lines_[cursor_], wanted, all);
    make_lines();
  };
  switch (press.key) {
    case Key::Up:
      move(-1);
      break;
    case Key::Down:
      move(1);
      break;
    case Key::PageUp:
      move(-page_);
      break;
    case Key::PageDown:
      move(page_);
      break;
    case Key::Home:
      move(INT32_MIN);
      break;
    case Key::End:
      move(INT32_MAX);
      break;
    case Key::Enter:
      if (some) open(!is_open(lines_[cursor_]), false);
      break;
    case Key::Right:
      if (some && can_open(lines_[cursor_]) && !is_open(lines_[cursor_])) {
        open(true, false);
      } else {
        scrolled_ += kSideStep;
      }
      break;
    case Key::Left:
      if (scrolled_ > 0) {
        scrolled_ -= kSideStep;
      } else if (some && is_open(lines_[cursor_])) {
        open(false, false);
      } else if (some) {
        go_to_parent();
      }
      break;
    case Key::Escape:
      if (!comm_ && !dso_ && symbol_.empty()) return Then::Leave;
      comm_.reset();
      dso_.reset();
      symbol_.clear();
      choose_rows();
      break;
    case Key::Letter:
      switch (press.letter) {
        case 'q':
          return Then::Leave;
        case 'f':
          return Then::OtherView;
        case '+':
        case 'e':
          if (some) open(!is_open(lines_[cursor_]), false);
          break;
        case '*':
          open(true, true);
          break;
        case 'E':
          for (const uint32_t row : chosen_) {
            if (can_open({.row = row})) set_open({.row = row}, true, true);
          }
          make_lines();
          break;
        case 'C':
          for (auto& [row, chains] : chains_) {
            chains.is_open = false;
            chains.open.clear();
          }
          make_lines();
          break;
        case 'd':
          if (some || dso_) {
            toggle_filter(dso_, some ? view_.profile.frame(rows_.key(lines_[cursor_].row).frame).dso
                                     : StringId());
          }
          break;
        case 't':
          if (some || comm_) {
            toggle_filter(comm_, some ? rows_.key(lines_[cursor_].row).comm : StringId());
          }
          break;
        case '/':
          if (auto symbol = terminal.ask("Functions with: ", symbol_)) {
            symbol_ = *symbol;
            choose_rows();
          }
          break;
        case 'P':
          write_file();
          break;
        default:
          break;
      }
      break;
    default:
      break;
  }
  return Then::Stay;
}

std::vector<std::string_view> TableView::help() const {
  return {"Up Down k j   from line to line; PgUp PgDn Home End",
          "Enter + e     open or close the call chains of a line",
          "Right Left    open, close; go to the line above; scroll wide lines",
          "* E C         open all below a line, below all lines, close all",
          "f             flame graph",
          "d t           only this binary, only this thread; again: all",
          "/             only functions with a text in their names; Esc: all",
          "Tab           next event",
          "P             write the rows to perf.hist.N",
          "q             quit"};
}

}  // namespace prof
