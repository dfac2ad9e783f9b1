#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "record/event_spec.h"
#include "record/kernel_symbol.h"
#include "record/probe_events.h"
#include "support/fake_devices.h"

extern "C" [[gnu::noinline]] void prof_test_probed_event() {
  asm volatile("nop");
}

using namespace prof;

namespace {

/// A machine with both kinds of probes, and a kernel with a few functions.
struct Machine {
  Machine() {
    devices.put("uprobe/type", "8\n");
    devices.put("uprobe/format/retprobe", "config:0\n");
    devices.put("uprobe/format/ref_ctr_offset", "config:32-63\n");
    devices.put("kprobe/type", "7\n");
    devices.put("kprobe/format/retprobe", "config:0\n");
    devices.put("kallsyms",
                "ffffffff81000000 T do_exit\n"
                "ffffffff81000100 t do_sys_poll\n"
                "ffffffffc0000010 t read_page\t[ext4]\n"
                "0000000000000000 D hidden\n"
                "bad\n");
    places = {"/nonexistent", devices.root, devices.root + "/kallsyms"};
  }
  EventSpec one(const std::string& text) const {
    auto specs = parse_events(text, places);
    INFO(text << (specs ? "" : ": " + specs.error().message));
    REQUIRE(specs);
    REQUIRE(specs->size() == 1);
    return specs->front();
  }
  FakeDevices devices;
  EventPlaces places;
};

std::string self() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

}  // namespace

TEST_CASE("the kernel says in sysfs what kind of event a probe is") {
  FakeDevices devices;
  CHECK_FALSE(ProbePmu::find("uprobe", devices.root));
  devices.put("uprobe/type", "8\n");
  CHECK_FALSE(ProbePmu::find("uprobe", devices.root));
  devices.put("uprobe/format/retprobe", "config:3\n");
  const auto pmu = ProbePmu::find("uprobe", devices.root);
  REQUIRE(pmu);
  CHECK(pmu->type == 8);
  CHECK(pmu->return_bit == 8);
  CHECK(pmu->semaphore.ranges.empty());
  devices.put("uprobe/format/retprobe", "config1:3\n");
  CHECK_FALSE(ProbePmu::find("uprobe", devices.root));
  devices.put("uprobe/format/retprobe", "config:64\n");
  CHECK_FALSE(ProbePmu::find("uprobe", devices.root));
  const auto none = ProbePmu::find("kprobe", devices.root);
  REQUIRE_FALSE(none);
  CHECK(none.error().exit_code == 1);
  CHECK(none.error().message ==
        "this kernel has no kprobes: '" + devices.root + "/kprobe' is not there");
}

TEST_CASE("a probe as an event keeps its path for when it is opened") {
  prof_test_probed_event();
  const Machine machine;
  const std::string text = "uretprobe:" + self() + ":prof_test_probed_event";
  const EventSpec spec = machine.one(text);
  CHECK(spec.name == text);
  CHECK(spec.attr.type == 8);
  CHECK(spec.attr.config == 1);
  CHECK(spec.attr.config1 == 0);  // what a file says of it
  CHECK(spec.attr.config2 != 0);
  CHECK(spec.counts_each);
  CHECK(spec.is_hit());
  CHECK(spec.places() == 1);
  const auto opening = spec.opening(spec.attr);
  CHECK(std::string(reinterpret_cast<const char*>(opening.config1)) == self());
  CHECK(opening.config2 == spec.attr.config2);
}

TEST_CASE("a probe in the kernel has the name of its function for when it is opened") {
  const Machine machine;
  const EventSpec spec = machine.one("kretprobe:do_exit");
  CHECK(spec.attr.type == 7);
  CHECK(spec.attr.config == 1);
  CHECK(spec.attr.config2 == 0);
  CHECK(spec.probes_kernel);
  const auto opening = spec.opening(spec.attr);
  CHECK(std::string(reinterpret_cast<const char*>(opening.config1)) == "do_exit");
  CHECK(machine.one("kprobe:do_sys_poll+8").attr.config2 == 8);
  CHECK(machine.one("kprobe:ext4:read_page").attr.config == 0);
  const EventSpec address = machine.one("kprobe:0xffffffff81000104");
  CHECK(address.opening(address.attr).config1 == 0);
  CHECK(address.opening(address.attr).config2 == 0xffffffff81000104);
}

TEST_CASE("a function that the kernel does not have is an error with the nearest names") {
  const Machine machine;
  const auto specs = parse_events("kprobe:do_exti", machine.places);
  REQUIRE_FALSE(specs);
  CHECK(specs.error().exit_code == 2);
  CHECK(specs.error().message == "the kernel has no symbol 'do_exti'");
  CHECK(specs.error().hint == "did you mean do_exit?");
  CHECK_FALSE(parse_events("kprobe:xfs:read_page", machine.places));
}

TEST_CASE("symbols of the kernel have addresses, unless it hides them") {
  const Machine machine;
  const auto& kallsyms = machine.places.kallsyms;
  CHECK(kernel_address("do_sys_poll", kallsyms) == 0xffffffff81000100);
  CHECK(kernel_address("ext4:read_page", kallsyms) == 0xffffffffc0000010);
  const auto hidden = kernel_address("hidden", kallsyms);
  REQUIRE_FALSE(hidden);
  CHECK(hidden.error().exit_code == 1);
  CHECK(hidden.error().message == "the kernel hides where 'hidden' is");
  CHECK(kernel_address("bad", kallsyms).error().exit_code == 2);
}

TEST_CASE("kinds of probes that prof does not have are told as such") {
  for (const char* text : {"fentry:f", "fexit:f"}) {
    const auto specs = parse_events(text);
    INFO(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
    CHECK(specs.error().message.find("is not known here") != std::string::npos);
  }
}

TEST_CASE("a PMU's event may go by its name alone") {
  const Machine machine;
  machine.devices.put("cpu/type", "4\n");
  machine.devices.put("cpu/format/event", "config:0-7\n");
  machine.devices.put("cpu/format/ldlat", "config1:0-15\n");
  machine.devices.put("cpu/events/mem-loads", "event=0xcd,ldlat=3\n");
  machine.devices.put("cpu/events/mem-loads.scale", "2\n");
  const EventSpec spec = machine.one("mem-loads:u");
  CHECK(spec.name == "mem-loads:u");
  CHECK(spec.attr.type == 4);
  CHECK(spec.attr.config == 0xcd);
  CHECK(spec.attr.config1 == 3);
  CHECK(spec.attr.exclude_kernel);
  CHECK_FALSE(parse_events("mem-loads.scale", machine.places));
  CHECK_FALSE(parse_events("mem-store", machine.places));
  // Of several PMUs it is one event each.
  machine.devices.put("cpu_core/type", "10\n");
  machine.devices.put("cpu_core/format/event", "config:0-7\n");
  machine.devices.put("cpu_core/events/mem-loads", "event=0xd0\n");
  const auto both = parse_events("mem-loads,cs", machine.places);
  REQUIRE(both);
  CHECK(both->size() == 3);
}
