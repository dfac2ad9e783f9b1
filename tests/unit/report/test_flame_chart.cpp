#include <catch2/catch.hpp>

#include "report/call_tree.h"
#include "report/import_script.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

Profile of_lines(std::string_view text) {
  FoldedImportOptions options;
  options.order_of_lines = true;
  auto profile = import_folded(std::as_bytes(std::span(text)), "x", options);
  REQUIRE(profile);
  return std::move(*profile);
}

/// "name start+total(self)" of each node, level by level.
std::string shape(const Profile& profile, const CallTreeOptions& options = {}) {
  const CallTree tree = CallTree::build_chart(profile, options);
  std::string text;
  uint64_t selfs = 0;
  REQUIRE(tree.starts().size() == tree.nodes().size());
  for (size_t i = 0; i < tree.nodes().size(); ++i) {
    const CallTree::Node& node = tree.nodes()[i];
    selfs += node.self;
    if (i == 0) continue;
    REQUIRE(node.parent < i);
    text += std::string(profile.name(node.frame)) + " " + std::to_string(tree.starts()[i]) + "+" +
            std::to_string(node.total) + "(" + std::to_string(node.self) + ") ";
  }
  if (options.min_share == 0) CHECK(selfs == tree.root().total);
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a flame chart keeps the order of lines and joins neighbours") {
  CHECK(shape(of_lines("a;b 1\na;c 2\na;b 3\na;b 1\nd 1\na;b 1\n")) ==
        "a 0+7(0) d 7+1(1) a 8+1(0) b 0+1(1) c 1+2(2) b 3+4(4) b 8+1(1)");
  // What a function did itself stands between what it called.
  CHECK(shape(of_lines("a;b 1\na 2\na;b 3\n")) == "a 0+6(2) b 0+1(1) b 3+3(3)");
}

TEST_CASE("narrow frames of a flame chart are left out and counted, the others stay in place") {
  const Profile profile = of_lines("a;b;x 1\na;c 8\na;b 1\n");
  CallTreeOptions options;
  options.min_share = 0.2;
  CHECK(shape(profile, options) == "a 0+10(0) c 1+8(8)");
  const CallTree tree = CallTree::build_chart(profile, options);
  CHECK(tree.left_out().nodes == 3);
  CHECK(tree.left_out().weight == 2);
  CHECK(tree.depth() == 2);
}

TEST_CASE("threads of a flame chart stand beside each other, each in the order of time") {
  LoadOptions options;
  options.with_timeline = true;
  options.group.pid = options.group.tid = true;
  const auto profile = import_script(
      "t 1/2 3.0: 10 cycles: \n\t1 late (x)\n\nt 1/1 1.0: 10 cycles: \n\t1 f (x)\n\n"
      "t 1/2 2.0: 10 cycles: \n\t1 early (x)\n\nt 1/1 4.0: 10 cycles: \n\t1 f (x)\n\n",
      "x", options);
  REQUIRE(profile);
  CHECK(profile->timeline.in_order);
  CHECK(shape(*profile) == "t-1/1 0+2(0) t-1/2 2+2(0) f 0+2(2) early 2+1(1) late 3+1(1)");
  CHECK(shape(*profile, {.weight = Weight::Period}) ==
        "t-1/1 0+20(0) t-1/2 20+20(0) f 0+20(20) early 20+10(10) late 30+10(10)");
}

TEST_CASE("nothing to draw is an empty flame chart") {
  CHECK(CallTree::build_chart(Profile(), {}).root().total == 0);
}
