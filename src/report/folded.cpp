#include "report/folded.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace prof {

namespace {

/// A name as it may stand between semicolons.
std::string folded_name(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c == ';') {
      c = ':';
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = ' ';
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.erase(0, text.find_first_not_of(' '));
  return text.empty() ? "[unknown]" : text;
}

std::string_view mark_of(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::Kernel:
      return "_[k]";
    case FrameKind::Jit:
      return "_[j]";
    case FrameKind::Inlined:
      return "_[i]";
    case FrameKind::Unknown:
      return frame.level == 'k' ? "_[k]" : "";
    default:
      return "";
  }
}

std::string label_of(const Profile& profile, const Frame& frame, const FoldedOptions& options) {
  std::string label = folded_name(profile.strings[frame.name]);
  const bool unresolved = frame.kind != FrameKind::Process && !frame.symbol.valid();
  if (options.addresses && unresolved && frame.address != 0 && label.back() == ']') {
    label.pop_back();
    label += fmt::format(" <{:x}>]", frame.address);
  }
  if (options.marks) label += mark_of(frame);
  return label;
}

/// Walks a tree so that its lines come out in the order of their bytes. A node's own line sorts as
/// "name", what is above it as "name;": a sibling "name 2" comes between the two.
class FoldedWriter {
 public:
  FoldedWriter(const CallTree& tree, const StringTable& labels, std::span<const StringId> label_of,
               uint32_t scale, std::string_view suffix, Output& out)
      : nodes_(tree.nodes()),
        labels_(labels),
        label_of_(label_of),
        scale_(scale),
        suffix_(suffix),
        out_(out) {}

  uint64_t write() {
    push_children(0);
    while (!pending_.empty()) {
      const Item item = pending_.back();
      pending_.pop_back();
      prefix_.resize(item.prefix);
      prefix_ += label(item.node);
      if (item.is_line) {
        write_line(nodes_[item.node].self);
      } else {
        prefix_ += ';';
        push_children(item.node);
      }
    }
    return lines_;
  }

 private:
  struct Item {
    uint32_t node;
    bool is_line;   // the stack that ends here; else what goes on from here
    size_t prefix;  // length of the parent's part of prefix_
  };

  std::string_view label(uint32_t node) const {
    return labels_[label_of_[nodes_[node].frame.value]];
  }

  bool before(const Item& a, const Item& b) const {
    const std::string_view x = label(a.node);
    const std::string_view y = label(b.node);
    const size_t common = std::min(x.size(), y.size());
    if (const int order = x.compare(0, common, y, 0, common)) return order < 0;
    // One goes on where the other ends with nothing (a line) or with ';'.
    const auto next = [common](std::string_view text, const Item& item) {
      if (common < text.size()) return static_cast<int>(static_cast<unsigned char>(text[common]));
      return item.is_line ? -1 : static_cast<int>(';');
    };
    return next(x, a) < next(y, b);
  }

  void push_children(uint32_t node) {
    const size_t first = pending_.size();
    const CallTree::Node& parent = nodes_[node];
    for (uint32_t i = parent.first_child; i < parent.first_child + parent.children; ++i) {
      if (nodes_[i].self) pending_.push_back({i, true, prefix_.size()});
      if (nodes_[i].children) pending_.push_back({i, false, prefix_.size()});
    }
    std::sort(pending_.begin() + static_cast<std::ptrdiff_t>(first), pending_.end(),
              [&](const Item& a, const Item& b) { return before(b, a); });  // the first on top
  }

  void write_line(uint64_t weight) {
    ++lines_;
    out_ << prefix_ << suffix_;
    if (scale_ == 1) {
      out_ << fmt::format(" {}\n", weight);
      return;
    }
    int decimals = 0;
    for (uint32_t rest = scale_; rest > 1; rest /= 10) ++decimals;
    out_ << fmt::format(" {}.{:0{}}\n", weight / scale_, weight % scale_, decimals);
  }

  const std::vector<CallTree::Node>& nodes_;
  const StringTable& labels_;
  std::span<const StringId> label_of_;
  uint32_t scale_;
  std::string_view suffix_;
  Output& out_;
  std::vector<Item> pending_;
  std::string prefix_;
  uint64_t lines_ = 0;
};

}  // namespace

uint64_t write_folded(const Profile& profile, const FoldedOptions& options, Output& out) {
  if (options.event >= profile.events.size()) return 0;
  StringTable labels;
  std::vector<StringId> label_of_frame;
  label_of_frame.reserve(profile.frames.size());
  for (const Frame& frame : profile.frames) {
    label_of_frame.push_back(labels.intern(label_of(profile, frame, options)));
  }
  CallTreeOptions tree_options;
  tree_options.event = options.event;
  const bool in_periods = profile.events[options.event].in_periods;
  const Weight weight = options.weight.value_or(in_periods ? Weight::Period : Weight::Samples);
  tree_options.weight = weight;
  tree_options.reverse = options.reverse;
  tree_options.by_label = true;
  tree_options.labels = label_of_frame;
  const CallTree tree = CallTree::build(profile, tree_options);
  const uint32_t scale = weight == Weight::Period ? profile.events[options.event].period_scale : 1;
  const std::string suffix = options.innermost.empty() ? "" : ";" + options.innermost;
  return FoldedWriter(tree, labels, label_of_frame, scale, suffix, out).write();
}

}  // namespace prof
