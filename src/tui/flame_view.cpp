#include "tui/flame_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace prof {

namespace {

constexpr std::string_view kAll = "all";

Style style_of(FrameKind kind, bool other) {
  switch (kind) {
    case FrameKind::Process:
      return Style::FrameProcess;
    case FrameKind::Kernel:
      return Style::FrameKernel;
    case FrameKind::Jit:
      return Style::FrameJit;
    case FrameKind::Inlined:
      return Style::FrameInlined;
    case FrameKind::Unknown:
      return Style::FrameUnknown;
    case FrameKind::WallPart:
      return Style::FrameWaiting;
    default:
      return other ? Style::FrameUserOther : Style::FrameUser;
  }
}

}  // namespace

FlameView::FlameView(const ReportView& view, const TableEvents& events)
    : view_(view), event_(events.events.front()) {
  build();
}

void FlameView::build() {
  CallTreeOptions options;
  options.event = event_;
  options.weight = Weight::Period;
  options.reverse = leaf_first_;
  tree_ = CallTree::build(view_.profile, options);
  const auto& nodes = tree_.nodes();
  starts_.assign(nodes.size(), 0);
  for (const CallTree::Node& node : nodes) {  // parents come first
    uint64_t at = starts_[static_cast<size_t>(&node - nodes.data())];
    for (uint32_t child = node.first_child; child < node.first_child + node.children; ++child) {
      starts_[child] = at;
      at += nodes[child].total;
    }
  }
  // Folded stacks of a report have a root of their own below the tree's.
  root_ = 0;
  if (nodes[0].children == 1 && name_of(nodes[0].first_child) == kAll) root_ = nodes[0].first_child;
  zoomed_ = selected_ = root_;
  top_ = 0;
}

std::string FlameView::name_of(uint32_t node) const {
  if (node == 0) return std::string(kAll);
  return std::string(view_.profile.name(tree_.nodes()[node].frame));
}

uint32_t FlameView::depth_of(uint32_t node) const {
  uint32_t depth = 0;
  for (; node != root_; node = tree_.nodes()[node].parent) ++depth;
  return depth;
}

bool FlameView::in_view(uint32_t node) const {
  const uint64_t begin = starts_[zoomed_], end = begin + tree_.nodes()[zoomed_].total;
  return starts_[node] < end && starts_[node] + tree_.nodes()[node].total > begin;
}

std::pair<int, int> FlameView::place_of(uint32_t node) const {
  const uint64_t begin = starts_[zoomed_];
  const auto span = static_cast<double>(std::max<uint64_t>(tree_.nodes()[zoomed_].total, 1));
  const auto cell = [&](uint64_t at) {
    const double share = (static_cast<double>(at) - static_cast<double>(begin)) / span;
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width_));
  };
  return {cell(starts_[node]), cell(starts_[node] + tree_.nodes()[node].total)};
}

bool FlameView::matches(uint32_t node) const {
  return !wanted_.empty() && name_of(node).find(wanted_) != std::string::npos;
}

void FlameView::draw_node(Terminal& terminal, uint32_t node, int depth, bool faded) {
  const auto [left, right] = place_of(node);
  const bool selected = node == selected_;
  if (right <= left && !selected) return;
  const int row = upward_ ? height_ - 1 - (depth - top_) : depth - top_;
  if (row < 0 || row >= height_) return;
  const CallTree::Node& its = tree_.nodes()[node];
  const FrameKind kind = node == 0 ? FrameKind::Process : view_.profile.frame(its.frame).kind;
  Style style = faded ? Style::FrameFaded : style_of(kind, (node & 1) != 0);
  if (matches(node)) style = Style::Match;
  if (selected) style = Style::Selected;
  const int width = std::max(right - left, 1);
  // A cell is left free between neighbours where there is room for one.
  const int shown = width > 3 && right < width_ ? width - 1 : width;
  terminal.put(1 + row, std::min(left, width_ - 1), shown,
               shown >= 3 ? " " + fit(name_of(node), shown - 1) : "", style);
}

void FlameView::draw(Terminal& terminal) {
  width_ = std::max(1, terminal.columns());
  height_ = std::max(1, terminal.rows() - 2);
  const auto depth = static_cast<int>(depth_of(selected_));
  top_ = std::clamp(top_, std::max(0, depth - height_ + 1), depth);
  const ProfileEvent& event = view_.profile.events[event_];
  terminal.put(0, 0, width_,
               fmt::format("Flame graph of '{}'{}: {}", event.name,
                           leaf_first_ ? ", leaf first" : "", describe(selected_)),
               Style::Head);
  // The callers of what is zoomed into, and then all below it, depth by depth.
  std::vector<uint32_t> level;
  for (uint32_t at = zoomed_; at != root_;) {
    at = tree_.nodes()[at].parent;
    level.push_back(at);
  }
  int row = 0;
  for (size_t i = level.size(); i-- > 0;) draw_node(terminal, level[i], row++, true);
  level = {zoomed_};
  std::vector<uint32_t> below;
  size_t narrow = 0;
  for (; !level.empty() && row < top_ + height_; ++row) {
    below.clear();
    for (const uint32_t node : level) {
      draw_node(terminal, node, row, false);
      const CallTree::Node& its = tree_.nodes()[node];
      for (uint32_t child = its.first_child; child < its.first_child + its.children; ++child) {
        const auto [left, right] = place_of(child);
        if (right > left || child == selected_) {
          below.push_back(child);
        } else if (in_view(child)) {
          ++narrow;
        }
      }
    }
    std::swap(level, below);
  }
  status =
      "q back  ? keys  arrows move  Enter zoom  Esc out  / search  n next  i upside down  r leaf "
      "first";
  if (!wanted_.empty()) status = fmt::format("Search: {}  (n next, N previous)", wanted_);
  if (narrow > 0) status += fmt::format("  ({} narrower than a cell)", narrow);
}

