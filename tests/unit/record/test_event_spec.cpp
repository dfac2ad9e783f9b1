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

TEST_CASE("events of caches have the kernel's numbers, in all of perf's spellings") {
  const auto config = [](std::string_view text) {
    const auto attr = one(text).attr;
    CHECK(attr.type == PERF_TYPE_HW_CACHE);
    return attr.config;
  };
  CHECK(config("L1-dcache-loads") == 0);
  CHECK(config("L1-dcache-load-misses") == 0x10000);
  CHECK(config("l1d-misses-load") == 0x10000);
  CHECK(config("L1-icache-prefetches") == 0x201);
  CHECK(config("LLC-loads") == 2);
  CHECK(config("LLC") == 2);
  CHECK(config("L2-store-miss") == 0x10102);
  CHECK(config("dTLB-stores") == 0x103);
  CHECK(config("d-tlb-speculative-load-misses") == 0x10203);
  CHECK(config("iTLB-load-misses") == 0x10004);
  CHECK(config("branch-loads") == 5);
  CHECK(config("bpc-miss") == 0x10005);
  CHECK(config("node-prefetch-refs") == 0x206);
  CHECK(one("branches").attr.type == PERF_TYPE_HARDWARE);
  CHECK(one("LLC-loads:u").attr.exclude_kernel);
  for (const char* text : {"iTLB-stores", "branch-prefetches", "L1-icache-stores", "LLC-",
                           "LLC-loads-loads", "LLC-nonsense", "LLC-load-misses-x"}) {
    INFO(text);
    CHECK_FALSE(parse_events(text));
  }
  CHECK(parse_events("LLC-laods").error().hint.starts_with("did you mean LLC-loads?"));
}

TEST_CASE("modifiers of the rarer kinds") {
  CHECK(one("cycles:I").attr.exclude_idle);
  CHECK(one("cycles:D").attr.pinned);
  CHECK(one("cycles:eu").attr.exclusive);
  CHECK(one("cycles:S").reads_group);
  const auto refusal = [](std::string_view text) {
    const auto specs = parse_events(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
    return specs.error().message;
  };
  CHECK(refusal("cycles:W") == "'W' of 'cycles:W' is of groups: {a,b}:W");
  CHECK(refusal("cycles:b") == "'b' of 'cycles:b' is for counting, as perf stat does");
  CHECK(refusal("{cycles,faults:D}") == "'D' of 'faults:D' is of a group's first event");
  CHECK(refusal("cycles:uu") == "bad modifiers 'uu' in event 'cycles:uu'");
}

TEST_CASE("events in braces are a group, with the modifiers behind it") {
  const auto specs = parse_events("dummy,{cpu-clock,page-faults:u}:Sk,{cs,faults}:W");
  REQUIRE(specs);
  REQUIRE(specs->size() == 5);
  const auto& all = *specs;
  CHECK(all[0].group == 0);
  CHECK(all[1].group == 1);
  CHECK(all[2].group == 1);
  CHECK(all[4].group == 2);
  CHECK(all[1].reads_group);
  CHECK(all[2].reads_group);
  CHECK_FALSE(all[3].reads_group);
  CHECK(all[3].is_weak);
  CHECK(all[1].name == "cpu-clock:k");
  CHECK(all[1].attr.exclude_user);
  CHECK(all[2].name == "page-faults:uk");
  CHECK_FALSE(all[2].attr.exclude_user);
  CHECK_FALSE(all[2].attr.exclude_kernel);
  CHECK(all[3].name == "cs");
}

TEST_CASE("a group that has no end, or what is no group, is an error of usage") {
  for (const char* text : {"{", "{}", "{cpu-clock", "{cpu-clock,}", "{cpu-clock}:", "{cpu-clock}u",
                           "{cpu-clock,{faults}}", "{cpu-clock}:x", "{cpu-clock},", "}"}) {
    const auto specs = parse_events(text);
    INFO(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
  }
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
