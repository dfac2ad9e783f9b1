#include "report/call_tree.h"

#include "report/call_tree_builders.h"

namespace prof {

CallTree CallTree::build(const Profile& profile, const CallTreeOptions& options) {
  return options.reverse ? BottomUpBuilder(profile, options).build()
                         : TopDownBuilder(profile, options).build();
}

CallTree TopDownBuilder::build() {
  sum_totals();
  if (tree_.nodes_[0].total == 0) return std::move(tree_);
  merge();
  choose();
  lay_down();
  add_self_weights();
  if (!options_.others.empty()) add_others();
  return std::move(tree_);
}

// Parents come before their children, so one walk from the back sums every subtree.
void TopDownBuilder::sum_totals() {
  const auto& nodes = profile_.nodes;
  totals_.resize(nodes.size());
  for (size_t i = nodes.size(); i-- > 0;) {
    totals_[i] += own_weight(profile_, nodes[i], options_);
    uint64_t& above =
        nodes[i].parent == UINT32_MAX ? tree_.nodes_[0].total : totals_[nodes[i].parent];
    above += totals_[i];
  }
  if (options_.others.empty()) return;
  other_totals_.assign(options_.others.begin(), options_.others.end());
  for (size_t i = nodes.size(); i-- > 0;) {
    if (profile_.groups[nodes[i].group].event != options_.event) other_totals_[i] = 0;
    if (nodes[i].parent != UINT32_MAX) other_totals_[nodes[i].parent] += other_totals_[i];
  }
}

// Most nodes have no namesake among their siblings and stand for themselves. Only below a frame
// that shares its name with another frame (or a root shown by the name of another root) is a table
// asked, which keeps two million nodes from missing the cache two million times.
void TopDownBuilder::merge() {
  const auto& nodes = profile_.nodes;
  std::vector<uint32_t> roots_of_class(classes_.count(), 0);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent == UINT32_MAX && counts(i)) ++roots_of_class[classes_.of(nodes[i].frame)];
  }
  IdPairMap merged;
  std::vector<bool> doubtful(nodes.size());  // may have a namesake, or is below one that may
  stands_for_.resize(nodes.size());
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    stands_for_[i] = i;
    if (!counts(i)) continue;
    const uint32_t parent = nodes[i].parent;
    const bool is_root = parent == UINT32_MAX;
    doubtful[i] = is_root ? roots_of_class[classes_.of(nodes[i].frame)] > 1
                          : doubtful[parent] || classes_.shared(nodes[i].frame);
    if (!doubtful[i]) continue;
    const uint32_t first = merged.find_or_add(is_root ? UINT32_MAX : stands_for_[parent],
                                              classes_.of(nodes[i].frame), i);
    if (first == i) continue;
    stands_for_[i] = first;
    totals_[first] += totals_[i];
    totals_[i] = 0;
  }
}

// Lists what is wide enough and counts what is not. A node is never wider than its parent, so what
// is chosen is a tree.
void TopDownBuilder::choose() {
  const uint64_t least = least_total(options_, tree_.nodes_[0].total);
  if (options_.event < profile_.events.size()) {
    tree_.left_out_.nodes = profile_.events[options_.event].pruned_nodes;
  }
  for (uint32_t i = 0; i < totals_.size(); ++i) {
    if (totals_[i] == 0) continue;
    const bool pruned = profile_.nodes[i].frame == profile_.pruned_frame;
    if (totals_[i] >= least && !pruned) {
      chosen_.push_back(i);
      continue;
    }
    tree_.left_out_.nodes += pruned ? 0 : 1;
    const uint32_t parent = profile_.nodes[i].parent;
    if (parent == UINT32_MAX || totals_[stands_for_[parent]] >= least) {
      tree_.left_out_.weight += totals_[i];
    }
  }
}

// Groups the chosen nodes by parent with a counting sort, then walks them breadth first.
void TopDownBuilder::lay_down() {
  number_of_.assign(profile_.nodes.size(), 0);
  std::vector<uint32_t> begin(chosen_.size() + 2, 0);  // children of number n: from [n] to [n + 1]
  const auto parent_number = [&](uint32_t node) {
    const uint32_t parent = profile_.nodes[node].parent;
    return parent == UINT32_MAX ? 0 : number_of_[stands_for_[parent]];
  };
  for (uint32_t k = 0; k < chosen_.size(); ++k) {
    number_of_[chosen_[k]] = k + 1;
    ++begin[parent_number(chosen_[k]) + 1];
  }
  for (size_t n = 1; n < begin.size(); ++n) begin[n] += begin[n - 1];
  std::vector<uint32_t> children(chosen_.size());
  std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
  for (const uint32_t node : chosen_) children[next[parent_number(node)]++] = node;

  tree_.nodes_.reserve(chosen_.size() + 1);
  profile_node_.reserve(chosen_.size() + 1);
  profile_node_.push_back(UINT32_MAX);
  place_of_.assign(chosen_.size() + 1, 0);
  size_t level_end = 1;
  for (uint32_t at = 0; at < tree_.nodes_.size(); ++at) {
    if (at == level_end) {
      level_end = tree_.nodes_.size();
      ++tree_.depth_;
    }
    const uint32_t number = at == 0 ? 0 : number_of_[profile_node_[at]];
    append_children(at, {children.data() + begin[number], children.data() + begin[number + 1]});
  }
}

void TopDownBuilder::append_children(uint32_t at, std::span<const uint32_t> children) {
  auto& nodes = tree_.nodes_;
  nodes[at].first_child = static_cast<uint32_t>(nodes.size());
  nodes[at].children = static_cast<uint32_t>(children.size());
  const auto first = static_cast<std::ptrdiff_t>(profile_node_.size());
  profile_node_.insert(profile_node_.end(), children.begin(), children.end());
  classes_.sort(profile_node_.begin() + first, profile_node_.end(),
                [&](uint32_t node) { return profile_.nodes[node].frame; });
  for (size_t i = nodes.size(); i < profile_node_.size(); ++i) {
    const uint32_t node = profile_node_[i];
    place_of_[number_of_[node]] = static_cast<uint32_t>(i);
    nodes.push_back({at, 0, 0, profile_.nodes[node].frame, 0, totals_[node]});
  }
}

void TopDownBuilder::add_self_weights() {
  for (size_t i = 0; i < profile_.nodes.size(); ++i) {
    const uint32_t place = place_of_[number_of_[stands_for_[i]]];
    if (place) tree_.nodes_[place].self += own_weight(profile_, profile_.nodes[i], options_);
  }
}

void TopDownBuilder::add_others() {
  tree_.others_.resize(tree_.nodes_.size());
  for (size_t i = 0; i < profile_.nodes.size(); ++i) {
    if (profile_.nodes[i].parent == UINT32_MAX) tree_.others_[0].total += other_totals_[i];
    const uint32_t place = place_of_[number_of_[stands_for_[i]]];
    if (place == 0 || other_totals_[i] == 0) continue;
    tree_.others_[place].total += other_totals_[i];
    tree_.others_[place].self += options_.others[i];
  }
}

}  // namespace prof
