#include <fmt/core.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "object/elf_file.h"
#include "record/event_spec.h"
#include "record/probe_spec.h"
#include "support/fake_devices.h"

extern "C" [[gnu::noinline]] void prof_test_probed_function() {
  asm volatile("nop");
}

using namespace prof;

namespace {

/// This program: a file with a function that is known to be there.
std::string self() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

Error refused(const std::string& text) {
  const auto spec = parse_probe(text);
  INFO(text);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().exit_code == 2);
  return spec.error();
}

}  // namespace

TEST_CASE("a function is a file and where in it the function begins") {
  prof_test_probed_function();
  const auto spec = parse_probe("uprobe:" + self() + ":prof_test_probed_function");
  REQUIRE(spec);
  CHECK_FALSE(spec->at_return);
  CHECK(spec->path == self());
  const auto file = ElfFile::open(self());
  REQUIRE(file);
  const auto addr = file->elf_addr(FileOffset{spec->offset});
  REQUIRE(addr);
  const auto code = file->loaded_bytes(*addr);
  const auto* loaded = reinterpret_cast<const std::byte*>(&prof_test_probed_function);
  REQUIRE(code.size() >= 4);
  CHECK(std::equal(code.begin(), code.begin() + 4, loaded));
}

TEST_CASE("an offset is added to a function, or stands alone") {
  const std::string place = "uprobe:" + self() + ":prof_test_probed_function";
  const auto begin = parse_probe(place);
  const auto within = parse_probe(place + "+0x1");
  REQUIRE(begin);
  REQUIRE(within);
  CHECK(within->offset == begin->offset + 1);
  const auto alone = parse_probe("uprobe:" + self() + fmt::format(":0x{:x}", begin->offset));
  REQUIRE(alone);
  CHECK(alone->offset == begin->offset);
}

TEST_CASE("a return is of a function, not of a place in it") {
  const std::string place = "uretprobe:" + self() + ":prof_test_probed_function";
  const auto spec = parse_probe(place);
  REQUIRE(spec);
  CHECK(spec->at_return);
  refused(place + "+0x1");
}

TEST_CASE("libraries and programs are found by their bare names") {
  const auto library = parse_probe("uprobe:libc:malloc");
  REQUIRE(library);
  CHECK(library->path.find("/libc.so") != std::string::npos);
  const auto loader = parse_probe("uprobe:nosuchprogram:main");
  CHECK_FALSE(loader);
}

TEST_CASE("what is no function of a file is an error with the nearest names") {
  const std::string file = "uprobe:" + self();
  CHECK(refused(file + ":prof_test_probed_functio").hint.find("prof_test_probed_function") !=
        std::string::npos);
  CHECK(refused("uprobe:/no/such/file:f").message == "there is no file '/no/such/file' to probe");
  refused(file);
  refused(file + ":");
  refused("uprobe:");
  refused("uprobe::f");
  refused("uprobe:/:f");
  refused(file + ":0x0");                 // no code
  refused(file + ":0xffffffffffffffff");  // beyond the end
  refused(file + ":prof_test_probed_function+0xffffffffffffff00");
  refused(file + ":prof_test_probed_function+0xzz");
}

TEST_CASE("a file that is no program is refused") {
  char name[] = "/tmp/prof-text-XXXXXX";
  const int fd = ::mkstemp(name);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, "text\n", 5) == 5);
  ::close(fd);
  CHECK_FALSE(parse_probe(std::string("uprobe:") + name + ":main"));
  ::unlink(name);
}

TEST_CASE("the kernel says in sysfs what kind of event a uprobe is") {
  FakeDevices devices;
  CHECK_FALSE(ProbePmu::find(devices.root));
  devices.put("uprobe/type", "8\n");
  CHECK_FALSE(ProbePmu::find(devices.root));
  devices.put("uprobe/format/retprobe", "config:3\n");
  const auto pmu = ProbePmu::find(devices.root);
  REQUIRE(pmu);
  CHECK(pmu->type == 8);
  CHECK(pmu->return_bit == 8);
  devices.put("uprobe/format/retprobe", "config1:3\n");
  CHECK_FALSE(ProbePmu::find(devices.root));
  devices.put("uprobe/format/retprobe", "config:64\n");
  CHECK_FALSE(ProbePmu::find(devices.root));
}

TEST_CASE("a probe as an event keeps its path for when it is opened") {
  FakeDevices devices;
  devices.put("uprobe/type", "8\n");
  devices.put("uprobe/format/retprobe", "config:0\n");
  const std::string text = "uretprobe:" + self() + ":prof_test_probed_function";
  const auto specs = parse_events(text, {"/nonexistent", devices.root});
  REQUIRE(specs);
  const EventSpec& spec = specs->front();
  CHECK(spec.name == text);
  CHECK(spec.attr.type == 8);
  CHECK(spec.attr.config == 1);
  CHECK(spec.attr.config1 == 0);  // what a file says of it
  CHECK(spec.attr.config2 != 0);
  CHECK(spec.counts_each);
  CHECK(spec.is_hit());
  const auto opening = spec.opening(spec.attr);
  CHECK(std::string(reinterpret_cast<const char*>(opening.config1)) == self());
  CHECK(opening.config2 == spec.attr.config2);
}

TEST_CASE("kinds of probes that prof does not have are told as such") {
  for (const char* text : {"kprobe:do_exit", "kretprobe:do_exit", "fentry:f", "usdt:/bin/x:a:b"}) {
    const auto specs = parse_events(text);
    INFO(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().exit_code == 2);
    CHECK(specs.error().message.find("is not known here") != std::string::npos);
  }
}
