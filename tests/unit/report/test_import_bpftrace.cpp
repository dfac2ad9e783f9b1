#include <catch2/catch.hpp>

#include "report/folded.h"
#include "report/import_bpftrace.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

constexpr std::string_view kText =
    "Attaching 2 probes...\n"
    "^C\n"
    "\n"
    "@off[\n"
    "    finish_task_switch.isra.0+140\n"
    "    schedule+0x5e\n"
    ", \n"
    "    operator+(int)+12\n"
    "    0x7f12ab340000\n"
    "    main+20\n"
    ", bash, 1234]: 3\n"
    "@off[\n"
    "    finish_task_switch.isra.0+144\n"
    "    schedule+0x5e\n"
    ", \n"
    "    operator+(int)+16\n"
    "    0x7f12ab350000\n"
    "    main+20\n"
    ", bash, 1234]: 4\n"
    "@[\n"
    "    read+1\n"
    "    main+3 (/usr/bin/cat)\n"
    "]: 5\n"
    "@by_name[bash]: 99\n"
    "@usecs[bash]: \n"
    "[1, 2)                 1 |@@@@@|\n"
    "@start: 12\n";

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Profile imported(std::string_view text, const LoadOptions& options = {}) {
  auto profile = import_bpftrace(text, "x", options);
  REQUIRE(profile);
  return std::move(*profile);
}

}  // namespace

TEST_CASE("maps of bpftrace with stacks are events") {
  REQUIRE(looks_like_bpftrace(kText));
  const Profile profile = imported(kText);
  REQUIRE(profile.events.size() == 2);
  CHECK(profile.events[0].name == "@off");
  CHECK(profile.events[0].samples == 7);
  CHECK(profile.events[1].name == "@");
  CHECK(folded(profile) ==
        "bash, 1234;main;[unknown];operator+(int);schedule;finish_task_switch.isra.0 7\n");
  // Without a command the outermost function is the root.
  CHECK(folded(profile, {.event = 1}) == "main;read 5\n");
}

TEST_CASE("the other keys of a bpftrace map are its command, wherever they stand") {
  CHECK(folded(imported("@[sh, \n    f+1\n]: 2\n")) == "sh;f 2\n");
  CHECK(folded(imported("@[\n    f+1\n, sh]: 2\n")) == "sh;f 2\n");
  CHECK(folded(imported("@[sh, \n    f+1\n, 7]: 2\n")) == "sh, 7;f 2\n");
  CHECK(folded(imported("@x_1[\n, sh]: 2\n")) == "sh 2\n");
  CHECK(folded(imported("@[\n]: 2\n")) == "[unknown] 2\n");
}

TEST_CASE("frames of bpftrace's other modes are read") {
  CHECK(folded(imported("@[\n\t7f12ab34 work+0x1c (/usr/lib/libx.so)\n"
                        "\tffffffff81000000 do_it+0x1 ([kernel.kallsyms])\n]: 2\n"),
               {.marks = true}) == "do_it_[k];work 2\n");
  CHECK(folded(imported("@[\n    ffffffff81000010\n    f\n]: 2\n")) == "f;[unknown] 2\n");
}

TEST_CASE("samples of bpftrace are chosen by command and map") {
  LoadOptions options;
  options.input.filter.event = "@";
  CHECK(imported(kText, options).events.size() == 1);
  options.input.filter.event = "@none";
  CHECK_FALSE(import_bpftrace(kText, "x", options));
  LoadOptions timed;
  timed.input.filter.time = "1,2";
  const auto refused = import_bpftrace(kText, "x", timed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "x: --time of an input without times");
}

TEST_CASE("a text without maps of stacks is no profile") {
  CHECK_FALSE(looks_like_bpftrace("a;b;c 12\n"));
  CHECK_FALSE(looks_like_bpftrace("someone@[x] 1\n"));
  const auto none = import_bpftrace("@[bash]: 12\n@total: 5\n", "x", {});
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "x: no map of bpftrace has stacks as keys");
  CHECK(none.error().exit_code == 2);
  const Profile profile = imported("@[\n    f+1\n]: -4\n@[\n    f+1\n]: 4\n");
  REQUIRE(profile.warnings.size() == 1);
  CHECK(profile.events[0].samples == 4);
  CHECK_FALSE(import_bpftrace("@[\n    f+1\n]: 9223372036854775807\n", "x", {}));
}
