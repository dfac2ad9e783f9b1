#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "common/mapped_file.h"
#include "report/folded.h"
#include "report/folded_line.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::import;
using prof::test::profile_of;

namespace {

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

const Frame& frame_named(const Profile& profile, std::string_view name) {
  for (const Frame& frame : profile.frames) {
    if (profile.strings[frame.name] == name) return frame;
  }
  FAIL("no frame " << name);
  std::abort();
}

}  // namespace

TEST_CASE("equal stacks of folded text are added up") {
  const Profile profile = profile_of("a;b;c 1\na;b;c 2\na;b;d 4\na;b 5\n");
  CHECK(folded(profile) == "a;b 5\na;b;c 3\na;b;d 4\n");
  CHECK(profile.nodes.size() == 4);
  REQUIRE(profile.events.size() == 1);
  CHECK(profile.events[0].samples == 12);
  CHECK(profile.events[0].period == 12);
  CHECK(profile.events[0].total_samples == 12);
  CHECK(profile.total_frames == 5 * 2 + 7 * 3);
  CHECK(profile.warnings.empty());
}

TEST_CASE("every first frame of folded text is a group") {
  const Profile profile = profile_of("b;x 1\na;x 2\nb;y 3\n");
  REQUIRE(profile.groups.size() == 2);
  CHECK(profile.strings[profile.groups[0].comm] == "b");
  CHECK(profile.strings[profile.groups[1].comm] == "a");
  for (const StackNode& node : profile.nodes) {
    if (profile.name(node.frame) == "y") CHECK(node.group == 0);
  }
}

TEST_CASE("a line that shares only part of a name with the line before is its own stack") {
  const Profile profile = profile_of("ab;cd 1\nab;cde 2\nab;c 4\nabc 8\nab 16\nab;cd;e 32\n");
  CHECK(folded(profile) == "ab 16\nab;c 4\nab;cd 1\nab;cd;e 32\nab;cde 2\nabc 8\n");
}

TEST_CASE("comments, blank lines, CRLF and byte-order marks are no part of stacks") {
  CHECK(folded(profile_of("# comment 5\r\n\r\na;b 1\r\n   \r\na;c 2")) == "a;b 1\na;c 2\n");
  CHECK(folded(profile_of("\xef\xbb\xbf"
                          "a 1\n")) == "a 1\n");
  using std::string_view_literals::operator""sv;
  CHECK(folded(profile_of("\xff\xfe"
                          "\xe9\0;\0\x3d\xd8\x00\xde \0"
                          "7\0\n\0"sv)) == "é;😀 7\n");
  CHECK(folded(profile_of("\xfe\xff"
                          "\0a\xd8\x3d\0;\0b\0 \0"
                          "7"sv)) == "a\xef\xbf\xbd;b 7\n");
}

TEST_CASE("marks and brackets give the kind of a frame") {
  const Profile profile = profile_of(
      "java;run_[j];inl_[i];sys_read_[k];[unknown] 3\njava;[libc.so.6];plain 1\n_[k] 1\n");
  CHECK(frame_named(profile, "run").kind == FrameKind::Jit);
  CHECK(frame_named(profile, "inl").kind == FrameKind::Inlined);
  CHECK(frame_named(profile, "sys_read").kind == FrameKind::Kernel);
  CHECK(frame_named(profile, "sys_read").level == 'k');
  CHECK(frame_named(profile, "[unknown]").kind == FrameKind::Unknown);
  CHECK_FALSE(frame_named(profile, "[unknown]").symbol.valid());
  CHECK(frame_named(profile, "[libc.so.6]").kind == FrameKind::Unknown);
  CHECK(frame_named(profile, "plain").kind == FrameKind::Other);
  CHECK(frame_named(profile, "_[k]").kind == FrameKind::Other);  // a mark alone is a name
  CHECK(profile.unresolved_frames == 4);
}

TEST_CASE("lines without a count are counted and warned of") {
  const Profile profile = profile_of("a;b 1\nno count\n42\n;;; 5\na;c 12V.43\na;d -3\na;e 1e3\n");
  CHECK(folded(profile) == "a;b 1\n");
  REQUIRE(profile.warnings.size() == 1);
  CHECK(profile.warnings[0].find("6 of 7 lines ignored") == 0);
  CHECK(profile.warnings[0].find("line 2") != std::string::npos);
}

TEST_CASE("names may hold spaces and numbers, and empty frames are dropped") {
  CHECK(folded(profile_of("a b;operator new 10\na b;;worker 7 5\na b;c; 1\n;d 2\n")) ==
        "a b;c 1\na b;operator new 10\na b;worker 7 5\nd 2\n");
}

TEST_CASE("decimal counts keep their fractions in the period") {
  const Profile profile = profile_of("a 31.23\na 0.5\nb 2\nc .5\nc 1.\nd 0.000\n");
  CHECK(profile.events[0].period_scale == 100);
  CHECK(profile.events[0].period == 3473);
  CHECK(folded(profile, {.weight = Weight::Period}) == "a 31.73\nb 2.00\nc 1.00\n");
  CHECK(folded(profile) == "a 32\nb 2\nc 1\n");
  REQUIRE(profile.warnings.size() == 1);  // ".5", as flamegraph.pl
}

TEST_CASE("a differential counts its second column") {
  const Profile profile = profile_of("a;b 1 10\na;c 0 5\n");
  CHECK(folded(profile) == "a;b 10\na;c 5\n");
  REQUIRE(profile.warnings.size() == 1);
  CHECK(profile.warnings[0].find("two counts") != std::string::npos);
}

