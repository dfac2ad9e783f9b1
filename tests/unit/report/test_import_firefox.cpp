#include <catch2/catch.hpp>

#include "report/export_formats.h"
#include "report/folded.h"
#include "report/import_firefox.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Result<Profile> imported(std::string_view text, const LoadOptions& options = {}) {
  const auto document = JsonDocument::parse(text, "x");
  REQUIRE(document);
  REQUIRE(looks_like_firefox(document->root()));
  return import_firefox(document->root(), "x", options);
}

struct Parts {
  std::string stacks = R"js("frame":[0,1,2],"prefix":[null,0,1],"length":3)js";
  std::string frames =
      R"js("func":[0,1,2],"inlineDepth":[0,1,0],"line":[3,null,null],"length":3)js";
  std::string functions =
      R"js("name":[0,1,2],"resource":[0,0,-1],"fileName":[3,null,null],"isJS":[false,false,true])js";
  std::string samples =
      R"js("stack":[2,1,null],"time":[1.5,2,3],"weight":[2,1,1],"weightType":"samples","length":3)js";
};

/// The format as it is since version 56, with texts that all threads share.
std::string file(const Parts& parts = {}) {
  return R"js({"meta":{"preprocessedProfileVersion":57,"categories":[]},)js"
         R"js("libs":[{"name":"app","path":"/bin/app","codeId":"abcd"}],)js"
         R"js("shared":{"stringArray":["main","work","jit()","a.c"]},)js"
         R"js("threads":[{"name":"worker","pid":"12","tid":13,)js"
         R"js("resourceTable":{"lib":[0],"name":[0]},)js"
         R"js("stackTable":{)js" +
         parts.stacks + R"js(},"frameTable":{)js" + parts.frames + R"js(},"funcTable":{)js" +
         parts.functions + R"js(},"samples":{)js" + parts.samples + "}}]}";
}

std::string error_of(const Parts& parts) {
  const auto profile = imported(file(parts));
  return profile ? "none" : profile.error().message;
}

}  // namespace

TEST_CASE("a processed profile of Firefox has its threads, times and kinds of frames") {
  LoadOptions options;
  options.group.pid = options.group.tid = true;
  options.with_timeline = true;
  const auto profile = imported(file(), options);
  REQUIRE(profile);
  CHECK(folded(*profile, {.marks = true}) ==
        "worker-12/13 1\nworker-12/13;main;work_[i] 1\nworker-12/13;main;work_[i];jit()_[j] 2\n");
  CHECK(profile->timeline.samples[0].time == 1500000);
  REQUIRE(profile->binaries.size() == 1);
  CHECK(profile->binaries[0].build_id == "abcd");
}

TEST_CASE("older processed profiles have texts in threads, times as differences, weights of time") {
  const auto profile = imported(
      R"js({"meta":{"preprocessedProfileVersion":48},"threads":[{"name":"a","pid":1,"tid":"2.1",)js"
      R"js("stringArray":["f"],"stackTable":{"frame":[0],"prefix":[null]},"frameTable":{"func":[0]},)js"
      R"js("funcTable":{"name":[0]},"samples":{"stack":[0,0],"timeDeltas":[1,2],"weight":[0.5,null],)js"
      R"js("weightType":"tracing-ms"}}]})js");
  REQUIRE(profile);
  CHECK(profile->events[0].unit == "ns");
  CHECK(profile->events[0].period == 1500000);
  LoadOptions late;
  late.input.filter.time = "0.002,";
  const auto document = JsonDocument::parse(file(), "x");
  const auto part = import_firefox(document->root(), "x", late);
  REQUIRE(part);
  CHECK(part->events[0].samples == 2);
}

TEST_CASE("what is wrong in a processed profile is told with its place") {
  Parts parts;
  parts.stacks = R"js("frame":[0,1,2],"prefix":[null,2,1])js";
  CHECK(error_of(parts) ==
        "x: threads[0].stackTable.prefix[1]: its caller does not come before it");
  parts = {};
  parts.stacks = R"js("frame":[0,1,7],"prefix":[null,0,1])js";
  CHECK(error_of(parts) == "x: threads[0].frameTable has no frame 7 (of 3)");
  parts = {};
  parts.samples = R"js("stack":[5])js";
  CHECK(error_of(parts) == "x: threads[0].stackTable.frame[5]: there is no such stack");
  parts = {};
  parts.frames = R"js("func":[0,9,2])js";
  CHECK(error_of(parts) == "x: threads[0].frameTable.func[1]: there is no such function");
  parts = {};
  parts.functions = R"js("name":[0,1,44])js";
  CHECK(error_of(parts) == "x: threads[0].funcTable.name[2]: there is no such text");
  parts = {};
  parts.samples = R"js("stack":[1,1],"weight":[-3,1])js";
  const auto difference = imported(file(parts));
  REQUIRE(difference);
  CHECK(difference->warnings.size() == 1);
}

TEST_CASE("Gecko's own profiles are refused with what to do") {
  const auto profile =
      imported(R"js({"meta":{"version":29},"threads":[{"stackTable":{"schema":{},"data":[]}}]})js");
  REQUIRE_FALSE(profile);
  CHECK(profile.error().message == "x: a profile as Gecko writes it");
  CHECK(profile.error().hint.find("profiler.firefox.com") == 0);
}

TEST_CASE("what goes to Firefox comes back") {
  const Profile profile =
      prof::test::profile_of("a;b;c 3\na;b 2\nd;e_[k] 7\nd;e_[k];[unknown] 1\n");
  const std::string written = prof::test::written(
      [&](Output& out) { REQUIRE(export_firefox(profile, {.name = "stacks"}, out)); });
  const auto again = imported(written);
  REQUIRE(again);
  CHECK(folded(*again, {.marks = true}) == folded(profile, {.marks = true}));
}
