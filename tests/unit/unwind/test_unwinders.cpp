// The table's walker beside libunwind's over the same captured stacks.
#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "support/live_code.h"
#include "support/stacks/stacks.h"
#include "support/walkers.h"

#if defined(__x86_64__)

using namespace prof;
using test::Captured;
using test::Chain;
using test::check_same;
using test::LiveCode;
using test::same_frame;
using test::walk;
using test::Walkers;

namespace {

void visit_capture(void* out) {
  *static_cast<Captured*>(out) = test::capture(test::stack_top());
}

Captured captured_in(Stacks run, int depth, int seed) {
  Captured captured;
  run(depth, seed, visit_capture, &captured);
  return captured;
}

}  // namespace

TEST_CASE("Stacks of every optimization level unwind to their root, as libunwind does") {
  LiveCode code;
  Walkers walkers(code);
  for (const auto& stacks : kStacks) {
    for (const int depth : {0, 1, 2, 7, 200}) {
      for (int seed = 0; seed < 6; ++seed) {
        INFO(stacks.name << ", depth " << depth << ", seed " << seed);
        const Captured captured = captured_in(stacks.run, depth, seed);
        check_same(walkers, captured.state(), static_cast<size_t>(depth) + 4);
      }
    }
  }
}

TEST_CASE("A thread's stack ends in clone") {
  LiveCode code;
  Walkers walkers(code);
  Captured captured;
  std::thread([&] { captured = captured_in(stacks_O2, 20, 1); }).join();
  LiveCode after;  // the thread may have brought libgcc in
  Walkers late(after);
  check_same(late, captured.state(), 24);
}

TEST_CASE("A copy that is too small gives the chain's beginning and says so") {
  LiveCode code;
  Walkers walkers(code);
  const Captured captured = captured_in(stacks_O2, 30, 2);
  const Chain whole = walk(walkers.table, code, captured.state());
  REQUIRE(whole.stop == UnwindStop::EndOfStack);
  size_t last = 0;
  for (size_t size = 0; size < captured.state().stack.size(); ++size) {
    const Chain cut = walk(walkers.table, code, captured.state(size));
    if (cut.stop == UnwindStop::EndOfStack) break;  // what is above is main's arguments
    REQUIRE(cut.stop == UnwindStop::StackTruncated);
    REQUIRE(cut.frames.size() >= last);
    REQUIRE(cut.frames.size() < whole.frames.size());
    REQUIRE(std::equal(cut.frames.begin(), cut.frames.end(), whole.frames.begin(), same_frame));
    last = cut.frames.size();
  }
  CHECK(last + 1 == whole.frames.size());
}

TEST_CASE("A chain stops at the limit of frames") {
  LiveCode code;
  Walkers walkers(code);
  const Captured captured = captured_in(stacks_O2, 30, 0);
  std::vector<FrameAddress> out;
  CHECK(walkers.table.unwind(code, captured.state(), 10, out) == UnwindStop::FrameLimit);
  CHECK(out.size() == 10);
}

#endif
