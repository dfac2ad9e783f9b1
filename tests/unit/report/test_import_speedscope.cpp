#include <catch2/catch.hpp>

#include "report/export_formats.h"
#include "report/folded.h"
#include "report/import_speedscope.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Result<Profile> imported(std::string_view text, const LoadOptions& options = {}) {
  const auto document = JsonDocument::parse(text, "x");
  REQUIRE(document);
  return import_speedscope(document->root(), "x", options);
}

std::string file(std::string_view profiles) {
  return R"js({"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[)js"
         R"js({"name":"main","file":"a.c","line":3},{"name":"work","file":"/lib/b.so"},{"name":"leaf"}]},)js"
         R"js("profiles":[)js" +
         std::string(profiles) + "]}";
}

constexpr std::string_view kThreads =
    R"js({"type":"sampled","name":"one (pid 1, tid 2)","unit":"milliseconds","startValue":1,"endValue":4,)js"
    R"js("samples":[[0,1],[0,1,2],[0]],"weights":[1,1.5,0.5]},)js"
    R"js({"type":"evented","name":"two","unit":"seconds","startValue":0,"endValue":1,"events":[)js"
    R"js({"type":"O","frame":0,"at":0},{"type":"O","frame":2,"at":0.25},{"type":"C","frame":2,"at":0.5},)js"
    R"js({"type":"C","frame":0,"at":1}]})js";

std::string error_of(std::string_view profiles) {
  const auto profile = imported(file(profiles));
  return profile ? "none" : profile.error().message;
}

}  // namespace

TEST_CASE("profiles of speedscope are threads, sampled or evented") {
  LoadOptions options;
  options.with_timeline = true;
  options.with_lines = true;
  const auto profile = imported(file(kThreads), options);
  REQUIRE(profile);
  REQUIRE(profile->events.size() == 1);
  CHECK(profile->events[0].unit == "ns");
  CHECK(profile->events[0].period == 1003000000);
  CHECK(folded(*profile, {.weight = Weight::Period}) ==
        "one;main 500000\none;main;work 1000000\none;main;work;leaf 1500000\n"
        "two;main 750000000\ntwo;main;leaf 250000000\n");
  const Timeline& timeline = profile->timeline;
  CHECK(timeline.in_order);
  REQUIRE(timeline.samples.size() == 6);
  CHECK(timeline.samples.front().time == 0);
  CHECK(timeline.samples.back().time == 500000000);
  REQUIRE(timeline.threads.size() == 2);
  CHECK(timeline.threads[0].pid == 1);
  CHECK(timeline.threads[0].tid == 2);
  for (const Frame& frame : profile->frames) {
    if (profile->strings[frame.name] == "work") {
      CHECK(profile->strings[frame.dso] == "/lib/b.so");
    } else if (profile->strings[frame.name] == "main" && frame.line.valid()) {
      CHECK(profile->strings[frame.line] == "a.c:3");
      CHECK_FALSE(frame.dso.valid());
    }
  }
}

TEST_CASE("a time range of a speedscope file is of its own clock") {
  LoadOptions options;
  options.input.filter.time = "0.2,0.6";
  const auto profile = imported(file(kThreads), options);
  REQUIRE(profile);
  CHECK(folded(*profile, {.weight = Weight::Period}) ==
        "two;main 500000000\ntwo;main;leaf 250000000\n");
}

TEST_CASE("a single profile of speedscope is nobody's, and its values are samples") {
  const auto profile = imported(file(
      R"js({"type":"sampled","name":"x","unit":"none","samples":[[0,1],[0]],"weights":[3,1]})js"));
  REQUIRE(profile);
  CHECK(folded(*profile) == "main 1\nmain;work 3\n");
  CHECK(profile->events[0].samples == 4);
  const auto fractions = imported(file(
      R"js({"type":"sampled","name":"x","unit":"none","samples":[[0,1],[0]],"weights":[0.25,1]})js"));
  REQUIRE(fractions);
  CHECK(fractions->events[0].period_scale == 1000);
  CHECK(folded(*fractions, {.weight = Weight::Period}) == "main 1.000\nmain;work 0.250\n");
}

TEST_CASE("what is wrong in a speedscope file is told with its place") {
  const auto sampled = [](std::string_view rest) {
    return R"js({"type":"sampled","name":"x","unit":"none",)js" + std::string(rest) + "}";
  };
  const auto evented = [](std::string_view rest) {
    return R"js({"type":"evented","name":"x","unit":"none","events":[)js" + std::string(rest) +
           "]}";
  };
  CHECK(error_of(sampled(R"js("samples":[[0],[1,3]],"weights":[1,1])js")) ==
        "x: profiles[0].samples[1]: there is no frame 3 (of 3)");
  CHECK(error_of(sampled(R"js("samples":[[-1]],"weights":[1])js")) ==
        "x: profiles[0].samples[0]: a frame is a number of shared.frames");
  CHECK(error_of(sampled(R"js("samples":[[0]],"weights":[])js")) ==
        "x: profiles[0]: 0 weights of 1 samples");
  CHECK(error_of(sampled(R"js("samples":[[0]],"weights":[-1])js")) ==
        "x: profiles[0].samples[0]: a value of -1");
  CHECK(error_of(sampled(R"js("weights":[1])js")) == "x: profiles[0]: no samples");
  CHECK(error_of(evented(R"js({"type":"O","frame":0,"at":5},{"type":"C","frame":0,"at":4})js")) ==
        "x: profiles[0].events[1]: 4 is before 5");
  CHECK(error_of(evented(R"js({"type":"C","frame":1,"at":5})js")) ==
        "x: profiles[0].events[0]: closes frame 1, which is not the innermost open one");
  CHECK(error_of(evented(R"js({"type":"X","frame":1,"at":5})js")) ==
        "x: profiles[0].events[0]: its type is 'X', neither O nor C");
  CHECK(error_of(R"js({"type":"sampled","unit":"furlongs"})js") ==
        "x: profiles[0]: an unknown unit 'furlongs'");
  CHECK(error_of(sampled(R"js("samples":[[0]],"weights":[1e300])js")).find("a value of 1e+300") !=
        std::string::npos);
}

TEST_CASE("what goes to speedscope comes back") {
  const std::string text = "a;b;c 3\na;b 2\nd 7\n";
  const Profile profile = prof::test::profile_of(text);
  const std::string written = prof::test::written(
      [&](Output& out) { REQUIRE(export_speedscope(profile, {.name = "stacks"}, out)); });
  const auto again = imported(written);
  REQUIRE(again);
  CHECK(folded(*again) == folded(profile));
}