std::string FlameView::describe(uint32_t node) const {
  const CallTree::Node& its = tree_.nodes()[node];
  const auto whole = static_cast<double>(std::max<uint64_t>(tree_.root().total, 1));
  std::string text = fmt::format("{} ({:.2f}%, self {:.2f}%)", name_of(node),
                                 100 * static_cast<double>(its.total) / whole,
                                 100 * static_cast<double>(its.self) / whole);
  if (node != 0) {
    const Frame& frame = view_.profile.frame(its.frame);
    if (frame.dso_short.valid()) text += fmt::format(" {}", view_.profile.strings[frame.dso_short]);
  }
  return text;
}

void FlameView::select(uint32_t node) {
  selected_ = node;
  if (!in_view(node)) zoomed_ = root_;
}

void FlameView::zoom(uint32_t node) {
  zoomed_ = node;
  selected_ = node;
}

/// The next node of the same depth that has a cell, or just the next one.
void FlameView::beside(int step) {
  const auto depth = depth_of(selected_);
  uint32_t last = selected_;
  for (int64_t at = int64_t{selected_} + step;
       at > root_ && at < static_cast<int64_t>(tree_.nodes().size()); at += step) {
    const auto node = static_cast<uint32_t>(at);
    if (depth_of(node) != depth) break;  // nodes of one depth lie together
    if (!in_view(node)) break;
    last = node;
    const auto [left, right] = place_of(node);
    if (right > left) break;
  }
  selected_ = last;
}

void FlameView::find(int step) {
  const auto count = static_cast<int64_t>(tree_.nodes().size());
  for (int64_t i = 1; i <= count; ++i) {
    const auto node = static_cast<uint32_t>(((selected_ + step * i) % count + count) % count);
    if (node > root_ && matches(node)) {
      select(node);
      return;
    }
  }
}

Then FlameView::press(Terminal& terminal, KeyPress press) {
  const auto& nodes = tree_.nodes();
  const auto outwards = [&] {
    const CallTree::Node& its = nodes[selected_];
    uint32_t widest = 0;
    for (uint32_t child = its.first_child; child < its.first_child + its.children; ++child) {
      if (in_view(child) && (widest == 0 || nodes[child].total > nodes[widest].total))
        widest = child;
    }
    if (widest != 0) selected_ = widest;
  };
  const auto inwards = [&] {
    if (selected_ != root_) selected_ = nodes[selected_].parent;
  };
  switch (press.key) {
    case Key::Up:
      upward_ ? outwards() : inwards();
      break;
    case Key::Down:
      upward_ ? inwards() : outwards();
      break;
    case Key::Left:
      beside(-1);
      break;
    case Key::Right:
      beside(1);
      break;
    case Key::PageUp:
      for (int i = 0; i < height_; ++i) upward_ ? outwards() : inwards();
      break;
    case Key::PageDown:
      for (int i = 0; i < height_; ++i) upward_ ? inwards() : outwards();
      break;
    case Key::Home:
      zoom(root_);
      break;
    case Key::Enter:
      zoom(selected_);
      break;
    case Key::Escape:
    case Key::Backspace:
      if (!wanted_.empty()) {
        wanted_.clear();
      } else if (zoomed_ != root_) {
        const uint32_t was = zoomed_;
        zoomed_ = press.key == Key::Backspace ? nodes[zoomed_].parent : root_;
        selected_ = was;
      } else if (press.key == Key::Escape) {
        return Then::OtherView;
      }
      break;
    case Key::Letter:
      switch (press.letter) {
        case 'q':
        case 'f':
          return Then::OtherView;
        case 'i':
          upward_ = !upward_;
          break;
        case 'r':
          leaf_first_ = !leaf_first_;
          build();
          break;
        case '/':
          if (auto wanted = terminal.ask("Search: ", wanted_)) {
            wanted_ = *wanted;
            if (!wanted_.empty() && !matches(selected_)) find(1);
          }
          break;
        case 'n':
          find(1);
          break;
        case 'N':
          find(-1);
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

std::vector<std::string_view> FlameView::help() const {
  return {"arrows k j       from frame to frame: to the widest callee, the caller, the sides",
          "Enter            zoom into a frame; Esc: out; Backspace: out to its caller; Home: all",
          "/ n N            search for a text in names; next, previous",
          "i                root at the bottom, or at the top",
          "r                leaf first: who called each function",
          "Tab              next event",
          "f q              back to the table"};
}

}  // namespace prof
