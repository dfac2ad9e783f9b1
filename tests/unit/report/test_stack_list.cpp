#include <catch2/catch.hpp>

#include "report/stack_list.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

std::string list(const Profile& profile, StackListOptions options = {}) {
  return prof::test::written([&](Output& out) { write_stack_list(profile, options, out); });
}

}  // namespace

TEST_CASE("stacks are listed leaf first, the commonest last") {
  CHECK(list(profile_of("a;main;f 30\na;main;g 4\na;main 7\n")) ==
        "  g\n  main\n    4\n\n"
        "  main\n    7\n\n"
        "  f\n  main\n    30\n\n");
}

TEST_CASE("equal stacks of several processes are one where processes are not told apart") {
  const auto profile = profile_of("a;main;f 3\nb;main;f 5\n");
  CHECK(list(profile) == "  f\n  main\n    8\n\n");
}

TEST_CASE("processes stand below their stacks") {
  auto profile = profile_of("a;main;f 3\nb;main;f 5\n");
  for (size_t i = 0; i < profile.groups.size(); ++i) {
    profile.groups[i].pid = static_cast<int32_t>(10 + i);
  }
  CHECK(list(profile, {.by_process = true}) ==
        "  f\n  main\n    a [10]\n    3\n\n"
        "  f\n  main\n    b [11]\n    5\n\n");
}

TEST_CASE("stacks of equal counts are in the order of their names") {
  CHECK(list(profile_of("a;z 1\na;b 1\na;m 1\n")) == "  b\n    1\n\n  m\n    1\n\n  z\n    1\n\n");
}

TEST_CASE("a name cannot break the list") {
  CHECK(list(profile_of("a;f\tg 1\n")) == "  f g\n    1\n\n");
}

TEST_CASE("only the stacks of the event are listed") {
  const auto profile = profile_of("a;f 1\n");
  CHECK(list(profile, {.events = {1}}).empty());
  CHECK(list(Profile()).empty());
}

TEST_CASE("an event of a pattern is the innermost frame, and a sum of a field is what counts") {
  auto profile = profile_of("a;main;f 3\n");
  profile.events[0].name = "kmem:kmalloc/weight=bytes_alloc/";
  profile.events[0].weight_field = "bytes_alloc";
  profile.events[0].in_periods = true;
  for (StackNode& node : profile.nodes) node.self_period = node.self_samples * 32;
  CHECK(list(profile, {.with_event = true}) == "  [kmem:kmalloc]\n  f\n  main\n    96\n\n");
}
