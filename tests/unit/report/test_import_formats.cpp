#include <catch2/catch.hpp>

#include "report/import_formats.h"

using namespace prof;

namespace {

/// The name of the format that content is taken for, or what is complained of.
std::string guessed(std::string_view content, std::string_view format = {}) {
  ImportInput input;
  input.content = content;
  input.name = "x";
  const auto chosen = choose_import_format(format, input);
  return std::string(chosen ? (*chosen)->name : chosen.error().message);
}

}  // namespace

TEST_CASE("formats are told by their content") {
  CHECK(guessed("a;b 1\n") == "folded");
  CHECK(guessed("[unknown];main 1\n") == "folded");
  CHECK(guessed("a 1 1.0: 5 cycles:\n\t401000 f (x)\n") == "script");
  CHECK(guessed("@[\n    f+1\n]: 2\n") == "bpftrace");
  CHECK(guessed("  f\n  g\n    12\n\n") == "bcc");
  CHECK(guessed(R"({"shared":{"frames":[]},"profiles":[]})") == "speedscope");
  CHECK(guessed(R"({"meta":{"preprocessedProfileVersion":57}})") == "firefox");
  CHECK(guessed(R"({"nodes":[{"id":1,"callFrame":{}}]})") == "cpuprofile");
  CHECK(guessed(R"([{"name":"ProfileChunk"}])") == "cpuprofile");
  CHECK(guessed(std::string("\x0a\x02\x08\x01\x32\x00\x32\x01q", 9)) == "pprof");
}

TEST_CASE("JSON without stacks, and bytes of no kind, are refused") {
  CHECK(guessed(R"({"a":1})") == "x: JSON of a kind that has no stacks prof knows of");
  CHECK(guessed("{\"a\":").find("x: no JSON from byte") == 0);
  CHECK(guessed(std::string("\0\1\2", 3)) ==
        "x: neither a recording nor stacks of a kind prof knows");
}

TEST_CASE("a format that is given is believed") {
  CHECK(guessed("{\"a\":1}", "folded") == "folded");
  CHECK(guessed("a;b 1\n", "speedscope").find("x: no JSON from byte") == 0);
  CHECK(guessed("a;b 1\n", "gif") == "no input format 'gif'");
  for (const ImportFormat& format : import_formats()) {
    CHECK(import_format_named(format.name) == &format);
    CHECK(import_format_names().find(format.name) != std::string::npos);
  }
}

TEST_CASE("text of other kinds is not read as folded stacks unless one says so") {
  ImportInput input;
  input.content = "Some prose 1\nwithout any\nstacks\nat all\n";
  input.name = "x";
  const auto format = choose_import_format({}, input);
  REQUIRE(format);
  const auto refused = (*format)->load(input, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("x: most of its lines are no stacks") == 0);
  CHECK(refused.error().exit_code == 2);
  const auto told = choose_import_format("folded", input);
  REQUIRE(told);
  CHECK((*told)->load(input, {}));
}
