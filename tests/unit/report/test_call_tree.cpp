#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "report/call_tree.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

/// The tree as "name self/total (children)", to be compared at a glance.
std::string text_of(const Profile& profile, const CallTree& tree, uint32_t node = 0) {
  const CallTree::Node& n = tree.nodes()[node];
  std::string text = n.frame.valid() ? std::string(profile.name(n.frame)) : "*";
  text += fmt::format(" {}/{}", n.self, n.total);
  for (uint32_t i = 0; i < n.children; ++i) {
    text += (i ? ", " : " (") + text_of(profile, tree, n.first_child + i);
    CHECK(tree.nodes()[n.first_child + i].parent == node);
  }
  return n.children ? text + ")" : text;
}

/// Totals by path, the slow and plain way.
using Paths = std::map<std::vector<std::string>, uint64_t>;

Paths paths_of(const Profile& profile, bool reverse) {
  Paths totals;
  for (const StackNode& leaf : profile.nodes) {
    if (leaf.self_samples == 0) continue;
    std::vector<std::string> frames;
    for (const StackNode* at = &leaf;; at = &profile.nodes[at->parent]) {
      frames.insert(frames.begin(), std::string(profile.name(at->frame)));
      if (at->parent == UINT32_MAX) break;
    }
    if (reverse) std::reverse(frames.begin(), frames.end());
    for (size_t size = 0; size <= frames.size(); ++size) {
      totals[{frames.begin(), frames.begin() + static_cast<long>(size)}] += leaf.self_samples;
    }
  }
  return totals;
}

Paths paths_of(const Profile& profile, const CallTree& tree) {
  Paths totals;
  std::vector<std::vector<std::string>> path(tree.nodes().size());
  for (size_t i = 0; i < tree.nodes().size(); ++i) {
    const auto& node = tree.nodes()[i];
    if (node.frame.valid()) {
      path[i] = path[node.parent];
      path[i].emplace_back(profile.name(node.frame));
    }
    CHECK(totals.emplace(path[i], node.total).second);
  }
  return totals;
}

std::string random_stacks(unsigned seed, int lines) {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const auto depth = 1 + random() % 6;
    for (size_t d = 0; d < depth; ++d) text += fmt::format("{}f{}", d ? ";" : "", random() % 4);
    text += fmt::format(" {}\n", 1 + random() % 9);
  }
  return text;
}

/// Doubles every frame under another id, as functions of one name in two files are.
void split_frames(Profile& profile) {
  const size_t count = profile.frames.size();
  for (size_t i = 0; i < count; ++i) profile.frames.push_back(profile.frames[i]);
  const size_t nodes = profile.nodes.size();
  std::vector<uint32_t> twin(nodes);
  for (size_t i = 0; i < nodes; ++i) {
    StackNode copy = profile.nodes[i];
    twin[i] = static_cast<uint32_t>(profile.nodes.size());
    if (copy.parent != UINT32_MAX) copy.parent = twin[copy.parent];
    copy.end += static_cast<uint32_t>(nodes);
    copy.frame.value += static_cast<uint32_t>(count);
    profile.nodes.push_back(copy);
  }
}

}  // namespace

TEST_CASE("a call tree has selves, totals and children by name") {
  const Profile profile = profile_of("a;c 1\na;b;x 2\na;b 4\nz 8\n");
  const CallTree tree = CallTree::build(profile, {});
  CHECK(text_of(profile, tree) == "* 0/15 (a 0/7 (b 4/6 (x 2/2), c 1/1), z 8/8)");
  CHECK(tree.depth() == 3);
  CHECK(tree.left_out().nodes == 0);
}

TEST_CASE("a reversed call tree starts at the leaves") {
  const Profile profile = profile_of("a;c 1\na;b;c 2\na;b 4\nz 8\n");
  const CallTree tree = CallTree::build(profile, {.reverse = true});
  CHECK(text_of(profile, tree) == "* 0/15 (b 0/4 (a 4/4), c 0/3 (a 1/1, b 0/2 (a 2/2)), z 8/8)");
  CHECK(tree.depth() == 3);
}

TEST_CASE("the tree does not depend on the order of the stacks") {
  const Profile one = profile_of("a;c 1\na;b;x 2\nz 8\n");
  const Profile other = profile_of("z 8\na;b;x 2\na;c 1\n");
  for (const bool reverse : {false, true}) {
    CHECK(text_of(one, CallTree::build(one, {.reverse = reverse})) ==
          text_of(other, CallTree::build(other, {.reverse = reverse})));
  }
}

