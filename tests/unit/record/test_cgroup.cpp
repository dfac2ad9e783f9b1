#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "record/cgroup.h"

using namespace prof;

TEST_CASE("events go by the hierarchy of perf_event, else by that of cgroup2") {
  const auto root_of = [](std::string_view mounts) {
    const auto tree = CgroupTree::find(mounts);
    return tree ? tree->root() : std::string("none");
  };
  const std::string v2 = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid 0 0\n";
  const std::string cpu = "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n";
  const std::string v1 = "cgroup /sys/fs/cgroup/perf_event cgroup rw,relatime,perf_event 0 0\n";
  CHECK(root_of(v2 + cpu + v1) == "/sys/fs/cgroup/perf_event");
  CHECK(root_of(cpu + v2) == "/sys/fs/cgroup/unified");
  for (const auto& text :
       {cpu, std::string("\n\n x \n"), std::string("a b cgroup2"), std::string()}) {
    INFO(text);
    CHECK(root_of(text) == (text.starts_with("a b") ? "b" : "none"));
  }
}

TEST_CASE("a cgroup that is not there is told with what is like it") {
  std::string root = "/tmp/prof-cgroup-XXXXXX";
  REQUIRE(mkdtemp(root.data()));
  std::filesystem::create_directories(root + "/system.slice/ssh.service");
  const auto tree = CgroupTree::find("none " + root + " cgroup2 rw 0 0\n");
  REQUIRE(tree);
  CHECK(tree->open("system.slice/ssh.service"));
  CHECK(tree->open("/"));
  const auto missing = tree->open("system.slice/shh.service");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().exit_code == 2);
  CHECK(missing.error().hint == "did you mean system.slice/ssh.service?");
  std::vector<std::string> paths;
  tree->for_each([&paths](uint64_t, const std::string& path) { paths.push_back(path); });
  // A file system that knows no file handles gives none.
  CHECK((paths.empty() ||
         paths == std::vector<std::string>{"/", "/system.slice", "/system.slice/ssh.service"}));
  std::filesystem::remove_all(root);
}
