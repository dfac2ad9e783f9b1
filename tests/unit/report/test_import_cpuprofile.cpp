#include <catch2/catch.hpp>

#include "report/folded.h"
#include "report/import_cpuprofile.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Result<Profile> imported(std::string_view text, const LoadOptions& options = {}) {
  const auto document = JsonDocument::parse(text, "x");
  REQUIRE(document);
  CHECK(looks_like_cpuprofile(document->root()));
  return import_cpuprofile(document->root(), "x", options);
}

constexpr std::string_view kNodes =
    R"js("nodes":[{"id":1,"callFrame":{"functionName":"(root)","url":""},"children":[2,4]},)js"
    R"js({"id":2,"callFrame":{"functionName":"run","url":"file:///a.js","lineNumber":9},"children":[3]},)js"
    R"js({"id":3,"callFrame":{"functionName":"","url":"file:///a.js","lineNumber":4},"hitCount":5},)js"
    R"js({"id":4,"callFrame":{"functionName":"(idle)","url":""},"hitCount":2}])js";

std::string error_of(const std::string& text) {
  const auto profile = imported(text);
  return profile ? "none" : profile.error().message;
}

}  // namespace

TEST_CASE("a sample of a CPU profile lasts until the next one") {
  LoadOptions options;
  options.with_lines = true;
  options.with_timeline = true;
  const auto profile = imported(
      "{" + std::string(kNodes) +
          R"js(,"startTime":1000,"endTime":2000,"samples":[3,4,2],"timeDeltas":[100,300,50]})js",
      options);
  REQUIRE(profile);
  CHECK(folded(*profile, {.weight = Weight::Period, .marks = true}) ==
        "(idle) 50000\nrun_[j] 550000\nrun_[j];(anonymous)_[j] 300000\n");
  CHECK(profile->timeline.in_order);
  CHECK(profile->timeline.samples[0].time == 1100000);
  const bool has_line = std::ranges::any_of(profile->frames, [&](const Frame& frame) {
    return frame.line.valid() && profile->strings[frame.line] == "file:///a.js:10";
  });
  CHECK(has_line);
}

TEST_CASE("a CPU profile without samples counts its hits") {
  const auto profile = imported("{" + std::string(kNodes) + "}");
  REQUIRE(profile);
  CHECK(folded(*profile) == "(idle) 2\nrun;(anonymous) 5\n");
}

TEST_CASE("the pieces of CPU profiles in a trace of Chrome are put together") {
  const auto profile = imported(
      R"js([{"ph":"M","name":"thread_name","pid":7,"tid":8,"args":{"name":"CrRendererMain"}},)js"
      R"js({"name":"Profile","id":"0x1","pid":7,"tid":8,"args":{"data":{"startTime":10}}},)js"
      R"js({"name":"ProfileChunk","id":"0x1","pid":7,"tid":9,"args":{"data":{"cpuProfile":{"nodes":[)js"
      R"js({"id":1,"callFrame":{"functionName":"(root)"}},{"id":2,"parent":1,"callFrame":)js"
      R"js({"functionName":"f","url":"a.js"}}],"samples":[2,2]},"timeDeltas":[1,2]}}},)js"
      R"js({"name":"ProfileChunk","id":"0x1","pid":7,"tid":9,"args":{"data":{"cpuProfile":{"nodes":[)js"
      R"js({"id":3,"parent":2,"callFrame":{"functionName":"g","url":"a.js"}}],"samples":[3,2]},)js"
      R"js("timeDeltas":[4,8]}}}])js");
  REQUIRE(profile);
  CHECK(folded(*profile, {.weight = Weight::Period}) ==
        "CrRendererMain;f 6000\nCrRendererMain;f;g 8000\n");
}

TEST_CASE("what is wrong in a CPU profile is told with its node") {
  const auto nodes = [](std::string_view list) {
    return R"js({"nodes":[{"id":1,"callFrame":{},"children":[2]},{"id":2,"callFrame":{})js" +
           std::string(list);
  };
  CHECK(error_of(nodes(R"js(,"children":[1],"hitCount":1}]})js")) ==
        "x: node 2 is its own caller, or too deep");
  CHECK(error_of(nodes(R"js(,"children":[9]}]})js")) == "x: there is no node 9");
  CHECK(error_of(nodes(R"js(},{"id":2,"callFrame":{}}]})js")) == "x: there are two nodes 2");
  CHECK(error_of(nodes(R"js(}],"samples":[5],"timeDeltas":[1]})js")) ==
        "x: samples: there is no node 5");
}