TEST_CASE("frames of one name and kind are one node whatever their ids") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Profile profile = profile_of(random_stacks(seed, 60));
    split_frames(profile);
    for (const bool reverse : {false, true}) {
      CAPTURE(seed, reverse);
      const CallTree tree = CallTree::build(profile, {.reverse = reverse});
      CHECK(paths_of(profile, tree) == paths_of(profile, reverse));
    }
  }
}

TEST_CASE("frames of one name and different kinds stay two nodes") {
  const Profile profile = profile_of("a;read 1\na;read_[k] 2\n");
  const CallTree tree = CallTree::build(profile, {});
  REQUIRE(tree.nodes().size() == 4);
  CHECK(profile.frame(tree.nodes()[2].frame).kind == FrameKind::Kernel);
  CHECK(profile.frame(tree.nodes()[3].frame).kind == FrameKind::Other);
}

TEST_CASE("roots shown by one name are one node") {
  Profile profile = profile_of("a;x 1\nb;x 2\n");
  for (Frame& frame : profile.frames) {
    if (profile.strings[frame.name] == "b") frame.name = profile.strings.intern("a");
  }
  CHECK(text_of(profile, CallTree::build(profile, {})) == "* 0/3 (a 0/3 (x 3/3))");
}

TEST_CASE("what is narrower than asked is left out and counted, the same both ways round") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Profile profile = profile_of(random_stacks(seed, 80));
    split_frames(profile);
    for (const bool reverse : {false, true}) {
      CAPTURE(seed, reverse);
      const CallTree all = CallTree::build(profile, {.reverse = reverse});
      const uint64_t least = (all.root().total * 3 + 99) / 100;
      uint64_t narrow = 0;
      uint64_t weight = 0;
      for (const auto& node : all.nodes()) {
        if (node.total >= least) continue;
        ++narrow;
        if (all.nodes()[node.parent].total >= least) weight += node.total;
      }
      const CallTree tree = CallTree::build(profile, {.reverse = reverse, .min_share = 0.03});
      CHECK(tree.nodes().size() == all.nodes().size() - narrow);
      CHECK(tree.left_out().nodes == narrow);
      CHECK(tree.left_out().weight == weight);
      for (const auto& node : tree.nodes()) CHECK(node.total >= least);
    }
  }
}

TEST_CASE("a share is of the larger of the tree and what it is compared with") {
  const Profile profile = profile_of("a 10\nb 90\n");
  CHECK(CallTree::build(profile, {.min_share = 0.05}).nodes().size() == 3);
  CHECK(CallTree::build(profile, {.min_share = 0.05, .whole = 1000}).nodes().size() == 2);
}

TEST_CASE("an event without samples gives a root and nothing else") {
  const Profile profile = profile_of("a;b 1\n");
  for (const bool reverse : {false, true}) {
    const CallTree tree = CallTree::build(profile, {.event = 7, .reverse = reverse});
    CHECK(tree.nodes().size() == 1);
    CHECK(tree.root().total == 0);
    CHECK(CallTree::build(Profile(), {.reverse = reverse}).nodes().size() == 1);
  }
}

TEST_CASE("weights of another kind are summed beside those of the tree") {
  const Profile profile = profile_of("a;b 1 5\na;b;c 2 0\na;d 3 4\ne 7 0\n");
  std::vector<uint64_t> before;
  for (const BeforeWeight& of : profile.before) before.push_back(of.samples);
  const CallTree tree = CallTree::build(profile, {.others = before});
  REQUIRE(tree.others().size() == tree.nodes().size());
  CHECK(tree.others()[0].total == 13);
  for (uint32_t i = 1; i < tree.nodes().size(); ++i) {
    const std::string_view name = profile.name(tree.nodes()[i].frame);
    CHECK(name != "c");  // there is none of it after
    CHECK(tree.others()[i].total == (name == "a" ? 6 : 3));
    CHECK(tree.others()[i].self == (name == "a" ? 0 : name == "b" ? 1 : 3));
  }
}

TEST_CASE("a tree may be made of weights from elsewhere") {
  const Profile profile = profile_of("a;b 1\na;c 2\n");
  std::vector<uint64_t> weights;
  for (const StackNode& node : profile.nodes) weights.push_back(node.self_samples == 2 ? 9 : 0);
  const CallTree tree = CallTree::build(profile, {.weights = weights});
  REQUIRE(tree.nodes().size() == 3);
  CHECK(tree.root().total == 9);
  CHECK(profile.name(tree.nodes()[2].frame) == "c");
}
