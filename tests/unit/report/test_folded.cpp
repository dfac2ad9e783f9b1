#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "report/folded.h"
#include "report/stack_tree.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

/// A profile whose frames are given one by one, for what folded text cannot say.
class Hand {
 public:
  explicit Hand(int events = 1) {
    for (int i = 0; i < events; ++i) {
      profile_.events.push_back({"event" + std::to_string(i), "ns"});
    }
  }
  FrameId frame(std::string_view name, FrameKind kind = FrameKind::User, bool resolved = true,
                uint64_t address = 0) {
    Frame frame;
    frame.name = profile_.strings.intern(name);
    if (resolved) frame.symbol = frame.name;
    frame.kind = kind;
    frame.address = address;
    if (kind == FrameKind::Kernel) frame.level = 'k';
    profile_.frames.push_back(frame);
    return FrameId{static_cast<uint32_t>(profile_.frames.size() - 1)};
  }
  void stack(uint32_t event, std::string_view comm, const std::vector<FrameId>& frames,
             uint64_t samples, uint64_t period) {
    Group group;
    group.event = event;
    group.comm = profile_.strings.intern(comm);
    const auto found = std::find(profile_.groups.begin(), profile_.groups.end(), group);
    const auto index = static_cast<uint32_t>(found - profile_.groups.begin());
    if (found == profile_.groups.end()) {
      profile_.groups.push_back(group);
      group_frames_.push_back(frame(comm, FrameKind::Process));
    }
    tree_.add(index, frames, samples, period);
    profile_.events[event].samples += samples;
    profile_.events[event].period += period;
  }
  /// With all stacks; ends the adding.
  const Profile& profile() {
    tree_.finish(group_frames_, profile_);
    return profile_;
  }

 private:
  Profile profile_;
  StackTree tree_;
  std::vector<FrameId> group_frames_;
};

}  // namespace

TEST_CASE("lines of folded output are in the order of their bytes") {
  const std::string text =
      "a 1\na b 1\na b;x 1\na!z 1\na;b 1\na;b c 1\na;b:c;d 1\na;b;c 1\nab 1\nb;é 1\n";
  const Profile profile = profile_of(text);
  const std::string out = folded(profile);
  std::vector<std::string> stacks;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    stacks.push_back(line.substr(0, line.rfind(' ')));
  }
  CHECK(stacks.size() == 10);
  CHECK(std::is_sorted(stacks.begin(), stacks.end()));
}

TEST_CASE("names that would break a folded line are mended and merged") {
  Hand hand;
  hand.stack(0, "co;mm", {hand.frame("f(a;b)"), hand.frame(" x\ny ")}, 1, 10);
  hand.stack(0, "co:mm", {hand.frame("f(a:b)"), hand.frame("x y")}, 2, 20);
  hand.stack(0, "empty", {hand.frame(" ")}, 4, 40);
  const Profile& profile = hand.profile();
  CHECK(folded(profile) == "co:mm;f(a:b);x y 3\nempty;[unknown] 4\n");
}

TEST_CASE("marks tell kinds apart, and without them equal names are one stack") {
  Hand hand;
  const FrameId user = hand.frame("read");
  const FrameId kernel = hand.frame("read", FrameKind::Kernel);
  const FrameId jit = hand.frame("java", FrameKind::Jit);
  const FrameId inlined = hand.frame("min", FrameKind::Inlined);
  hand.stack(0, "c", {user}, 1, 10);
  hand.stack(0, "c", {kernel}, 2, 20);
  hand.stack(0, "c", {jit, inlined}, 4, 40);
  const Profile& profile = hand.profile();
  CHECK(folded(profile) == "c;java;min 4\nc;read 3\n");
  CHECK(folded(profile, {.marks = true}) == "c;java_[j];min_[i] 4\nc;read 1\nc;read_[k] 2\n");
}

TEST_CASE("addresses are shown for frames without a symbol only") {
  Hand hand;
  const FrameId known = hand.frame("main", FrameKind::User, true, 0x1000);
  const FrameId here = hand.frame("[libc.so.6]", FrameKind::Unknown, false, 0x1a2b);
  const FrameId there = hand.frame("[libc.so.6]", FrameKind::Unknown, false, 0xff00);
  hand.stack(0, "c", {known, here}, 1, 10);
  hand.stack(0, "c", {known, there}, 2, 20);
  const Profile& profile = hand.profile();
  CHECK(folded(profile) == "c;main;[libc.so.6] 3\n");
  CHECK(folded(profile, {.addresses = true}) ==
        "c;main;[libc.so.6 <1a2b>] 1\nc;main;[libc.so.6 <ff00>] 2\n");
}

TEST_CASE("events are kept apart and weighed as asked") {
  Hand hand(2);
  const FrameId f = hand.frame("f");
  hand.stack(0, "c", {f}, 1, 10);
  hand.stack(1, "c", {f}, 2, 700);
  const Profile& profile = hand.profile();
  CHECK(folded(profile) == "c;f 1\n");
  CHECK(folded(profile, {.event = 1}) == "c;f 2\n");
  CHECK(folded(profile, {.event = 1, .weight = Weight::Period}) == "c;f 700\n");
  CHECK(folded(profile, {.event = 2}).empty());
}

TEST_CASE("reversed stacks begin with the leaf") {
  CHECK(folded(profile_of("a;b;c 1\nx;c 2\na;b 4\n"), {.reverse = true}) ==
        "b;a 4\nc;b;a 1\nc;x 2\n");
}
