#include <algorithm>
#include <numeric>
#include <vector>

#include "report/call_tree.h"
#include "report/frame_classes.h"

namespace prof {

/// Makes the tree of a flame chart: nodes depth first as samples open them, then the wide ones laid
/// down as CallTree has them, breadth first.
class ChartBuilder {
 public:
  ChartBuilder(const Profile& profile, const CallTreeOptions& options)
      : profile_(profile), options_(options), classes_(profile, options) {}

  CallTree build() {
    for (const uint32_t index : in_order()) take(profile_.timeline.samples[index]);
    choose();
    lay_down();
    return std::move(tree_);
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Span {
    uint32_t parent;  // in spans_; kNone: the root of everything
    FrameId frame;
    uint64_t start, self = 0, total = 0;
  };

  uint64_t weight_of(const TimelineSample& sample) const {
    if (sample.event != options_.event) return 0;
    return options_.weight == Weight::Samples ? sample.samples : sample.period;
  }

  /// The samples' indexes: one thread after the other, as they first appear.
  std::vector<uint32_t> in_order() const {
    const Timeline& timeline = profile_.timeline;
    std::vector<uint32_t> place(timeline.threads.size(), kNone);
    uint32_t places = 0;
    for (const TimelineSample& sample : timeline.samples) {
      if (weight_of(sample) != 0 && place[sample.thread] == kNone) place[sample.thread] = places++;
    }
    std::vector<uint32_t> order(timeline.samples.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {},
                             [&](uint32_t i) { return place[timeline.samples[i].thread]; });
    return order;
  }

  void take(const TimelineSample& sample) {
    const uint64_t weight = weight_of(sample);
    if (weight == 0) return;
    path_.clear();
    for (uint32_t at = sample.node; at != kNone; at = profile_.nodes[at].parent) {
      path_.push_back(profile_.nodes[at].frame);
    }
    std::ranges::reverse(path_);
    // Threads stand beside each other even where they are called the same.
    size_t same = 0;
    if (sample.thread == thread_) {
      while (same < path_.size() && same < open_.size() &&
             classes_.of(spans_[open_[same]].frame) == classes_.of(path_[same])) {
        ++same;
      }
    }
    thread_ = sample.thread;
    open_.resize(same);
    for (; same < path_.size(); ++same) {
      spans_.push_back({open_.empty() ? kNone : open_.back(), path_[same], at_});
      open_.push_back(static_cast<uint32_t>(spans_.size() - 1));
    }
    for (const uint32_t span : open_) spans_[span].total += weight;
    (open_.empty() ? tree_.nodes_[0].self : spans_[open_.back()].self) += weight;
    at_ += weight;
  }

  void choose() {
    tree_.nodes_[0].total = at_;
    const uint64_t least = least_total(options_, at_);
    chosen_.resize(spans_.size());
    for (size_t i = 0; i < spans_.size(); ++i) {
      chosen_[i] = spans_[i].total >= least;  // then its parent is, too
      if (chosen_[i]) continue;
      ++tree_.left_out_.nodes;
      const uint32_t parent = spans_[i].parent;
      if (parent == kNone || chosen_[parent]) tree_.left_out_.weight += spans_[i].total;
    }
  }

  void lay_down() {
    // Children of a span, in their order, as lists: they were opened one after the other.
    std::vector<uint32_t> first(spans_.size() + 1, kNone), next(spans_.size(), kNone);
    for (size_t i = spans_.size(); i-- > 0;) {
      if (!chosen_[i]) continue;
      uint32_t& head = first[spans_[i].parent == kNone ? spans_.size() : spans_[i].parent];
      next[i] = head;
      head = static_cast<uint32_t>(i);
    }
    auto& nodes = tree_.nodes_;
    tree_.starts_.assign(1, 0);
    std::vector<uint32_t> span_of{static_cast<uint32_t>(spans_.size())};
    size_t level_end = 1;
    for (uint32_t at = 0; at < nodes.size(); ++at) {
      if (at == level_end) {
        level_end = nodes.size();
        ++tree_.depth_;
      }
      nodes[at].first_child = static_cast<uint32_t>(nodes.size());
      for (uint32_t i = first[span_of[at]]; i != kNone; i = next[i]) {
        const Span& span = spans_[i];
        nodes.push_back({at, 0, 0, span.frame, span.self, span.total});
        tree_.starts_.push_back(span.start);
        span_of.push_back(i);
      }
      nodes[at].children = static_cast<uint32_t>(nodes.size()) - nodes[at].first_child;
    }
  }

  const Profile& profile_;
  const CallTreeOptions& options_;
  FrameClasses classes_;
  CallTree tree_;
  std::vector<Span> spans_;  // depth first
  std::vector<uint32_t> open_;
  std::vector<FrameId> path_;
  std::vector<bool> chosen_;
  uint32_t thread_ = kNone;
  uint64_t at_ = 0;  // weight so far
};

CallTree CallTree::build_chart(const Profile& profile, const CallTreeOptions& options) {
  return ChartBuilder(profile, options).build();
}

}  // namespace prof
