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
}  // namespace

CallGraphBuilder::CallGraphBuilder(const Histogram& histogram)
    : histogram_(histogram), leaf_total_(histogram.profile().nodes.size()) {}

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
  auto result = chains(group(std::move(places)), 0);
  unmark();
  return result;
}

void CallGraphBuilder::mark_leaves(uint32_t row) {
  for (const uint32_t leaf : histogram_.nodes_of(row)) {
    const Weights self = histogram_.self(leaf);
    if (self.samples == 0) continue;
    for (uint32_t node = leaf; node != UINT32_MAX; node = histogram_.profile().nodes[node].parent) {
      if (leaf_total_[node].samples == 0) marked_.push_back(node);
      leaf_total_[node] += self;
    }
  }
}

void CallGraphBuilder::unmark() {
  for (const uint32_t node : marked_) leaf_total_[node] = {};
  marked_.clear();
}

std::vector<CallGraphBuilder::Place> CallGraphBuilder::places_down(uint32_t row,
                                                                   bool children) const {
  std::vector<Place> places;
  const auto& nodes = histogram_.profile().nodes;
  for (const uint32_t node : marked_) {  // the outermost frames of stacks with this leaf
    if (!histogram_.is_root(node) && histogram_.is_root(nodes[node].parent)) {
      places.push_back({node, true, leaf_total_[node]});
    }
  }
  if (!children) return places;
  for (const uint32_t node : histogram_.nodes_of(row)) {
    bool outermost = true;
    for (uint32_t up = nodes[node].parent; outermost && up != UINT32_MAX; up = nodes[up].parent) {
      outermost = histogram_.row_of(up) != row;
    }
    const Weights others = histogram_.total(node) - leaf_total_[node];
    if (outermost && others.samples > 0) places.push_back({node, false, others});
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
      if (self.samples > 0) places.push_back({node, true, self});
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
    if (innermost.samples > 0) places.push_back({node, true, innermost});
  }
  return places;
}

/// The next places of chains: below (callers first) or above.
std::vector<CallGraphBuilder::Place> CallGraphBuilder::step(
    const std::vector<Place>& places) const {
  std::vector<Place> next;
  for (const Place& place : places) {
    if (!shape_.caller_first) {
      const uint32_t parent = histogram_.profile().nodes[place.node].parent;
      if (!histogram_.is_root(parent)) next.push_back({parent, true, place.weight});
      continue;
    }
    for (uint32_t child = histogram_.first_child(place.node); child != UINT32_MAX;
         child = histogram_.next_sibling(child)) {
      const Weights leaves = leaf_total_[child];
      const Weights weight = place.leaf_only ? leaves : histogram_.total(child) - leaves;
      if (weight.samples > 0) next.push_back({child, place.leaf_only, weight});
    }
  }
  return next;
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

std::vector<CallGraphBuilder::Branch> CallGraphBuilder::group(std::vector<Place> places) const {
  const auto frame_of = [&](const Place& place) {
    return histogram_.profile().nodes[place.node].frame;
  };
  std::ranges::sort(places, [&](const Place& a, const Place& b) {
    return std::tuple(frame_of(a), a.node, a.leaf_only) <
           std::tuple(frame_of(b), b.node, b.leaf_only);
  });
  std::vector<Branch> branches;
  for (const Place& place : places) {
    if (branches.empty() || branches.back().frame != frame_of(place)) {
      branches.push_back({frame_of(place), {}, {}});
    }
    Branch& branch = branches.back();
    branch.weight += place.weight;
    // Upwards, many places come together in one caller.
    if (!branch.places.empty() && branch.places.back().node == place.node &&
        branch.places.back().leaf_only == place.leaf_only) {
      branch.places.back().weight += place.weight;
    } else {
      branch.places.push_back(place);
    }
  }
  return branches;
}

ChainNode CallGraphBuilder::chain_from(Branch branch, int depth) const {
  ChainNode node;
  node.total = branch.weight;
  while (true) {
    node.frames.push_back(branch.frame);
    node.hits = ending(branch.places);
    auto branches = group(step(branch.places));
    if (node.hits.samples == 0 && branches.size() == 1) {  // no branch: the run goes on
      branch = std::move(branches.front());
      continue;
    }
    if (depth < kMaxBranchDepth) node.branches = chains(std::move(branches), depth + 1);
    return node;
  }
}

std::vector<ChainNode> CallGraphBuilder::chains(std::vector<Branch> branches, int depth) const {
  std::vector<ChainNode> nodes;
  uint64_t min_period = shape_.min_period;
  if (shape_.min_percent_of_parent > 0) {
    Weights sum;
    for (const Branch& branch : branches) sum += branch.weight;
    min_period = static_cast<uint64_t>(
        std::ceil(static_cast<double>(sum.period) * shape_.min_percent_of_parent / 100));
  }
  for (Branch& branch : branches) {
    if (branch.weight.period >= min_period) {
      nodes.push_back(chain_from(std::move(branch), depth));
    }
  }
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
