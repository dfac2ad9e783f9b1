#include <fmt/core.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "object/elf_file.h"
#include "record/probe_spec.h"
#include "support/elf_builder.h"

extern "C" [[gnu::noinline]] void prof_test_probed_function() {
  asm volatile("nop");
}

namespace prof_test_names {
[[gnu::noinline]] int probed(int a, char b) {
  asm volatile("nop");
  return a + b;
}
}  // namespace prof_test_names

using namespace prof;
using namespace prof::test;

namespace {

/// This program: a file with a function that is known to be there.
std::string self() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

ProbeSpec one(const std::string& text) {
  const auto specs = parse_probe(text);
  INFO(text << (specs ? "" : ": " + specs.error().message));
  REQUIRE(specs);
  REQUIRE(specs->size() == 1);
  REQUIRE(specs->front().sites.size() == 1);
  return specs->front();
}

uint64_t offset_of(const std::string& text) {
  return one(text).sites.front().offset;
}

/// A file with the static probes demo:step, at two places, demo:armed, with a semaphore, and
/// other:step; its code is at 0x1000, its data at 0x4000.
std::string file_with_static_probes() {
  ElfBuilder elf;
  ByteWriter notes;
  const auto probe = [&](uint64_t location, uint64_t semaphore, std::string_view strings) {
    elf.put(notes, uint32_t{8});
    elf.put(notes, static_cast<uint32_t>(24 + strings.size()));
    elf.put(notes, uint32_t{3});
    notes.text("stapsdt").u8(0);
    for (const uint64_t word : {location, uint64_t{0x5000}, semaphore}) elf.put_word(notes, word);
    notes.text(strings).align(4);
  };
  probe(0x1010, 0, std::string_view("demo\0step\0\0", 11));
  probe(0x1020, 0, std::string_view("demo\0step\0\0", 11));
  probe(0x1030, 0x4002, std::string_view("demo\0armed\0\0", 12));
  probe(0x1040, 0, std::string_view("other\0step\0\0", 12));
  probe(0x9000, 0, std::string_view("demo\0nowhere\0\0", 14));
  const auto bytes = std::vector<std::byte>(0x100);
  const auto code = elf.section({.name = ".text", .addr = 0x1000, .content = bytes});
  const auto data = elf.section({.name = ".probes", .addr = 0x4000, .content = bytes});
  elf.section({.name = ".note.stapsdt", .type = SHT_NOTE, .flags = 0, .content = notes.take()});
  elf.load(code);
  elf.load(data);
  return write_temporary("static_probes", elf.bytes());
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
  const auto spec = one("uprobe:" + self() + ":prof_test_probed_function");
  CHECK_FALSE(spec.at_return);
  CHECK(spec.at_entry);
  CHECK(spec.path == self());
  const auto file = ElfFile::open(self());
  REQUIRE(file);
  const auto addr = file->elf_addr(FileOffset{spec.sites.front().offset});
  REQUIRE(addr);
  const auto code = file->loaded_bytes(*addr);
  const auto* loaded = reinterpret_cast<const std::byte*>(&prof_test_probed_function);
  REQUIRE(code.size() >= 4);
  CHECK(std::equal(code.begin(), code.begin() + 4, loaded));
}

TEST_CASE("an offset is added to a function, or stands alone") {
  const std::string place = "uprobe:" + self() + ":prof_test_probed_function";
  const uint64_t begin = offset_of(place);
  CHECK(offset_of(place + "+0x1") == begin + 1);
  CHECK(offset_of(place + "+1") == begin + 1);
  CHECK_FALSE(one(place + "+1").at_entry);
  CHECK(offset_of("uprobe:" + self() + fmt::format(":0x{:x}", begin)) == begin);
}

TEST_CASE("a function of C++ is known as it is written, and as it is linked") {
  CHECK(prof_test_names::probed(1, 2) == 3);
  const std::string file = "uprobe:" + self() + ":";
  const uint64_t begin = offset_of(file + "_ZN15prof_test_names6probedEic");
  CHECK(offset_of(file + "prof_test_names::probed") == begin);
  CHECK(offset_of(file + "prof_test_names::probed(int, char)") == begin);
  refused(file + "prof_test_names::probed(int, int)");
  const std::string text = file + "prof_test_names::probed(int, char)";
  CHECK(probe_end(text + ",cs") == text.size());
  CHECK(probe_end("uprobe:x:operator<,cs") == 18);
}

TEST_CASE("a pattern is all the functions that it matches, each but once") {
  const auto specs = parse_probe("uretprobe:" + self() + ":prof_test_probed_[ef]*");
  REQUIRE(specs);
  REQUIRE(specs->size() == 2);
  CHECK(specs->front().name == "uretprobe:" + self() + ":prof_test_probed_event");
  CHECK(specs->back().name == "uretprobe:" + self() + ":prof_test_probed_function");
  CHECK(specs->back().is_of_glob);
  CHECK(specs->back().at_return);
  CHECK(one("uprobe:" + self() + ":prof_test_names::prob*").name ==
        "uprobe:" + self() + ":_ZN15prof_test_names6probedEic");
  refused("uprobe:" + self() + ":prof_test_nothing*");
}

TEST_CASE("a static probe is at all the places that it was compiled in") {
  const std::string path = file_with_static_probes();
  const auto sites = [&](const std::string& name) {
    const auto specs = parse_probe("usdt:" + path + ":" + name);
    INFO(name);
    REQUIRE(specs);
    REQUIRE(specs->size() == 1);
    CHECK(specs->front().name == "usdt:" + path + ":" + name);
    return specs->front().sites;
  };
  const auto step = sites("demo:step");
  REQUIRE(step.size() == 2);
  CHECK(step[1].offset - step[0].offset == 0x10);
  CHECK(step[0].semaphore == 0);
  const auto armed = sites("armed");
  REQUIRE(armed.size() == 1);
  CHECK(armed[0].semaphore - armed[0].offset == 0x100 - 0x30 + 2);  // behind the code, in the file
  const auto all = parse_probe("usdt:" + path + ":*:*e*");
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK(all->front().name == "usdt:" + path + ":demo:armed");
  CHECK(all->back().name == "usdt:" + path + ":other:step");
}

TEST_CASE("a static probe that is not there, or is several, is an error of usage") {
  const std::string file = "usdt:" + file_with_static_probes();
  CHECK(refused(file + ":step").hint.starts_with("say which: usdt:/"));
  CHECK(refused(file + ":demo:stpe").hint == "did you mean demo:step?");
  refused(file + ":demo:nowhere");  // outside of the code
  for (const char* rest : {"", ":", "::", ":demo:", "::step", ":a:b:c"}) refused(file + rest);
  CHECK(refused("usdt:" + self() + ":a:b").hint == "it was built without any (<sys/sdt.h>)");
}

TEST_CASE("a probe in the kernel is a function, a place behind it, or an address") {
  const auto at = [](const std::string& text) {
    const auto spec = one(text);
    CHECK(spec.in_kernel);
    return std::pair(spec.path, spec.sites.front().offset);
  };
  CHECK(at("kprobe:do_exit") == std::pair(std::string("do_exit"), uint64_t{0}));
  CHECK(at("kprobe:do_exit+0x10") == std::pair(std::string("do_exit"), uint64_t{16}));
  CHECK(at("kprobe:ext4:f") == std::pair(std::string("ext4:f"), uint64_t{0}));
  CHECK(at("kprobe:0xffffffff81000000") == std::pair(std::string(), 0xffffffff81000000));
  CHECK(one("kretprobe:do_exit").at_return);
  for (const char* text : {"kprobe:", "kprobe:+1", "kretprobe:do_exit+4", "kprobe:do_*",
                           "kprobe:0xfg", "kprobe:do_exit+0xzz", "kprobe:0x10+0x4"}) {
    refused(text);
  }
}

TEST_CASE("a return is of a function, not of a place in it") {
  const std::string place = "uretprobe:" + self() + ":prof_test_probed_function";
  CHECK(one(place).at_return);
  refused(place + "+0x1");
}

TEST_CASE("libraries and programs are found by their bare names") {
  CHECK(one("uprobe:libc:malloc").path.find("/libc.so") != std::string::npos);
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
