#include <algorithm>

#include "report/call_tree_builders.h"

namespace prof {

CallTree BottomUpBuilder::build() {
  start_walkers();
  auto& nodes = tree_.nodes_;
  for (const Walker& walker : walkers_) nodes[0].total += walker.weight;
  if (nodes[0].total == 0) return std::move(tree_);
  const uint64_t least = least_total(options_, nodes[0].total);
  std::vector<Range> waiting{{0, static_cast<uint32_t>(walkers_.size())}};  // by tree node
  size_t level_end = 1;
  for (uint32_t at = 0; at < nodes.size(); ++at) {
    if (at == level_end) {
      level_end = nodes.size();
      ++tree_.depth_;
    }
    uint64_t ended = 0;
    std::vector<Group> groups = split(waiting[at], ended);
    nodes[at].self = ended;
    nodes[at].first_child = static_cast<uint32_t>(nodes.size());
    for (const Group& group : groups) {
      if (group.total < least) {
        tree_.left_out_.weight += group.total;
        tree_.left_out_.nodes += 1 + count_nodes(group.walkers);
        continue;
      }
      nodes.push_back({at, 0, 0, group.frame, 0, group.total});
      waiting.push_back(group.walkers);
    }
    nodes[at].children = static_cast<uint32_t>(nodes.size()) - nodes[at].first_child;
  }
  return std::move(tree_);
}

void BottomUpBuilder::start_walkers() {
  for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
    const uint64_t weight = own_weight(profile_, profile_.nodes[i], options_);
    if (weight) walkers_.push_back({i, class_at(i), weight});
  }
}

std::vector<BottomUpBuilder::Group> BottomUpBuilder::split(Range range, uint64_t& ended) {
  const auto begin = walkers_.begin() + range.begin;
  const auto end = walkers_.begin() + range.end;
  if (range.end - range.begin > 1) {
    std::sort(begin, end, [](const Walker& a, const Walker& b) {
      return a.klass != b.klass ? a.klass < b.klass : a.node < b.node;
    });
  }
  std::vector<Group> groups;
  for (uint32_t at = range.begin; at < range.end;) {
    uint32_t next = at;
    while (next < range.end && walkers_[next].klass == walkers_[at].klass) ++next;
    if (walkers_[at].klass == kEnd) {
      for (; at < next; ++at) ended += walkers_[at].weight;
    } else {
      groups.push_back(take_step({at, next}));
    }
    at = next;
  }
  std::sort(groups.begin(), groups.end(),
            [&](const Group& a, const Group& b) { return classes_.before(a.frame, b.frame); });
  return groups;
}

// Walkers on one node of the profile have the same way ahead: they go on as one, so that a range
// shrinks towards the roots.
BottomUpBuilder::Group BottomUpBuilder::take_step(Range same_frame) {
  Group group{profile_.nodes[walkers_[same_frame.begin].node].frame,
              0,
              {same_frame.begin, same_frame.begin}};
  uint32_t& kept = group.walkers.end;
  uint32_t last = kEnd;
  for (uint32_t i = same_frame.begin; i < same_frame.end; ++i) {
    const Walker walker = walkers_[i];
    group.total += walker.weight;
    if (walker.node == last) {
      walkers_[kept - 1].weight += walker.weight;
      continue;
    }
    last = walker.node;
    const uint32_t parent = profile_.nodes[walker.node].parent;
    walkers_[kept++] = {parent, class_at(parent), walker.weight};
  }
  return group;
}

uint64_t BottomUpBuilder::count_nodes(Range range) {
  uint64_t count = 0;
  uint64_t ended = 0;
  std::vector<Range> waiting{range};
  while (!waiting.empty()) {
    const Range next = waiting.back();
    waiting.pop_back();
    if (next.end - next.begin == 1) {  // one way to the root, by far the most usual case
      uint32_t node = walkers_[next.begin].node;
      for (; node != kEnd; node = profile_.nodes[node].parent) ++count;
      continue;
    }
    for (const Group& group : split(next, ended)) {
      ++count;
      waiting.push_back(group.walkers);
    }
  }
  return count;
}

}  // namespace prof
