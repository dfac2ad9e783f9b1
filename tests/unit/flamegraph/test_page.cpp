#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "flamegraph/page.h"
#include "flamegraph/page_tree.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

/// "a;b;c" → what the node weighs itself.
std::map<std::string, uint64_t> stacks_of(const PageTree& tree) {
  std::map<std::string, uint64_t> stacks;
  std::vector<std::string> path;
  for (const PageTree::Node& node : tree.nodes) {
    REQUIRE(node.up <= path.size());
    path.resize(path.size() - node.up);
    path.push_back((path.empty() ? "" : path.back() + ";") +
                   std::string(tree.frames[node.frame].name));
    REQUIRE(stacks.emplace(path.back(), node.self).second);
  }
  return stacks;
}

PageTree tree_of(const Profile& profile, size_t most = 1000) {
  return make_page_tree(profile, std::vector(profile.events.size(), Weight::Samples), most);
}

std::string page_of(const Profile& profile, const PageRequest& request) {
  Result<void> result;
  std::string page =
      prof::test::written([&](Output& out) { result = write_page(profile, request, out); });
  REQUIRE(result);
  return page;
}

}  // namespace

TEST_CASE("Page trees have each stack once, by names", "[page]") {
  const Profile profile = profile_of("b;y 1\na;z 2\na 4\na;c;d 8\nb;y;k 16\n");
  const PageTree tree = tree_of(profile);
  CHECK(stacks_of(tree) ==
        std::map<std::string, uint64_t>{
            {"a", 4}, {"a;c", 0}, {"a;c;d", 8}, {"a;z", 2}, {"b", 0}, {"b;y", 1}, {"b;y;k", 16}});
  CHECK(tree.left_out == 0);
  for (size_t i = 1; i < tree.frames.size(); ++i) {
    CHECK(tree.frames[i - 1].name <= tree.frames[i].name);
  }
}

TEST_CASE("Page trees join frames that look alike", "[page]") {
  Profile profile = profile_of("a;f;x 1\na;g;x 2\n");
  // Another address of the same function.
  const StringId f = profile.strings.intern("f");
  for (Frame& frame : profile.frames) {
    if (profile.strings[frame.name] == "g") frame.name = f;
  }
  const PageTree tree = tree_of(profile);
  CHECK(stacks_of(tree) == std::map<std::string, uint64_t>{{"a", 0}, {"a;f", 0}, {"a;f;x", 3}});
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    REQUIRE(tree.node_of[i] < tree.nodes.size());
  }
}

TEST_CASE("Page trees keep the widest frames and the weight of all", "[page]") {
  std::string folded;
  uint64_t whole = 0;
  for (int i = 1; i <= 100; ++i) {
    folded += "root;f" + std::to_string(i) + ";leaf " + std::to_string(i) + "\n";
    whole += static_cast<uint64_t>(i);
  }
  const Profile profile = profile_of(folded);
  const PageTree tree = tree_of(profile, 41);
  const auto stacks = stacks_of(tree);
  uint64_t sum = 0;
  for (const auto& [stack, weight] : stacks) sum += weight;
  CHECK(sum == whole);
  CHECK(stacks.contains("root;f100;leaf"));
  CHECK_FALSE(stacks.contains("root;f1"));
  CHECK(stacks.at("root;" + std::string(kTooNarrow)) > 0);
  CHECK(tree.left_out >= 160);
  CHECK(tree.nodes.size() <= 42);
}

TEST_CASE("Source files of lines", "[page]") {
  Profile profile = profile_of("a;f 1\n");
  for (Frame& frame : profile.frames) {
    if (profile.strings[frame.name] == "f") frame.line = profile.strings.intern("dir/f:x.c:12");
    if (profile.strings[frame.name] == "a") frame.line = profile.strings.intern(kNoLine);
  }
  const PageTree tree = tree_of(profile);
  for (const PageFrame& frame : tree.frames) {
    if (frame.name == "f") CHECK(frame.file == "dir/f:x.c");
    if (frame.name == "a") CHECK(frame.file.empty());
  }
}

TEST_CASE("Nothing that a name says can end the page's scripts", "[page]") {
  PageRequest request;
  request.title = "</script><script>alert(1)</script>";
  request.notes = {"<!--", "a \xff byte"};
  const std::string page = page_of(profile_of("</script>;<!-- 1\n"), request);
  // Of the facts, the data, and the script.
  size_t ends = 0;
  for (size_t at = page.find("</script>"); at != std::string::npos;
       at = page.find("</script>", at + 1)) {
    ++ends;
  }
  CHECK(ends == 3);
  CHECK(page.find("<!--") == std::string::npos);
  CHECK(page.find("alert(1)</title>") == std::string::npos);
  CHECK(page.find("default-src 'none'") != std::string::npos);
}
