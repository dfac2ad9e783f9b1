// Feeds arbitrary bytes to the import of folded stacks, and what comes out of it to the writers of
// folded text and of flame graphs.
#include <fcntl.h>

#include <cstdlib>

#include "common/output.h"
#include "common/unique_fd.h"
#include "flamegraph/flamegraph.h"
#include "report/folded.h"
#include "report/import_folded.h"

using namespace prof;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

uint64_t sum_of_selfs(const CallTree& tree) {
  uint64_t sum = 0;
  for (const CallTree::Node& node : tree.nodes()) sum += node.self;
  return sum;
}

/// Narrow frames that are left out while stacks are put in order are those that would not be drawn.
void compare_pruned(const Profile& whole, const uint8_t* data, size_t size) {
  constexpr double kShare = 0.05;
  const auto pruned =
      import_folded(std::as_bytes(std::span(data, size)), "input", {.least_share = kShare});
  expect(pruned.has_value());
  const CallTreeOptions options{.weight = Weight::Period, .min_share = kShare};
  const CallTree a = CallTree::build(whole, options);
  const CallTree b = CallTree::build(*pruned, options);
  expect(a.nodes().size() == b.nodes().size());
  for (size_t i = 0; i < a.nodes().size(); ++i) {
    expect(a.nodes()[i].total == b.nodes()[i].total && a.nodes()[i].self == b.nodes()[i].self);
  }
  expect(a.left_out().weight == b.left_out().weight && a.left_out().nodes == b.left_out().nodes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto profile = import_folded(std::as_bytes(std::span(data, size)), "input");
  if (!profile) return 0;
  static const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  for (const bool reverse : {false, true}) {
    Output out(null.get());
    for (const Weight weight : {Weight::Samples, Weight::Period}) {
      const CallTree tree = CallTree::build(*profile, {.weight = weight, .reverse = reverse});
      expect(sum_of_selfs(tree) == tree.root().total);
      const auto& event = profile->events[0];
      expect(tree.root().total == (weight == Weight::Samples ? event.samples : event.period));
      write_folded(*profile,
                   {.weight = weight, .marks = true, .addresses = true, .reverse = reverse}, out);
    }
    FlamegraphOptions options;
    options.palette = reverse ? Palette::Chain : Palette::Java;
    const auto drawn =
        draw_flamegraph(*profile, {.weight = Weight::Period, .reverse = reverse}, options, {}, out);
    // Of a differential all stacks may have vanished.
    expect(drawn.has_value() || profile->events[0].period == 0);
  }
  compare_pruned(*profile, data, size);
  return 0;
}
