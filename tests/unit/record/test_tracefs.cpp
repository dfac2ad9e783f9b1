#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/byte_reader.h"
#include "record/event_spec.h"
#include "record/tracefs.h"

using namespace prof;

namespace {

/// A folder that looks like a mounted tracefs.
class FakeTracefs {
 public:
  FakeTracefs() {
    char name[] = "/tmp/prof-tracefs-XXXXXX";
    root_ = ::mkdtemp(name);
    put("events/header_page", "a page\n");
    put("events/header_event", "an event\n");
    put("printk_formats", "0x1 : \"x\"\n");
    tracepoint("sched", "sched_switch", "11");
    tracepoint("sched", "sched_waking", "12");
    tracepoint("skb", "consume_skb", "13");
  }
  ~FakeTracefs() { std::filesystem::remove_all(root_); }
  FakeTracefs(const FakeTracefs&) = delete;
  FakeTracefs& operator=(const FakeTracefs&) = delete;

  const std::string& root() const { return root_; }
  EventPlaces places() const { return {root_, "/nonexistent"}; }
  void tracepoint(const std::string& system, const std::string& name, const std::string& id) {
    put("events/" + system + "/" + name + "/id", id + "\n");
    put("events/" + system + "/" + name + "/format", "name: " + name + "\n");
  }

  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root_ + "/" + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

 private:
  std::string root_;
};

EventSpec one(const FakeTracefs& tracefs, std::string_view text) {
  auto specs = parse_events(text, tracefs.places());
  REQUIRE(specs);
  REQUIRE(specs->size() == 1);
  return specs->front();
}

Error refused(const FakeTracefs& tracefs, std::string_view text) {
  auto specs = parse_events(text, tracefs.places());
  INFO(text);
  REQUIRE_FALSE(specs);
  return specs.error();
}

}  // namespace

TEST_CASE("a tracepoint is its number, and each hit of it counts") {
  const FakeTracefs tracefs;
  const auto spec = one(tracefs, "sched:sched_switch");
  CHECK(spec.attr.type == PERF_TYPE_TRACEPOINT);
  CHECK(spec.attr.config == 11);
  CHECK(spec.name == "sched:sched_switch");
  CHECK(spec.tracepoint == "sched:sched_switch");
  CHECK(spec.counts_each);
  CHECK(spec.is_hit());
  CHECK_FALSE(spec.attr.exclude_user);
}

TEST_CASE("a tracepoint takes modifiers after a further colon") {
  const FakeTracefs tracefs;
  const auto spec = one(tracefs, "sched:sched_switch:k");
  CHECK(spec.name == "sched:sched_switch:k");
  CHECK(spec.tracepoint == "sched:sched_switch");
  CHECK(spec.attr.exclude_user);
  CHECK_FALSE(spec.attr.exclude_kernel);
  CHECK(refused(tracefs, "sched:sched_switch:").exit_code == 2);
  CHECK(refused(tracefs, "sched:sched_switch:x").exit_code == 2);
  CHECK(refused(tracefs, "sched:sched_switch:u:k").exit_code == 2);
}

TEST_CASE("tracepoints stand beside other events") {
  const FakeTracefs tracefs;
  const auto specs =
      parse_events("cpu-clock:u,skb:consume_skb,sched:sched_waking", tracefs.places());
  REQUIRE(specs);
  REQUIRE(specs->size() == 3);
  CHECK((*specs)[1].attr.config == 13);
  CHECK_FALSE((*specs)[0].is_hit());
}

TEST_CASE("what excludes the kernel goes behind a tracepoint's name") {
  const FakeTracefs tracefs;
  auto plain = one(tracefs, "sched:sched_switch");
  exclude_kernel(plain);
  CHECK(plain.name == "sched:sched_switch:u");
  auto modified = one(tracefs, "sched:sched_switch:H");
  exclude_kernel(modified);
  CHECK(modified.name == "sched:sched_switch:Hu");
}

TEST_CASE("the error of an unknown tracepoint has the nearest names") {
  const FakeTracefs tracefs;
  CHECK(refused(tracefs, "sched:sched_swich").hint == "did you mean sched:sched_switch?");
  CHECK(refused(tracefs, "shed:sched_waking").hint == "did you mean sched:sched_waking?");
  const auto far = refused(tracefs, "sched:something_else");
  CHECK(far.exit_code == 2);
  CHECK(far.hint == "those of 'sched': prof list sched:");
}

TEST_CASE("a name cannot lead out of tracefs") {
  FakeTracefs tracefs;
  tracefs.tracepoint("..", "outside", "99");
  CHECK(refused(tracefs, "sched:../../outside").exit_code == 2);
  CHECK(refused(tracefs, "..:outside").exit_code == 2);
  CHECK(refused(tracefs, "sched:sched switch").exit_code == 2);
}

