#include <catch2/catch.hpp>

#include "report/stack_joiner.h"

using namespace prof;

namespace {

using Frames = std::vector<FrameAddress>;

FrameAddress leaf(uint64_t at) {
  return {VirtAddr{at}, AddrKind::InstructionPointer};
}
FrameAddress call(uint64_t at) {
  return {VirtAddr{at}, AddrKind::ReturnAddress};
}

constexpr uint32_t kTid = 7;

/// A thread whose whole stack is leaf 0x10, callers 0x20, 0x30, 0x40.
struct Joined {
  StackJoiner joiner;
  ThreadState state;

  Joined() {
    state.process = ProcessId{3};
    joiner.keep(kTid, state, Frames{leaf(0x10), call(0x20), call(0x30), call(0x40)},
                std::vector<uint64_t>{1000, 1100, 1200, 1300});
  }
  std::vector<uint64_t> join(const Frames& frames, const std::vector<uint64_t>& sps) {
    std::vector<uint64_t> addresses;
    for (const auto& frame : joiner.join(kTid, state, frames, sps)) {
      addresses.push_back(raw(frame.address.addr));
    }
    return addresses;
  }
};

}  // namespace

TEST_CASE("a cut stack is joined where its last frame is the same call") {
  Joined thread;
  CHECK(thread.join({leaf(0x5), call(0x15), call(0x20)}, {800, 900, 1100}) ==
        std::vector<uint64_t>{0x30, 0x40});
}

TEST_CASE("a stack that was joined is one to join with") {
  Joined thread;
  REQUIRE(!thread.join({leaf(0x5), call(0x15), call(0x20)}, {800, 900, 1100}).empty());
  CHECK(thread.join({leaf(0x1), call(0x15)}, {700, 900}) ==
        std::vector<uint64_t>{0x20, 0x30, 0x40});
}

TEST_CASE("less than an equal address and stack pointer is not the same call") {
  Joined thread;
  SECTION("another return address") {
    CHECK(thread.join({leaf(0x5), call(0x21)}, {800, 1100}).empty());
  }
  SECTION("another stack pointer") {
    CHECK(thread.join({leaf(0x5), call(0x20)}, {800, 1104}).empty());
  }
  SECTION("the address of another frame") {
    CHECK(thread.join({leaf(0x5), call(0x30)}, {800, 1100}).empty());
  }
  SECTION("interrupted there, not called from there") {
    CHECK(thread.join({leaf(0x5), leaf(0x20)}, {800, 1100}).empty());
  }
  SECTION("equal frames further in, but not the last") {
    CHECK(thread.join({leaf(0x5), call(0x20), call(0x99)}, {800, 1100, 1150}).empty());
  }
  SECTION("a frame without stack pointer") {
    CHECK(thread.join({leaf(0x5), call(0x20)}, {800}).empty());
  }
  SECTION("no frames") {
    CHECK(thread.join({}, {}).empty());
  }
  // What was not joined changes nothing.
  CHECK(thread.join({call(0x30)}, {1200}) == std::vector<uint64_t>{0x40});
}

TEST_CASE("stacks of other threads and processes are not joined") {
  Joined thread;
  const Frames frames{leaf(0x5), call(0x20)};
  const std::vector<uint64_t> sps{800, 1100};
  CHECK(thread.joiner.join(kTid + 1, thread.state, frames, sps).empty());
  CHECK(thread.joiner.join(kTid + 1024, thread.state, frames, sps).empty());
  ThreadState other = thread.state;
  other.process = ProcessId{4};
  CHECK(thread.joiner.join(kTid, other, frames, sps).empty());
  ThreadState mapped = thread.state;  // something that has nothing to do with its stack
  mapped.version = 1;
  CHECK(thread.joiner.join(kTid, mapped, frames, sps).size() == 2);
}

TEST_CASE("the root has no callers to join") {
  Joined thread;
  CHECK(thread.join({leaf(0x5), call(0x40)}, {800, 1300}).empty());
}
