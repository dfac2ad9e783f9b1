#include <catch2/catch.hpp>
#include <cstring>
#include <deque>
#include <map>
#include <random>

#include "report/raw_stacks.h"
#include "report/stack_tree.h"

using namespace prof;

TEST_CASE("A child is made once and found again, however many siblings it has") {
  Profile profile;
  profile.groups.resize(1);
  StackTree tree(profile);
  const uint32_t root = tree.root(0, FrameId{0});
  std::map<uint32_t, uint32_t> children;
  for (uint32_t frame = 0; frame < 5000; ++frame) {
    children[frame] = tree.child(root, FrameId{frame});
    tree.child(children[frame], FrameId{frame + 1});
  }
  for (const auto& [frame, node] : children) {
    CHECK(tree.child(root, FrameId{frame}) == node);
    CHECK(profile.nodes[node].parent == root);
    CHECK(profile.nodes[node].frame == FrameId{frame});
  }
  CHECK(profile.nodes.size() == 10001);
  CHECK(tree.root(0, FrameId{0}) == root);
  size_t listed = 0;
  for (uint32_t c = profile.nodes[root].first_child; c != UINT32_MAX;
       c = profile.nodes[c].next_sibling) {
    ++listed;
  }
  CHECK(listed == 5000);
}

TEST_CASE("Equal chains of one context are one stack, others are not") {
  RawStacks stacks(GENERATE(false, true));
  std::deque<std::vector<uint64_t>> chains;  // stay valid until flush()
  std::mt19937_64 random(1);
  std::map<std::pair<uint32_t, std::vector<uint64_t>>, uint64_t> expected;
  for (int i = 0; i < 20000; ++i) {
    const auto context = static_cast<uint32_t>(random() % 3);
    auto& chain = chains.emplace_back(random() % 6);
    for (uint64_t& ip : chain) ip = random() % 5;
    stacks.add(context, CpuMode::User, std::as_bytes(std::span(chain)), 10);
    ++expected[{context, chain}];
  }
  stacks.flush();
  REQUIRE(stacks.all().size() == expected.size());
  for (const RawStack* stack : stacks.all()) {
    std::vector<uint64_t> chain(stack->length / 8);
    if (!chain.empty()) std::memcpy(chain.data(), stack->chain().data(), stack->length);
    CHECK(expected[{stack->context, chain}] == stack->samples);
    CHECK(stack->period == stack->samples * 10);
  }
}

TEST_CASE("The mode of a sample is part of what its stack is") {
  RawStacks stacks(true);
  const uint64_t ip = 0x1000;
  stacks.add(0, CpuMode::User, std::as_bytes(std::span(&ip, 1)), 1);
  stacks.add(0, CpuMode::Kernel, std::as_bytes(std::span(&ip, 1)), 1);
  stacks.flush();
  CHECK(stacks.all().size() == 2);
}
