#include <linux/hw_breakpoint.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "record/breakpoint_spec.h"
#include "record/event_spec.h"

using namespace prof;

extern "C" {
volatile long prof_test_watched = 1;
}

namespace {

EventSpec one(std::string_view text) {
  auto specs = parse_events(text);
  INFO(text);
  REQUIRE(specs);
  REQUIRE(specs->size() == 1);
  return specs->front();
}

}  // namespace

TEST_CASE("a breakpoint is an address, a length and what it waits for") {
  const auto plain = one("mem:0x601040");
  CHECK(plain.attr.type == PERF_TYPE_BREAKPOINT);
  CHECK(plain.attr.bp_addr == 0x601040);
  CHECK(plain.attr.bp_type == HW_BREAKPOINT_RW);
  CHECK(plain.attr.bp_len == 4);
  CHECK(plain.counts_each);
  const auto whole = one("mem:0x601040/8:w:u");
  CHECK(whole.name == "mem:0x601040/8:w:u");
  CHECK(whole.attr.bp_len == 8);
  CHECK(whole.attr.bp_type == HW_BREAKPOINT_W);
  CHECK(whole.attr.exclude_kernel);
  CHECK(one("mem:0x400000:x").attr.bp_len == sizeof(long));
  CHECK(one("mem:0x601040:k").attr.exclude_user);
  CHECK(parse_events("{mem:0x10/2:wr,mem:0x20},cpu-clock")->size() == 3);
}

TEST_CASE("a breakpoint may be at a symbol") {
  const auto spec = one("mem:table+8/4:rw");
  CHECK(spec.symbol == "table");
  CHECK(spec.attr.bp_addr == 8);
  CHECK(spec.attr.bp_len == 4);
  const std::array<pid_t, 1> self = {::getpid()};
  const auto address = address_in_processes("prof_test_watched", self);
  REQUIRE(address);
  CHECK(*address == reinterpret_cast<uint64_t>(&prof_test_watched));
  const auto near = address_in_processes("prof_test_wached", self);
  REQUIRE_FALSE(near);
  CHECK(near.error().hint == "did you mean prof_test_watched?");
  CHECK_FALSE(address_in_processes("prof_test_watched", {}));
}

TEST_CASE("what is no breakpoint is an error of usage") {
  for (const char* text : {"mem:", "mem::w", "mem:0x", "mem:0x1/", "mem:0x1/0", "mem:0x1/x:w",
                           "mem:0x1:", "mem:0x1:ww", "mem:0x1:q", "mem:0x1:w:q", "mem:0x1:q:u",
                           "mem:a+", "mem:+8", "mem:1z"}) {
    const auto specs = parse_events(text);
    INFO(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
  }
}
