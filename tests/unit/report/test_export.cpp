#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "report/exporter.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;
using Json = nlohmann::json;

namespace {

constexpr uint64_t kMs = 1'000'000;

/// The leaf of the stack whose frames, root first, have these names.
uint32_t node_named(const Profile& profile, std::string_view leaf) {
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    if (profile.name(profile.nodes[i].frame) == leaf) return i;
  }
  FAIL("no frame " << leaf);
  return 0;
}

struct At {
  uint64_t ms;
  const char* leaf;
  uint32_t thread = 0;
};

Profile with_times(std::string_view folded, const std::vector<At>& samples) {
  Profile profile = profile_of(folded);
  const StringId comm = profile.strings.intern("app");
  for (const StackNode& node : profile.nodes) {
    if (node.parent == UINT32_MAX) profile.frames[node.frame.value].kind = FrameKind::Process;
  }
  profile.timeline.threads = {{10, 10, comm}, {10, 11, comm}};
  for (const At& at : samples) {
    TimelineSample sample;
    sample.time = at.ms * kMs;
    sample.node = node_named(profile, at.leaf);
    sample.thread = at.thread;
    sample.period = kMs;
    profile.timeline.samples.push_back(sample);
  }
  return profile;
}

Json exported(const Profile& profile, std::string_view format, ExportOptions options = {}) {
  return Json::parse(prof::test::written(
      [&](Output& out) { REQUIRE(exporter_named(format)->write(profile, options, out)); }));
}

struct Span {
  std::string name;
  double begin, duration;
  bool operator==(const Span&) const = default;
};

std::vector<Span> spans_of(const Json& trace, int tid) {
  std::vector<Span> out;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "X" && event["tid"] == tid) {
      out.push_back(
          {event["name"], event["ts"].get<double>() / 1000, event["dur"].get<double>() / 1000});
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Export: spans go on while their samples follow each other, and end where they pause") {
  const Profile profile =
      with_times("app;main;f 1\napp;main;g 1\n",
                 {{100, "f"}, {101, "f"}, {102, "g"}, {103, "g"}, {150, "g"}, {151, "g"}});
  const auto spans = spans_of(exported(profile, "chrome", {.begin = 99 * kMs}), 10);
  CHECK(spans == std::vector<Span>{{"f", 0, 2},
                                   {"g", 2, 2},
                                   {"main", 0, 4},  // to 103 ms
                                   {"g", 50, 2},
                                   {"main", 50, 2}});
}

TEST_CASE("Export: threads have spans and profiles of their own, the busiest first") {
  const Profile profile =
      with_times("app;main;f 1\napp;main;g 1\n",
                 {{1, "f", 0}, {1, "g", 1}, {2, "g", 1}, {3, "g", 1}, {4, "f", 0}});
  const Json trace = exported(profile, "chrome");
  CHECK(spans_of(trace, 11).size() == 2);  // g, main
  const Json speedscope = exported(profile, "speedscope");
  REQUIRE(speedscope["profiles"].size() == 2);
  CHECK(speedscope["profiles"][0]["name"] == "app (pid 10, tid 11)");
  CHECK(speedscope["profiles"][0]["endValue"] == 3);
  CHECK(speedscope["profiles"][1]["samples"].size() == 2);
  CHECK(speedscope["shared"]["frames"].size() == 3);  // main, f, g: the thread is the profile
}

TEST_CASE("Export: the first function of stacks of nobody known is a function") {
  Profile profile = with_times("app;main;f 1\n", {{1, "f"}, {2, "f"}});
  for (Frame& frame : profile.frames) frame.kind = FrameKind::Other;
  profile.timeline.threads[0] = TimelineThread();
  const Json trace = exported(profile, "chrome");
  CHECK(spans_of(trace, 1).size() == 3);
  const Json speedscope = exported(profile, "speedscope", {.name = "x.data"});
  CHECK(speedscope["profiles"][0]["name"] == "x.data");
  CHECK(speedscope["shared"]["frames"].size() == 3);
  CHECK(exported(profile, "firefox")["threads"][0]["stackTable"]["length"] == 3);
}

TEST_CASE("Export: a profile for Firefox says what was lost, and how code was inlined") {
  Profile profile = with_times("app;main;f_[i];g_[i] 1\napp;h_[k] 1\n", {{5, "g"}, {7, "h"}});
  profile.lost_records = 12;
  profile.events[0].name = "cpu-clock:u";
  profile.events[0].unit = "ns";
  const Json whole = exported(profile, "firefox", {.weight = Weight::Period, .begin = 5 * kMs});
  const Json& thread = whole["threads"][0];
  CHECK(thread["frameTable"]["inlineDepth"] == Json({0, 1, 2, 0}));
  CHECK(thread["frameTable"]["category"] == Json({0, 1, 1, 2}));  // folded text's are of no kind
  CHECK(thread["samples"]["time"] == Json({0, 2}));
  CHECK(thread["samples"]["weight"] == Json({1, 1}));
  CHECK(thread["samples"]["weightType"] == "tracing-ms");
  CHECK(thread["samples"]["threadCPUDelta"] == Json({kMs, kMs}));
  CHECK(thread["markers"]["data"][0]["count"] == 12);
}

TEST_CASE("Export: a format is known by its name and by that of a file") {
  CHECK(exporter_named("gif") == nullptr);
  CHECK(exporter_for_file("x.speedscope.json")->name == "speedscope");
  CHECK(exporter_for_file("x.d3.json")->name == "d3");
  CHECK(exporter_for_file("x.json")->name == "json");
  CHECK(exporter_for_file("x.pb.gz")->name == "pprof");
  CHECK(exporter_for_file(".csv") == nullptr);
  CHECK(exporter_for_file("x") == nullptr);
  for (const Exporter& exporter : exporters()) CHECK(exporter_named(exporter.name) == &exporter);
}

TEST_CASE("Decimals of folded counts are decimals elsewhere", "[export]") {
  const Profile profile = profile_of("main;f 1.25\nmain;g 0.5\nmain 2\n");
  ExportOptions options;
  options.weight = Weight::Period;
  CHECK(weight_text(profile, options, 125) == "1.25");
  CHECK(weight_text(profile, options, 50) == "0.5");
  CHECK(weight_text(profile, options, 105) == "1.05");
  CHECK(weight_text(profile, options, 200) == "2");
  CHECK(unit_of(profile, options) == "samples");
  CHECK(whole_unit_of(profile, options) == "samples/100");
  const Json speedscope = exported(profile, "speedscope", options);
  CHECK(speedscope["profiles"][0]["endValue"] == 3.75);
  CHECK(exported(profile, "d3", options)["value"] == 3.75);
  CHECK(exported(profile, "json", options)["total"] == 3.75);
  options.weight = Weight::Samples;
  CHECK(weight_text(profile, options, 125) == "125");
}
