#include <catch2/catch.hpp>

#include "report/folded.h"
#include "report/import_script.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

constexpr std::string_view kText =
    "# ========\n# hostname : x\n\n"
    "one two 10/11 [000] 1.000: 250 cpu-clock:\n"
    "\tffffffff81000010 read_it+0x4 ([kernel.kallsyms])\n"
    "\t          401020 work+0x10 (/bin/one)\n"
    "\t          401000 [unknown] (/bin/one)\n"
    "\t               0 [unknown] ([unknown])\n"
    "\n"
    "other 12/12 [001] 2.000: 50 cpu-clock:\n"
    "\t    7f0000001000 a->b (/tmp/perf-12.map)\n"
    "\t    7f0000001000 small (inlined)\n"
    "\n"
    "other 12/12 [001] 3.000: 1 page-faults:\n"
    "\t          401020 work+0x20 (/bin/one)";  // the last has no blank line

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Profile imported(std::string_view text, const LoadOptions& options = {}) {
  auto profile = import_script(text, "x", options);
  REQUIRE(profile);
  return std::move(*profile);
}

}  // namespace

TEST_CASE("the text of perf script is a profile") {
  REQUIRE(looks_like_script(kText));
  const Profile profile = imported(kText);
  REQUIRE(profile.events.size() == 2);
  CHECK(profile.events[0].name == "cpu-clock");
  CHECK(profile.events[0].samples == 2);
  CHECK(profile.events[0].period == 300);
  CHECK(profile.has_callchains);
  CHECK(folded(profile, {.marks = true}) ==
        "one two;[unknown];[one];work;read_it_[k] 1\n"
        "other;small_[i];a_[j];b_[j] 1\n");
  CHECK(folded(profile, {.event = 0, .weight = Weight::Period}) ==
        "one two;[unknown];[one];work;read_it 250\n"
        "other;small;a;b 50\n");
  CHECK(folded(profile, {.event = 1}) == "other;work 1\n");
}

TEST_CASE("samples of a text are chosen, and kept apart, as those of a recording") {
  LoadOptions options;
  SECTION("by event") {
    options.input.filter.event = "page-faults";
    CHECK(imported(kText, options).events.size() == 1);
    options.input.filter.event = "nosuch";
    CHECK_FALSE(import_script(kText, "x", options));
  }
  SECTION("by command: the total stays") {
    options.input.filter.comms = {"other"};
    const Profile profile = imported(kText, options);
    CHECK(profile.events[0].samples == 1);
    CHECK(profile.events[0].total_samples == 2);
  }
  SECTION("by CPU and time") {
    options.input.filter.cpus = {1};
    options.input.filter.time = "2.5,";
    const Profile profile = imported(kText, options);
    REQUIRE(profile.events.size() == 1);
    CHECK(profile.events[0].name == "page-faults");
  }
  SECTION("by thread at the root") {
    options.group.pid = options.group.tid = true;
    options.input.filter.pids = {10};
    CHECK(folded(imported(kText, options)) == "one two-10/11;[unknown];[one];work;read_it 1\n");
  }
  SECTION("cut at a depth") {
    options.max_stack = 1;
    CHECK(folded(imported(kText, options)) == "one two;read_it 1\nother;b 1\n");
  }
}

TEST_CASE("a text without call chains has one frame a sample") {
  const Profile profile = imported(
      "   cat 1 1.0: 5 cycles:  401000 main+0x0 (/bin/cat)\n"
      "   cat 1 1.1: 5 cycles:  401004 main+0x4 (/bin/cat)\n");
  CHECK_FALSE(profile.has_callchains);
  CHECK(
      folded(imported("a 1 1.0: cycles:\n\t401000 (anonymous namespace)::f (x)\n\t1 (sh) (x)\n")) ==
      "a;(anonymous namespace)::f 1\n");
  CHECK(folded(profile) == "cat;main 2\n");
}

TEST_CASE("what is odd in a text is told of, or an error") {
  const Profile profile = imported("a 1 1.0: cycles:\n\tWEIRD\n\t401000 f (x)\n");
  REQUIRE(profile.warnings.size() == 1);
  CHECK(folded(profile) == "a;f 1\n");
  CHECK_FALSE(looks_like_script("main;f 12\nmain;g 13\n"));
  CHECK_FALSE(looks_like_script(""));
  CHECK_FALSE(import_script("nothing", "x", {}));
  CHECK_FALSE(import_script("a 1 9.0: 18446744073709551615 cycles:\n", "x", {}));
  LoadOptions timed;
  timed.input.filter.time = "1,2";
  CHECK_FALSE(import_script("a 1 cycles:\n", "x", timed));
  CHECK(folded(imported("\xef\xbb\xbf"
                        "a 1 1.0: cycles:\r\n\t401000 f (x)\r\n\r\n")) == "a;f 1\n");
}
