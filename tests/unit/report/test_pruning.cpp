// Trees of recordings without the nodes that are too narrow to be drawn are drawn as whole ones.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "report/call_tree.h"
#include "report/load.h"

using namespace prof;

namespace {

std::vector<std::string> corpus_recordings() {
  std::vector<std::string> found;
  for (const char* folder : {"/perfdata", "/own"}) {
    const std::filesystem::path path = std::string(PROF_CORPUS_DIR) + folder;
    if (!std::filesystem::exists(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".data") found.push_back(entry.path());
    }
  }
  return found;
}

/// Everything that a picture shows of a tree.
std::vector<std::string> lines_of(const Profile& profile, const CallTreeOptions& options) {
  const CallTree tree = CallTree::build(profile, options);
  std::vector<std::string> lines;
  for (const CallTree::Node& node : tree.nodes()) {
    const bool root = lines.empty();
    lines.push_back(std::to_string(node.parent) + ' ' + std::to_string(node.total) + ' ' +
                    std::to_string(node.self) + ' ' +
                    (root ? "" : std::string(profile.name(node.frame))));
  }
  lines.push_back("left out: " + std::to_string(tree.left_out().nodes) + ' ' +
                  std::to_string(tree.left_out().weight));
  return lines;
}

}  // namespace

TEST_CASE("recordings without narrow nodes are drawn as whole ones") {
  const auto recordings = corpus_recordings();
  if (recordings.empty()) {
    WARN("skipped: the shared corpus is not here");
    return;
  }
  size_t compared = 0, pruned_nodes = 0;
  for (const std::string& path : recordings) {
    LoadOptions options;
    options.input.path = path;
    const auto whole = load_profile(options);
    if (!whole) continue;
    for (const double share : {0.0008, 0.01, 0.1}) {
      options.least_share = share;
      const auto pruned = load_profile(options);
      REQUIRE(pruned);
      INFO(path << " at " << share);
      CHECK(pruned->nodes.size() <= whole->nodes.size() + whole->groups.size());
      CHECK(pruned->total_frames == whole->total_frames);
      CHECK(pruned->unresolved_frames == whole->unresolved_frames);
      for (uint32_t event = 0; event < whole->events.size(); ++event) {
        pruned_nodes += pruned->events[event].pruned_nodes;
        for (const Weight weight : {Weight::Samples, Weight::Period}) {
          CallTreeOptions tree;
          tree.event = event;
          tree.weight = weight;
          tree.min_share = share;
          CHECK(lines_of(*pruned, tree) == lines_of(*whole, tree));
          ++compared;
        }
      }
    }
  }
  CHECK(compared > 300);
  CHECK(pruned_nodes > 5000);
}
