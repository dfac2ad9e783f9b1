#include "report/call_graph.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace prof {

// A row's chains, with children and callers first, are of two kinds, as in perf:
//
//   all─main─run─work─leaf     row leaf: the stack ends in it, its chain is the whole stack
//        └───────┐             row run:  it is inside the stack, its chain goes from the outermost
//            run─work─leaf               `run` down to the leaf
//
// With callees first the chain goes up from the innermost place the row has in the stack. Both are
// walks over the profile's tree; places with an equal next frame are taken together, and a branch
// below the threshold is dropped before it is walked.

namespace {
// Recursion happens at branches only; a stack that branches deeper than this is cut there.
constexpr int kMaxBranchDepth = 500;
// A pass over all nodes costs about as much as walking up from one node in this many.
constexpr size_t kWalkUpAtMost = 64;
// How many places ahead the nodes are fetched: they lie anywhere in memory.
constexpr size_t kAhead = 12;
}  // namespace

CallGraphBuilder::CallGraphBuilder(const Histogram& histogram)
    : histogram_(histogram),
      leaf_total_(histogram.profile().nodes.size()),
      branch_of_(histogram.profile().frames.size(), 0) {}

std::vector<ChainNode> CallGraphBuilder::build(uint32_t row, const CallGraphShape& shape) {
  shape_ = shape;
  row_ = row;
  std::vector<Place> places;
  if (shape.caller_first) {
    mark_leaves(row);
    places = places_down(row, shape.children);
  } else {
    places = places_up(row, shape.children);
  }
  auto result = chains(group(places), 0);
  unmark();
  return result;
}

void CallGraphBuilder::mark_leaves(uint32_t row) {
  const auto& nodes = histogram_.profile().nodes;
  const auto of_row = histogram_.nodes_of(row);
  // Few leaves: a walk up from each. Many: one pass over all nodes, children before parents.
  const auto leaves = static_cast<size_t>(std::ranges::count_if(
      of_row, [&](uint32_t node) { return histogram_.self(node).samples > 0; }));
  any_marked_ = leaves > 0;
  all_marked_ = leaves > nodes.size() / kWalkUpAtMost;
  for (const uint32_t leaf : of_row) {
    const Weights self = histogram_.self(leaf);
    if (self.samples == 0) continue;
    if (all_marked_) {
      leaf_total_[leaf] += self;
      continue;
    }
    for (uint32_t node = leaf; node != UINT32_MAX; node = nodes[node].parent) {
      if (leaf_total_[node].samples == 0) marked_.push_back(node);
      leaf_total_[node] += self;
    }
  }
  if (!all_marked_) return;
  for (auto node = static_cast<uint32_t>(nodes.size()); node-- > 0;) {
    const uint32_t parent = nodes[node].parent;
    if (parent != UINT32_MAX) leaf_total_[parent] += leaf_total_[node];
  }
}

void CallGraphBuilder::unmark() {
  if (all_marked_) std::ranges::fill(leaf_total_, Weights{});
  all_marked_ = false;
  any_marked_ = false;
  for (const uint32_t node : marked_) leaf_total_[node] = {};
  marked_.clear();
}

std::vector<CallGraphBuilder::Place> CallGraphBuilder::places_down(uint32_t row,
                                                                   bool children) const {
  std::vector<Place> places;
  for (const uint32_t root : histogram_.roots()) {
    histogram_.for_each_child(root, [&](uint32_t node, const NodeSum& sum) {
      const Weights& leaves = leaf_total_[node];  // of stacks that begin here
      if (leaves.samples > 0) places.push_back({node, sum.function, leaves, true});
    });
  }
  if (!children) return places;
  const auto of_row = histogram_.nodes_of(row);
  for (size_t i = 0; i < of_row.size(); ++i) {
    const uint32_t node = of_row[i];
    if (i + kAhead < of_row.size()) prefetch(of_row[i + kAhead]);
    const NodeSum& sum = histogram_.sum(node);
    if (!sum.outermost) continue;
    const Weights others = any_marked_ ? sum.total - leaf_total_[node] : sum.total;
    if (others.samples > 0) places.push_back({node, sum.function, others, false});
  }
  return places;
}

std::vector<CallGraphBuilder::Place> CallGraphBuilder::places_up(uint32_t row, bool children) {
  std::vector<Place> places;
  const auto& nodes = histogram_.profile().nodes;
  const auto of_row = histogram_.nodes_of(row);
  if (!children) {
    for (const uint32_t node : of_row) {
      const Weights self = histogram_.self(node);
      if (self.samples > 0) places.push_back({node, histogram_.sum(node).function, self, true});
    }
    return places;
  }
  // What lies below a node, without what lies below the row's next place under it. leaf_total_
  // holds what to take off.
  for (const uint32_t node : of_row) {
    uint32_t up = nodes[node].parent;
    while (up != UINT32_MAX && histogram_.row_of(up) != row) up = nodes[up].parent;
    if (up == UINT32_MAX) continue;
    if (leaf_total_[up].samples == 0) marked_.push_back(up);
    leaf_total_[up] += histogram_.total(node);
  }
  for (const uint32_t node : of_row) {
    const Weights innermost = histogram_.total(node) - leaf_total_[node];
    if (innermost.samples > 0)
      places.push_back({node, histogram_.sum(node).function, innermost, true});
  }
  return places;
}

