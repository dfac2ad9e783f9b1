#include <catch2/catch.hpp>

#include "record/event_spec.h"
#include "record/pmu.h"
#include "support/fake_devices.h"

using namespace prof;

namespace {

/// A core PMU and two memory controllers, with the formats that Linux gives them on Intel machines.
class Devices : public FakeDevices {
 public:
  Devices() {
    put("cpu/type", "4\n");
    put("cpu/format/event", "config:0-7\n");
    put("cpu/format/umask", "config:8-15\n");
    put("cpu/format/edge", "config:18\n");
    put("cpu/format/cmask", "config:24-31\n");
    put("cpu/format/ldlat", "config1:0-15\n");
    put("cpu/format/split", "config2:0-3,60-63\n");
    put("cpu/format/newest", "config3:4-11\n");
    put("cpu/events/cache-misses", "event=0x2e,umask=0x41\n");
    put("cpu/events/mem-loads", "event=0xcd,umask=0x1,ldlat=3\n");
    put("cpu/events/asks", "event=0x10,ldlat=?\n");
    put("cpu/events/mem-loads.scale", "2\n");
    for (const std::string name : {"uncore_imc_0", "uncore_imc_1"}) {
      put(name + "/type", name.back() == '0' ? "12\n" : "13\n");
      put(name + "/format/event", "config:0-7\n");
      put(name + "/cpumask", "0,18\n");
    }
    put("broken/type", "20\n");
    put("broken/format/x", "config9:0-7\n");
    places.devices = root;
  }
  EventPlaces places;
};

EventSpec one(const Devices& devices, std::string_view text) {
  auto specs = parse_events(text, devices.places);
  INFO(text);
  INFO((specs ? std::string() : specs.error().message));
  REQUIRE(specs);
  REQUIRE(specs->size() == 1);
  return specs->front();
}

Error refused(const Devices& devices, std::string_view text) {
  const auto specs = parse_events(text, devices.places);
  INFO(text);
  REQUIRE_FALSE(specs);
  return specs.error();
}

}  // namespace

TEST_CASE("terms of a PMU go to the bits that its format says") {
  const Devices devices;
  const auto spec = one(devices, "cpu/event=0x3c,umask=0x1,cmask=2,edge,ldlat=7/");
  CHECK(spec.name == "cpu/event=0x3c,umask=0x1,cmask=2,edge,ldlat=7/");
  CHECK(spec.attr.type == 4);
  CHECK(spec.attr.config == 0x0204013c);
  CHECK(spec.attr.config1 == 7);
  CHECK(spec.pmu == "cpu");
}

TEST_CASE("a term in several ranges begins with its lowest bits") {
  const Devices devices;
  CHECK(one(devices, "cpu/split=0xa5/").attr.config2 == 0xa000000000000005);
  CHECK(one(devices, "cpu/newest=0xff/").config3 == 0xff0);
}

TEST_CASE("names of sysfs are the terms that they stand for, and take more") {
  const Devices devices;
  CHECK(one(devices, "cpu/cache-misses/").attr.config == 0x412e);
  const auto loads = one(devices, "cpu/mem-loads,ldlat=30/pp");
  CHECK(loads.attr.config == 0x1cd);
  CHECK(loads.attr.config1 == 30);
  CHECK(loads.attr.precise_ip == 2);
  CHECK(one(devices, "cpu/asks,ldlat=5/").attr.config1 == 5);
  CHECK(refused(devices, "cpu/asks/").message == "'cpu/asks/' needs ldlat=…");
}

TEST_CASE("config, raw numbers and modifiers behind terms") {
  const Devices devices;
  CHECK(one(devices, "cpu/config=0x1a8,config1=2/").attr.config == 0x1a8);
  CHECK(one(devices, "cpu/r1a8/u").attr.config == 0x1a8);
  CHECK(one(devices, "cpu/r1a8/u").attr.exclude_kernel);
  CHECK(one(devices, "r1a8").attr.type == PERF_TYPE_RAW);
  CHECK(one(devices, "r1a8:k").attr.config == 0x1a8);
}

TEST_CASE("terms that any event takes say how it is sampled") {
  const Devices devices;
  const auto spec = one(devices,
                        "cpu-clock/period=1000,no-inherit,call-graph=dwarf,stack-size=1000,"
                        "max-stack=5,name='a,b/c'/k");
  CHECK(spec.name == "a,b/c");
  CHECK(spec.terms.period == 1000u);
  CHECK(spec.terms.inherit == false);
  CHECK(spec.terms.call_graph == CallGraph::Dwarf);
  CHECK(spec.terms.stack_copy == 1000u);
  CHECK(spec.terms.max_stack == 5u);
  CHECK(spec.attr.exclude_user);
  CHECK(one(devices, "cpu/event=1,freq=99/").terms.frequency == 99u);
  CHECK(one(devices, "cpu/event=1,inherit=0/").terms.inherit == false);
}

TEST_CASE("a PMU of several parts is opened on each, on the CPUs of its mask") {
  const Devices devices;
  for (const char* text : {"imc/event=4/", "uncore_imc/event=4/"}) {
    const auto specs = parse_events(text, devices.places);
    REQUIRE(specs);
    REQUIRE(specs->size() == 2);
    CHECK((*specs)[0].attr.type == 12);
    CHECK((*specs)[1].attr.type == 13);
    CHECK((*specs)[1].cpus == std::vector<int>{0, 18});
    CHECK((*specs)[1].is_uncore);
  }
  CHECK(one(devices, "uncore_imc_1/event=4/").attr.type == 13);
}

TEST_CASE("what a PMU lacks is told with what is nearest") {
  const Devices devices;
  const auto hint_has = [&](const char* text, const char* part) {
    const auto error = refused(devices, text);
    INFO(error.message << "\n" << error.hint);
    CHECK(error.exit_code == 2);
    CHECK((error.message + "\n" + error.hint).find(part) != std::string::npos);
  };
  hint_has("cpu/evnt=1/", "did you mean event?");
  hint_has("cpu/cache-mises/", "did you mean cache-misses?");
  hint_has("cpu/evnt=1/", "prof list");
  hint_has("gpu/event=1/", "did you mean cpu?");
  hint_has("cpu/event=0x100/", "the largest is 0xff");
  hint_has("cpu/event/", "needs a value");
  hint_has("cpu/event=x/", "takes a number");
  hint_has("cpu/event=1", "have no end");
  hint_has("cpu/event=1,period=0/", "at least 1");
  hint_has("cpu/event=1,period=2,freq=3/", "a period and a freq");
  hint_has("cpu-clock/event=1/", "has no term or event 'event'");
  hint_has("cpu/event=1,percore/", "is of counting");
  hint_has("cpu/event=1,time=0/", "without their time");
  hint_has("cpu/event=1,overwrite/", "flight recorders");
  hint_has("cpu/event=1,call-graph=lbr/", "fp, dwarf or no");
  CHECK(refused(devices, "broken/x=1/").exit_code == 1);
}

TEST_CASE("a format that is not of the known form is refused") {
  CHECK(parse_pmu_field("x", "config:0-7"));
  CHECK(parse_pmu_field("x", "config:0-63")->max() == UINT64_MAX);
  for (const char* text : {"", "config", "config:", "config:7-0", "config:64", "config4:1",
                           "config:1,", "confit:1", "config1x:1"}) {
    INFO(text);
    CHECK_FALSE(parse_pmu_field("x", text));
  }
}
