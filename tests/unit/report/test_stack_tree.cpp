#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "report/stack_tree.h"

using namespace prof;

namespace {

using Stack = std::pair<uint32_t, std::vector<uint32_t>>;  // group, frames

struct Built {
  Profile profile;
  std::map<Stack, uint64_t> expected;  // samples
};

Built build(const std::vector<Stack>& stacks, uint32_t groups) {
  Built built;
  StackTree tree;
  uint64_t samples = 0;
  for (const auto& [group, numbers] : stacks) {
    std::vector<FrameId> frames;
    for (const uint32_t number : numbers) frames.push_back(FrameId{number});
    ++samples;
    tree.add(group, frames, samples, samples * 10);
    built.expected[{group, numbers}] += samples;
  }
  std::vector<FrameId> group_frames;
  for (uint32_t group = 0; group < groups; ++group) group_frames.push_back(FrameId{1000 + group});
  built.profile.groups.resize(groups);
  tree.finish(group_frames, built.profile);
  return built;
}

/// What the nodes say the stacks were, and that they lie as they should.
std::map<Stack, uint64_t> stacks_of(const Profile& profile) {
  std::map<Stack, uint64_t> found;
  const auto& nodes = profile.nodes;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    CHECK(nodes[i].end > i);
    CHECK(nodes[i].end <= nodes.size());
    Stack stack{nodes[i].group, {}};
    uint32_t at = i;
    for (; nodes[at].parent != UINT32_MAX; at = nodes[at].parent) {
      stack.second.insert(stack.second.begin(), nodes[at].frame.value);
      CHECK(nodes[at].group == nodes[i].group);
      CHECK(nodes[at].parent < at);
      CHECK(nodes[i].end <= nodes[nodes[at].parent].end);
    }
    CHECK(nodes[at].frame.value == 1000 + nodes[i].group);
    CHECK(nodes[i].self_period == nodes[i].self_samples * 10);
    if (nodes[i].self_samples > 0) CHECK(found.emplace(stack, nodes[i].self_samples).second);
    std::map<uint32_t, int> children;  // by frame
    profile.for_each_child(i, [&](uint32_t child) {
      CHECK(nodes[child].parent == i);
      CHECK(++children[nodes[child].frame.value] == 1);
    });
  }
  return found;
}

}  // namespace

TEST_CASE("the tree holds each stack once, depth first") {
  std::mt19937_64 random(7);
  // Few frames make deep common beginnings, many make wide nodes; numbers are held plus one, and as
  // many at a time as fit are compared.
  const auto frames = GENERATE(1u, 2u, 5u, 900u, 65535u, 65536u, 200000u);
  const auto depth = GENERATE(1u, 4u, 40u);
  std::vector<Stack> stacks;
  for (int i = 0; i < 3000; ++i) {
    Stack& stack =
        stacks.emplace_back(static_cast<uint32_t>(random() % 3), std::vector<uint32_t>());
    stack.second.resize(random() % (depth + 1));
    for (uint32_t& frame : stack.second) frame = static_cast<uint32_t>(random() % frames);
    if (!stack.second.empty() && random() % 10 == 0) stack.second.back() = frames - 1;
  }
  const Built built = build(stacks, 3);
  CHECK(stacks_of(built.profile) == built.expected);
}

TEST_CASE("recursion of any depth and stacks that are the beginning of others") {
  std::vector<Stack> stacks;
  for (size_t depth = 0; depth < 300; ++depth) {
    stacks.push_back({0, std::vector<uint32_t>(depth * 7 % 300, 4)});
  }
  const Built built = build(stacks, 1);
  CHECK(built.profile.nodes.size() == 300);
  CHECK(stacks_of(built.profile) == built.expected);
}

TEST_CASE("stacks in an order made to split badly are sorted all the same") {
  std::vector<Stack> stacks;
  for (uint32_t i = 0; i < 20000; ++i) {  // falling, rising, and organ pipes
    stacks.push_back({0, {i < 10000 ? 20000 - i : i % 100 < 50 ? i % 100 : 100 - i % 100, i}});
  }
  const Built built = build(stacks, 1);
  CHECK(stacks_of(built.profile) == built.expected);
}

TEST_CASE("no stacks are no nodes") {
  CHECK(build({}, 2).profile.nodes.empty());
}

TEST_CASE("a node of several frames that are drawn as one has that of its heaviest stack") {
  Profile profile;
  profile.frames.resize(10);
  profile.events.resize(1);
  profile.groups.resize(1);
  StackTree tree;
  // Frames 1 and 2 are drawn as one, which is given as 1.
  tree.add(0, std::vector{FrameId{1}}, 2, 2);
  tree.add(0, std::vector{FrameId{1}, FrameId{3}}, 56, 56);
  tree.add(0, std::vector{FrameId{1}, FrameId{4}}, 1, 1);
  Pruning pruning;
  pruning.per_sample = 0.5;
  pruning.stand_in.resize(10);
  pruning.stand_in[1] = true;
  pruning.frame_of = [](uint32_t stack, size_t depth) {
    CHECK(depth == 1);
    return FrameId{stack == 1 ? 2u : 1u};
  };
  tree.prune(std::move(pruning));
  tree.finish(std::vector{FrameId{5}}, profile);
  REQUIRE(profile.nodes.size() == 4);
  CHECK(profile.nodes[1].frame == FrameId{2});
  CHECK(profile.nodes[1].self_samples == 2);
  CHECK(profile.nodes[2].frame == FrameId{3});
  CHECK(profile.nodes[3].frame == profile.pruned_frame);
  CHECK(profile.nodes[3].self_samples == 1);
  CHECK(profile.events[0].pruned_nodes == 1);
}
