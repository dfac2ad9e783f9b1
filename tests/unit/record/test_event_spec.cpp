#include <catch2/catch.hpp>

#include "record/event_spec.h"

using namespace prof;

namespace {

EventSpec one(std::string_view text) {
  auto specs = parse_events(text);
  REQUIRE(specs);
  REQUIRE(specs->size() == 1);
  return specs->front();
}

}  // namespace

TEST_CASE("event names and their aliases mean the same event") {
  CHECK(one("cpu-cycles").attr.config == PERF_COUNT_HW_CPU_CYCLES);
  CHECK(one("cycles").attr.type == PERF_TYPE_HARDWARE);
  CHECK(one("cs").attr.config == one("context-switches").attr.config);
  CHECK(one("faults").attr.config == PERF_COUNT_SW_PAGE_FAULTS);
  CHECK(one("migrations").attr.type == PERF_TYPE_SOFTWARE);
}

TEST_CASE("a list of events keeps its order and names") {
  const auto specs = parse_events("cpu-clock:u,page-faults,cs:k");
  REQUIRE(specs);
  REQUIRE(specs->size() == 3);
  CHECK((*specs)[0].name == "cpu-clock:u");
  CHECK((*specs)[1].name == "page-faults");
  CHECK((*specs)[2].name == "cs:k");
}

TEST_CASE("an event without modifiers excludes nothing") {
  const auto attr = one("cpu-clock").attr;
  CHECK_FALSE(attr.exclude_user);
  CHECK_FALSE(attr.exclude_kernel);
  CHECK_FALSE(attr.exclude_hv);
  CHECK_FALSE(attr.exclude_guest);
  CHECK(attr.precise_ip == 0);
}

TEST_CASE("naming one privilege level excludes the others") {
  const auto user = one("cycles:u").attr;
  CHECK_FALSE(user.exclude_user);
  CHECK(user.exclude_kernel);
  CHECK(user.exclude_hv);
  CHECK(user.exclude_guest);
  const auto kernel = one("cycles:k").attr;
  CHECK(kernel.exclude_user);
  CHECK_FALSE(kernel.exclude_kernel);
  const auto both = one("cycles:uk").attr;
  CHECK_FALSE(both.exclude_user);
  CHECK_FALSE(both.exclude_kernel);
  CHECK(both.exclude_hv);
}

TEST_CASE("p counts up to three levels of precision") {
  CHECK(one("cycles:p").attr.precise_ip == 1);
  CHECK(one("cycles:ppp").attr.precise_ip == 3);
  CHECK(one("cycles:upp").attr.precise_ip == 2);
  CHECK_FALSE(parse_events("cycles:pppp"));
  CHECK(one("cycles:P").precise_is_max);
}

TEST_CASE("guest and host modifiers are the machine's, not the ring's") {
  const auto guest = one("cycles:G").attr;
  CHECK(guest.exclude_host);
  CHECK_FALSE(guest.exclude_guest);
  const auto host = one("cycles:H").attr;
  CHECK(host.exclude_guest);
  CHECK_FALSE(host.exclude_host);
}

TEST_CASE("what is no event is an error of usage that names it") {
  for (const char* text :
       {"", "nonsense", "cycles,", ",cycles", "cycles:", "cycles:x", "cycles:u:k"}) {
    const auto specs = parse_events(text);
    INFO(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
    CHECK_FALSE(specs.error().hint.empty());
  }
}

TEST_CASE("the clock that stands in for cycles keeps the modifiers") {
  auto spec = one("cycles:u");
  become_cpu_clock(spec);
  CHECK(spec.name == "cpu-clock:u");
  CHECK(spec.attr.type == PERF_TYPE_SOFTWARE);
  CHECK(spec.attr.config == PERF_COUNT_SW_CPU_CLOCK);
  CHECK(spec.attr.exclude_kernel);
}

TEST_CASE("excluding the kernel shows in the event's name") {
  auto plain = default_event();
  exclude_kernel(plain);
  CHECK(plain.name == "cycles:u");
  auto precise = one("cycles:pp");
  exclude_kernel(precise);
  CHECK(precise.name == "cycles:ppu");
  CHECK(precise.attr.exclude_kernel);
}