TEST_CASE("a number that is none is no tracepoint") {
  FakeTracefs tracefs;
  tracefs.tracepoint("sched", "broken", "12x");
  tracefs.tracepoint("sched", "empty", "");
  CHECK(refused(tracefs, "sched:broken").exit_code == 2);
  CHECK(refused(tracefs, "sched:empty").exit_code == 2);
}

TEST_CASE("without tracefs the error says how to mount it") {
  const auto specs = parse_events("sched:sched_switch", {"/nonexistent", "/nonexistent"});
  REQUIRE_FALSE(specs);
  CHECK(specs.error().exit_code == 1);
  CHECK(specs.error().hint == "mount it: sudo mount -t tracefs nodev /nonexistent");
  // What is mistyped is told before.
  CHECK(parse_events("cylces:u", {"/nonexistent", "/nonexistent"}).error().exit_code == 2);
}

TEST_CASE("tracepoints are described with their formats, once each and by system") {
  const FakeTracefs fake;
  const auto tracefs = Tracefs::find(fake.root());
  REQUIRE(tracefs);
  const std::vector<std::string> names{"skb:consume_skb", "sched:sched_switch",
                                       "sched:sched_switch"};
  const auto data = tracefs->describe(names);
  REQUIRE(data);
  ByteReader in(*data);
  const auto text = [&in](size_t size) {
    const auto bytes = in.bytes(size);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  CHECK(text(10) == "\x17\x08\x44tracing");
  CHECK(in.c_string() == "0.6");
  CHECK(in.u8() == 0);
  CHECK(in.u8() == sizeof(long));
  in.skip(4);  // page size
  CHECK(in.c_string() == "header_page");
  CHECK(text(in.u64()) == "a page\n");
  CHECK(in.c_string() == "header_event");
  CHECK(text(in.u64()) == "an event\n");
  CHECK(in.u32() == 0);
  CHECK(in.u32() == 2);
  CHECK(in.c_string() == "sched");
  CHECK(in.u32() == 1);
  CHECK(text(in.u64()) == "name: sched_switch\n");
  CHECK(in.c_string() == "skb");
  CHECK(in.u32() == 1);
  CHECK(text(in.u64()) == "name: consume_skb\n");
  CHECK(in.u32() == 0);
  CHECK(text(in.u32()) == "0x1 : \"x\"\n");
  CHECK(in.u64() == 0);
  CHECK(in.ok());
  CHECK(in.remaining() == 0);
}

TEST_CASE("a tracepoint whose format is gone cannot be described") {
  const FakeTracefs fake;
  const auto tracefs = Tracefs::find(fake.root());
  REQUIRE(tracefs);
  CHECK_FALSE(tracefs->describe(std::vector<std::string>{"sched:gone"}));
}

TEST_CASE("a pattern is all the tracepoints that it matches") {
  const FakeTracefs tracefs;
  const auto specs = parse_events("sched:*,*:consume_*:u", tracefs.places());
  REQUIRE(specs);
  REQUIRE(specs->size() == 3);
  CHECK((*specs)[0].name == "sched:sched_switch");
  CHECK((*specs)[1].attr.config == 12);
  CHECK((*specs)[2].name == "skb:consume_skb:u");
  CHECK((*specs)[2].tracepoint == "skb:consume_skb");
  CHECK((*specs)[2].attr.exclude_kernel);
  CHECK((*specs)[2].is_of_glob);
}

TEST_CASE("a pattern that matches nothing is an error of usage") {
  const FakeTracefs tracefs;
  CHECK(refused(tracefs, "sched:x*").exit_code == 2);
  CHECK(refused(tracefs, "shed:*").hint.starts_with("did you mean sched?"));
}

TEST_CASE("terms of a tracepoint are those that any event takes") {
  const FakeTracefs tracefs;
  const auto spec = one(tracefs, "sched:sched_switch/period=3/u");
  CHECK(spec.tracepoint == "sched:sched_switch");
  CHECK(spec.terms.period == 3u);
  CHECK(spec.attr.exclude_kernel);
  CHECK(refused(tracefs, "sched:sched_switch/event=3/").exit_code == 2);
}

TEST_CASE("fields of a tracepoint have the names that filters know") {
  FakeTracefs tracefs;
  tracefs.put("events/block/issue/format",
              "name: issue\nID: 9\nformat:\n"
              "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
              "\tfield:char rwbs[10];\toffset:8;\tsize:10;\tsigned:0;\n"
              "\tfield:__data_loc char[] cmd;\toffset:20;\tsize:4;\tsigned:0;\n"
              "\tfield:const char *name;\toffset:24;\tsize:8;\tsigned:0;\n"
              "\nprint fmt: \"%s\", REC->rwbs\n");
  const auto found = Tracefs::find(tracefs.root());
  REQUIRE(found);
  const auto fields = found->fields_of("block:issue");
  REQUIRE(fields);
  CHECK(std::vector<std::string>(fields->begin(), fields->begin() + 5) ==
        std::vector<std::string>{"common_type", "rwbs", "cmd", "name", "comm"});
  CHECK_FALSE(found->fields_of("block:nothing"));
}