/// The next places of chains: below (callers first) or above.
std::vector<CallGraphBuilder::Place> CallGraphBuilder::step(
    const std::vector<Place>& places) const {
  const auto& nodes = histogram_.profile().nodes;
  std::vector<Place> next;
  next.reserve(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    if (i + kAhead < places.size()) prefetch(places[i + kAhead].node);
    if (!shape_.caller_first) {
      const uint32_t parent = nodes[place.node].parent;
      if (!histogram_.is_root(parent)) {
        next.push_back({parent, histogram_.sum(parent).function, place.weight, true});
      }
      continue;
    }
    histogram_.for_each_child(place.node, [&](uint32_t child, const NodeSum& sum) {
      const Weights leaves = any_marked_ ? leaf_total_[child] : Weights{};
      const Weights weight = place.leaf_only ? leaves : sum.total - leaves;
      if (weight.samples > 0) next.push_back({child, sum.function, weight, place.leaf_only});
    });
  }
  return next;
}

void CallGraphBuilder::prefetch(uint32_t node) const {
  __builtin_prefetch(&histogram_.sum(node));
  if (!shape_.caller_first) __builtin_prefetch(&histogram_.profile().nodes[node]);
  if (any_marked_) __builtin_prefetch(&leaf_total_[node]);
}

/// The weight of the chains that end at these places.
Weights CallGraphBuilder::ending(const std::vector<Place>& places) const {
  Weights sum;
  for (const Place& place : places) {
    if (!shape_.caller_first) {
      if (histogram_.is_root(histogram_.profile().nodes[place.node].parent)) sum += place.weight;
    } else if ((histogram_.row_of(place.node) == row_) == place.leaf_only) {
      sum += histogram_.self(place.node);
    }
  }
  return sum;
}

/// The least weight a branch of these places is kept for.
uint64_t CallGraphBuilder::threshold(const std::vector<Place>& places) const {
  if (shape_.min_percent_of_parent <= 0) return shape_.min_period;
  Weights sum;
  for (const Place& place : places) sum += place.weight;
  return static_cast<uint64_t>(
      std::ceil(static_cast<double>(sum.period) * shape_.min_percent_of_parent / 100));
}

CallGraphBuilder::Branches CallGraphBuilder::group(const std::vector<Place>& places) {
  std::vector<Branch> branches;
  for (const Place& place : places) {
    uint32_t& branch = branch_of_[place.frame.value];
    if (branch == 0) {
      branches.push_back({place.frame, {}, {}});
      branch = static_cast<uint32_t>(branches.size());
    }
    branches[branch - 1].weight += place.weight;
  }
  const uint64_t least = threshold(places);
  for (const Place& place : places) {
    Branch& branch = branches[branch_of_[place.frame.value] - 1];
    if (branch.weight.period < least) continue;
    // Upwards, many places come together in one caller, one after the other as a rule.
    const bool again = !branch.places.empty() && branch.places.back().node == place.node &&
                       branch.places.back().leaf_only == place.leaf_only;
    if (again) {
      branch.places.back().weight += place.weight;
    } else {
      branch.places.push_back(place);
    }
  }
  for (const Branch& branch : branches) branch_of_[branch.frame.value] = 0;
  Branches result{{}, branches.size()};
  for (Branch& branch : branches) {
    if (branch.weight.period >= least) result.kept.push_back(std::move(branch));
  }
  return result;
}

ChainNode CallGraphBuilder::chain_from(Branch branch, int depth) {
  ChainNode node;
  node.total = branch.weight;
  while (true) {
    node.frames.push_back(branch.frame);
    node.hits = ending(branch.places);
    Branches branches = group(step(branch.places));
    if (node.hits.samples == 0 && branches.count == 1 && !branches.kept.empty()) {
      branch = std::move(branches.kept.front());  // no branch: the run goes on
      continue;
    }
    if (depth < kMaxBranchDepth) node.branches = chains(std::move(branches), depth + 1);
    return node;
  }
}

std::vector<ChainNode> CallGraphBuilder::chains(Branches branches, int depth) {
  std::vector<ChainNode> nodes;
  for (Branch& branch : branches.kept) nodes.push_back(chain_from(std::move(branch), depth));
  const Profile& profile = histogram_.profile();
  std::ranges::sort(nodes, [&](const ChainNode& a, const ChainNode& b) {
    if (a.total.period != b.total.period) return a.total.period > b.total.period;
    const auto name_a = profile.name(a.frames.front());
    const auto name_b = profile.name(b.frames.front());
    return std::tuple(name_a, a.frames.front()) < std::tuple(name_b, b.frames.front());
  });
  return nodes;
}

}  // namespace prof
