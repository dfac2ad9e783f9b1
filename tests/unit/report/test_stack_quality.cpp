#include <catch2/catch.hpp>

#include "report/stack_quality.h"

using namespace prof;

namespace {

struct Judge {
  Profile profile;
  StackQuality quality;
  StringId comm = profile.strings.intern("app");

  Frame frame(std::string_view symbol, std::string_view dso) {
    Frame made;
    made.kind = symbol.empty() ? FrameKind::Unknown : FrameKind::User;
    if (!dso.empty()) made.dso_short = profile.strings.intern(dso);
    if (!symbol.empty()) made.symbol = profile.strings.intern(symbol);
    made.name = profile.strings.intern(symbol.empty() ? "[unknown]" : symbol);
    return made;
  }
  void add(StackEnd end, const Frame& root, const Frame* unnamed = nullptr,
           MissReason miss = MissReason::None, size_t length = 3, bool user = true) {
    StackQuality::Stack stack;
    stack.comm = comm;
    stack.end = end;
    stack.has_user = user;
    stack.length = length;
    stack.root = &root;
    stack.unnamed = unnamed;
    stack.miss = miss;
    quality.add(profile, stack, 1);
  }
  /// The only flaw, as "verdict: advice".
  std::string told() {
    const auto flaws = quality.flaws();
    if (flaws.empty()) return "whole";
    REQUIRE(flaws.size() == 1);
    static const char* const kNames[] = {"whole", "truncated", "broken", "unnamed"};
    return std::string(kNames[static_cast<size_t>(flaws[0].first.verdict)]) + ": " +
           advice_for(profile, flaws[0].first, quality.copy_size());
  }
};

}  // namespace

TEST_CASE("a stack is whole if it reaches an entry or its proven bottom") {
  Judge judge;
  for (const char* entry : {"_start", "main", "__libc_start_main@@GLIBC_2.34", "clone3",
                            "start_thread", "ret_from_fork_asm", "runtime.goexit"}) {
    judge.add(StackEnd::Recorded, judge.frame(entry, "app"));
  }
  judge.add(StackEnd::EndOfStack, judge.frame("anything", "app"));
  judge.add(StackEnd::Recorded, judge.frame("do_exit", "[kernel.kallsyms]"), nullptr,
            MissReason::None, 3, false);
  CHECK(judge.quality.samples() == 9);
  CHECK(judge.quality.whole() == 9);
  CHECK(judge.told() == "whole");
  CHECK(quality_line(judge.profile, judge.quality).empty());
}

TEST_CASE("what is wrong with a stack, and what mends it") {
  Judge judge;
  const Frame inside = judge.frame("work", "libwork.so");
  const Frame nameless = judge.frame("", "libwork.so");
  const Frame nowhere = judge.frame("", "");
  const Frame main = judge.frame("main", "app");
  SECTION("no frame pointers") {
    judge.add(StackEnd::Recorded, inside);
    CHECK(judge.told() ==
          "broken: libwork.so is built without frame pointers: record with --call-graph dwarf");
  }
  SECTION("led astray") {
    judge.add(StackEnd::Recorded, nowhere);
    CHECK(judge.told().find("frame pointers led astray") != std::string::npos);
  }
  SECTION("deeper than the kernel walks") {
    judge.add(StackEnd::Recorded, inside, nullptr, MissReason::None, 127);
    CHECK(judge.told() ==
          "truncated: deeper than the kernel walks: raise kernel.perf_event_max_stack");
  }
  SECTION("larger than the copy") {
    judge.quality.set_recorded(127, 8192, false);
    judge.add(StackEnd::StackTruncated, inside);
    CHECK(judge.told() == "truncated: larger than the copy: record with --call-graph dwarf,16384");
  }
  SECTION("larger than any copy") {
    judge.quality.set_recorded(127, 65528, false);
    judge.add(StackEnd::StackTruncated, inside);
    CHECK(judge.told().find("more than 64 KiB") != std::string::npos);
  }
  SECTION("no table") {
    judge.add(StackEnd::NoUnwindInfo, inside);
    CHECK(judge.told().find("broken: no unwind table for libwork.so") == 0);
  }
  SECTION("a task of 32 bits") {
    judge.add(StackEnd::UnsupportedMachine, inside);
    CHECK(judge.told().find("32-bit") != std::string::npos);
  }
  SECTION("replaced") {
    judge.add(StackEnd::EndOfStack, main, &nameless, MissReason::BuildIdMismatch);
    CHECK(judge.told() == "unnamed: libwork.so was replaced since the recording");
  }
  SECTION("stripped") {
    judge.add(StackEnd::EndOfStack, main, &nameless, MissReason::NoSymbols);
    CHECK(judge.told() == "unnamed: libwork.so is stripped: install its debug symbols");
  }
  SECTION("generated code") {
    judge.comm = judge.profile.strings.intern("node");
    const Frame jit = judge.frame("", "[JIT] tid 12");
    judge.add(StackEnd::EndOfStack, main, &jit, MissReason::FileMissing);
    CHECK(judge.told() == "unnamed: no perf map: start node with --perf-basic-prof");
  }
}

TEST_CASE("the line below a report tells the worst, the table all, most first") {
  Judge judge;
  const Frame main = judge.frame("main", "app");
  const Frame inside = judge.frame("work", "libwork.so");
  for (int i = 0; i < 99; ++i) judge.add(StackEnd::Recorded, main);
  judge.add(StackEnd::NoUnwindInfo, inside);
  CHECK(quality_line(judge.profile, judge.quality).empty());  // one in a hundred
  for (int i = 0; i < 100; ++i) judge.add(StackEnd::Recorded, inside);
  CHECK(quality_line(judge.profile, judge.quality) ==
        "# Stacks: 49.5 % are whole; 50.0 % are broken in app: libwork.so is built without frame "
        "pointers: record with --call-graph dwarf (all: --stack-quality)\n");
  const std::string table = quality_table(judge.profile, judge.quality);
  CHECK(table.find("# Stacks: 99 of 200 whole (49.5 %)\n") == 0);
  CHECK(table.find("without frame pointers") < table.find("no unwind table"));
}

TEST_CASE("stacks with frames without names are whole, and told of apart from what is not") {
  Judge judge;
  const Frame main = judge.frame("main", "app");
  const Frame nameless = judge.frame("", "libwork.so");
  for (int i = 0; i < 200; ++i) {
    judge.add(StackEnd::EndOfStack, main, &nameless, MissReason::NoSymbols);
  }
  CHECK(judge.quality.whole() == 200);
  CHECK(judge.quality.unnamed() == 200);
  const std::string unnamed =
      "# Stacks: 100.0 % are whole, with frames without names; 100.0 % are unnamed in app: "
      "libwork.so is stripped: install its debug symbols (all: --stack-quality)\n";
  CHECK(quality_line(judge.profile, judge.quality) == unnamed);
  CHECK(quality_table(judge.profile, judge.quality)
            .find("# Stacks: 200 of 200 whole (100.0 %), 200 of them with frames without names "
                  "(100.0 %)\n#\n") == 0);
  // What is wrong comes first, however little it is.
  for (int i = 0; i < 50; ++i) judge.add(StackEnd::NoUnwindInfo, judge.frame("work", "libx.so"));
  const std::string both = quality_line(judge.profile, judge.quality);
  CHECK(both.find("# Stacks: 80.0 % are whole; 20.0 % are broken in app: ") == 0);
  CHECK(both.find("\n# Stacks: 80.0 % are whole, with frames without names; ") != both.npos);
  CHECK(judge.quality.flaws().front().first.verdict == StackVerdict::Broken);
}