TEST_CASE("an input without stacks is an error that names it and ends with 2") {
  for (const char* text : {"", "\n\n", "# only 1\n", "nothing here\n", "a;b 0\n", "\xff\xfe"}) {
    const auto profile = import(text);
    REQUIRE_FALSE(profile);
    CHECK(profile.error().message == "stacks.folded: no stacks found");
    CHECK(profile.error().exit_code == 2);
  }
}

TEST_CASE("counts that no sum can hold are refused") {
  const auto profile = import(
      "a 999999999999999\nb 999999999999999\nc 999999999999999\n"
      "d 999999999999999\ne 999999999999999\nf 999999999999999\n"
      "g 999999999999999\nh 999999999999999\ni 999999999999999\n"
      "j 999999999999999\n");
  REQUIRE_FALSE(profile);
  CHECK(profile.error().message.find("2^53") != std::string::npos);
  CHECK_FALSE(parse_folded_count("9999999999999999"));  // sixteen digits
  // Large sums with decimals lose decimals, not the sum.
  const Profile large = profile_of("a 900000000000000.123456\n");
  CHECK(large.events[0].period_scale == 10);
  CHECK(large.events[0].samples == 900000000000000);
}

TEST_CASE("a count is digits with an optional fraction") {
  CHECK(parse_folded_count("12")->whole == 12);
  CHECK(parse_folded_count("1.25")->millionths == 250000);
  CHECK(parse_folded_count("1.250")->decimals == 2);
  CHECK(parse_folded_count("1.1234567")->millionths == 123456);
  CHECK(parse_folded_count("7.")->whole == 7);
  for (const char* bad : {"", "-1", "+1", "1e3", ".5", "1.2.3", "0x10", "1,000", "nan"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_folded_count(bad));
  }
}

TEST_CASE("folded text cut at any byte is read or refused, never more") {
  const std::string text = "\xef\xbb\xbf# c\nab;c_[k];d 12.5\r\nab;c 3 4\n;; 1\nab;c_[k] 1\n";
  const std::string wide = "\xff\xfe" + text + std::string(3, '\0');
  for (const std::string& whole : {text, wide}) {
    for (size_t size = 0; size <= whole.size(); ++size) {
      const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<long>(size));
      const auto profile = import({exact.data(), exact.size()});
      if (profile) CHECK(profile->events[0].samples > 0);
    }
  }
}

TEST_CASE("a stack of a hundred thousand frames is read and written") {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "f" + std::to_string(i % 7) + ";";
  text.back() = ' ';
  text += "1\n";
  CHECK(folded(profile_of(text)) == text);
}

TEST_CASE("folded files of other tools are read, and read back the same once written") {
  const std::filesystem::path corpus = std::string(PROF_CORPUS_DIR) + "/folded";
  if (!std::filesystem::exists(corpus)) return;  // a checkout without the corpus beside it
  const std::map<std::string, std::pair<uint64_t, size_t>> facts{
      // samples, warnings
      {"speedscope-simple.txt", {14, 0}},          {"speedscope-simple-crlf.txt", {14, 0}},
      {"speedscope-simple-utf16-le.txt", {14, 0}}, {"speedscope-simple-with-invalids.txt", {14, 1}},
      {"speedscope-recursion.txt", {10, 0}},       {"inferno-bad-lines.txt", {607, 1}},
      {"inferno-fractional.txt", {334, 0}},        {"inferno-diff-result.txt", {80, 1}},
      {"inferno-diff-after.txt", {80, 0}},         {"inferno-illumos-dtrace.txt", {57441, 0}},
  };
  for (const auto& [name, expected] : facts) {
    CAPTURE(name);
    const auto file = MappedFile::open(corpus / name);
    REQUIRE(file);
    const auto profile = import_folded(file->bytes(), name);
    REQUIRE(profile);
    CHECK(profile->events[0].samples == expected.first);
    CHECK(profile->warnings.size() == expected.second);
    const FoldedOptions options{.weight = Weight::Period, .marks = true};
    const std::string text = folded(*profile, options);
    CHECK(folded(profile_of(text), options) == text);
  }
}

TEST_CASE("a differential keeps its first column, too") {
  const Profile profile = profile_of("a;b 10 1\na;c 2.5 0\na;b 1 1\n");
  REQUIRE(profile.is_differential());
  const uint32_t scale = profile.events[0].period_scale;
  CHECK(scale == 10);
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    const std::string_view name = profile.name(profile.nodes[i].frame);
    CHECK(profile.before[i].period == (name == "b" ? 110 : name == "c" ? 25 : 0));
    CHECK(profile.nodes[i].self_period == (name == "b" ? 20 : 0));
  }
}

TEST_CASE("frames that end in numbers are no differential, and told where some lines look so") {
  const Profile mixed = profile_of("a;b 1 2\na;b 3\n");
  CHECK_FALSE(mixed.is_differential());
  REQUIRE(mixed.warnings.size() == 1);
  CHECK(mixed.warnings[0].find("1 of 2 lines end in two numbers") == 0);
  // Without a blank it is one count.
  const Profile numbered = profile_of("a;b;1 2\na;2 3\n");
  CHECK_FALSE(numbered.is_differential());
  CHECK(numbered.warnings.empty());
  // The only word before a count is a stack.
  CHECK_FALSE(profile_of("1 2\n").is_differential());
}
