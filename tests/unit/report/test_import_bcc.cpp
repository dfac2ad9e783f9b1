#include <catch2/catch.hpp>

#include "report/folded.h"
#include "report/import_bcc.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

constexpr std::string_view kProfile =
    "Sampling at 49 Hertz of all threads by user + kernel stack... Hit Ctrl-C to end.\n"
    "^C\n"
    "    do_idle\n"
    "    start_secondary\n"
    "    -                swapper/1 (0)\n"
    "        3\n"
    "\n"
    "    read_[k]\n"
    "    --\n"
    "    work\n"
    "    [unknown]\n"
    "    -                Web Content (1234)\n"
    "        12\n"
    "\n";

constexpr std::string_view kStackcount =
    "Tracing 1 functions for \"submit_bio\"... Hit Ctrl-C to end.\n"
    "^C\n"
    "  submit_bio\n"
    "  ext4_writepages+0x10\n"
    "    kworker/u8:2 [77]\n"
    "    2\n"
    "\n"
    "  submit_bio\n"
    "  0xffffffff81000010\n"
    "    5\n"
    "\n"
    "Detaching...\n";

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Profile imported(std::string_view text, const LoadOptions& options = {}) {
  auto profile = import_bcc(text, "x", options);
  REQUIRE(profile);
  return std::move(*profile);
}

}  // namespace

TEST_CASE("what bcc's profile prints is a profile") {
  REQUIRE(looks_like_bcc(kProfile));
  const Profile profile = imported(kProfile);
  CHECK(folded(profile, {.marks = true}) ==
        "Web Content;[unknown];work;read_[k] 12\nswapper/1;start_secondary;do_idle 3\n");
  LoadOptions one;
  one.input.filter.pids = {1234};
  one.group.pid = true;
  CHECK(folded(imported(kProfile, one)) == "Web Content-1234;[unknown];work;read 12\n");
}

TEST_CASE("what bcc's stackcount prints is a profile, with tasks or without") {
  REQUIRE(looks_like_bcc(kStackcount));
  CHECK(folded(imported(kStackcount)) ==
        "[unknown];submit_bio 5\nkworker/u8:2;ext4_writepages;submit_bio 2\n");
}

TEST_CASE("what bcc's offcputime prints are times") {
  const Profile profile = imported(
      "Tracing off-CPU time (us) of all threads by kernel stack... Hit Ctrl-C to end.\n"
      "\n"
      "    schedule\n"
      "    -                sh (5)\n"
      "        1500");  // the last has no blank line
  REQUIRE(profile.events.size() == 1);
  CHECK(profile.events[0].unit == "ns");
  CHECK(profile.events[0].in_periods);
  CHECK(profile.events[0].period == 1500000);
  CHECK(folded(profile, {.weight = Weight::Period}) == "sh;schedule 1500000\n");
}

TEST_CASE("text that is not bcc's is not taken for it") {
  for (const char* text :
       {"", "a;b 12\n", "  indented\n  text\n\n", "12\n\n13\n\n", "    12\n\n"}) {
    CAPTURE(text);
    CHECK_FALSE(looks_like_bcc(text));
    CHECK_FALSE(import_bcc("plain\n", "x", {}));
  }
  const Profile profile = imported("  a\n  b\n\n  f\n  1\n\n");
  CHECK(folded(profile) == "f 1\n");
  REQUIRE(profile.warnings.size() == 1);
  CHECK(profile.warnings[0] == "x: left out 2 indented lines without a count below them");
  CHECK_FALSE(import_bcc("  f\n  18446744073709551615\n\n", "x", {}));
}
