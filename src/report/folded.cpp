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
               uint32_t scale, const FoldedOptions& options, Output& out)
      : nodes_(tree.nodes()),
        before_(tree.others()),
        labels_(labels),
        label_of_(label_of),
        scale_(scale),
        before_from_(options.before_from),
        before_to_(options.before_to),
        suffix_(options.innermost.empty() ? "" : ";" + options.innermost),
        out_(out) {}

  uint64_t write() {
    push_children(0);
    while (!pending_.empty()) {
      const Item item = pending_.back();
      pending_.pop_back();
      prefix_.resize(item.prefix);
      prefix_ += label(item.node);
      if (item.is_line) {
        write_line(item.node);
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

  /// Of a differential, a node's weight is that of both sides.
  void write_line(uint32_t node) {
    ++lines_;
    out_ << prefix_ << suffix_;
    uint64_t weight = nodes_[node].self;
    if (!before_.empty()) {
      weight -= before_[node].self;
      write_before(before_[node].self);
    }
    write_count(weight);
    out_ << "\n";
  }

  void write_before(uint64_t weight) {
    if (before_from_ == before_to_ || before_from_ == 0) {
      write_count(weight);
      return;
    }
    const double scaled = static_cast<double>(weight) / scale_ * before_to_ / before_from_;
    constexpr double kMost = 9007199254740992.0;  // 2^53
    out_ << fmt::format(" {}", static_cast<uint64_t>(std::min(scaled, kMost)));
  }

  void write_count(uint64_t weight) {
    if (scale_ == 1) {
      out_ << fmt::format(" {}", weight);
      return;
    }
    int decimals = 0;
    for (uint32_t rest = scale_; rest > 1; rest /= 10) ++decimals;
    out_ << fmt::format(" {}.{:0{}}", weight / scale_, weight % scale_, decimals);
  }

  const std::vector<CallTree::Node>& nodes_;
  const std::vector<CallTree::Other>& before_;
  const StringTable& labels_;
  std::span<const StringId> label_of_;
  uint32_t scale_;
  double before_from_, before_to_;
  const std::string suffix_;
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
  std::vector<uint64_t> before, both;
  if (options.both_sides && profile.is_differential()) {
    for (size_t i = 0; i < profile.nodes.size(); ++i) {
      const BeforeWeight& of = profile.before[i];
      before.push_back(weight == Weight::Samples ? of.samples : of.period);
      both.push_back(own_weight(profile, profile.nodes[i], tree_options) + before.back());
    }
    tree_options.weights = both;
    tree_options.others = before;
  }
  const CallTree tree = CallTree::build(profile, tree_options);
  const uint32_t scale = weight == Weight::Period ? profile.events[options.event].period_scale : 1;
  return FoldedWriter(tree, labels, label_of_frame, scale, options, out).write();
}

}  // namespace prof
