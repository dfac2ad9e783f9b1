#include <catch2/catch.hpp>

#include "report/script_line.h"

using namespace prof;

TEST_CASE("the line that a sample begins with is taken apart, as every perf prints it") {
  SECTION("perf 6.1 with call chains") {
    const auto head =
        parse_script_head("node-v0 12  31912 [003]  666.771979:   10101010 cpu-clock:u: ");
    REQUIRE(head);
    CHECK(head->comm == "node-v0 12");
    CHECK(head->pid == -1);
    CHECK(head->tid == 31912);
    CHECK(head->cpu == 3);
    CHECK(head->time == 666'771'979'000u);
    CHECK(head->period == 10101010u);
    CHECK(head->event == "cpu-clock:u");
    CHECK(head->rest.empty());
  }
  SECTION("process and thread, nanoseconds, without a CPU") {
    const auto head = parse_script_head("a/1 7/9 8.000000001: 1 cycles:");
    REQUIRE(head);
    CHECK(head->comm == "a/1");
    CHECK(head->pid == 7);
    CHECK(head->tid == 9);
    CHECK(head->cpu == -1);
    CHECK(head->time == 8'000'000'001u);
  }
  SECTION("without call chains the frame is behind the event") {
    const auto head =
        parse_script_head("        shares 20 1.5:  1 cpu-clock:  55d0 burn+0x1 (/bin/shares)");
    REQUIRE(head);
    CHECK(head->comm == "shares");
    const auto frame = parse_script_frame(head->rest);
    REQUIRE(frame);
    CHECK(frame->address == 0x55d0);
    CHECK(frame->name == "burn");
    CHECK(frame->dso == "/bin/shares");
  }
  SECTION("a tracepoint has fields there, and no period") {
    const auto head =
        parse_script_head("sh 5 [000] 1.5: sched:sched_switch: prev_comm=sh prev_pid=5");
    REQUIRE(head);
    CHECK(head->event == "sched:sched_switch");
    CHECK_FALSE(head->period);
    CHECK(head->rest == "prev_comm=sh prev_pid=5");
  }
  SECTION("neither time nor period") {
    const auto head = parse_script_head("node-v011 31912 cpu-clock: ");
    REQUIRE(head);
    CHECK_FALSE(head->time);
    CHECK(head->tid == 31912);
  }
  SECTION("a thread that is gone") {
    const auto head = parse_script_head(":-1    -1 [001]  5.25: 1 cycles:");
    REQUIRE(head);
    CHECK(head->tid == -1);
  }
}

TEST_CASE("what begins no sample is not taken for it") {
  const auto line =
      GENERATE("", "   ", "main;compute 12", "\t  401b97 main+0x1f (./a.out)",
               "\t  401b97 12 34: x: (./a.out)", "cat 12 [000] 1.5: PERF_RECORD_COMM: cat:12/12",
               "cat 12 [000] 1.5:", "12/12", "x 99999999999 1.5: cycles:", "x 1 1.5 cycles",
               "x 1 99999999999999999999.5: cycles");
  CAPTURE(line);
  CHECK_FALSE(parse_script_head(line));
}

TEST_CASE("frames are taken apart") {
  const auto frame = [](std::string_view line) {
    const auto found = parse_script_frame(line);
    REQUIRE(found);
    return *found;
  };
  CHECK(frame("\t 7f12 f(int, char (*)[3])+0xa0 (/usr/lib/libc.so.6)").name ==
        "f(int, char (*)[3])");
  CHECK(frame("\t 7f12 f (/usr/lib/libc.so.6)").dso == "/usr/lib/libc.so.6");
  CHECK(frame("\t ffffffff8100 x ([kernel.kallsyms])").dso == "[kernel.kallsyms]");
  CHECK(frame("\t 7f12 [unknown] (/tmp/a b (deleted))").dso == "/tmp/a b");
  CHECK(frame("\t 7f12 small (inlined)").inlined);
  CHECK(frame("\t 7f12 small (inlined)").name == "small");
  CHECK(frame("\t 7f12 (/lib/x.so)").name.empty());
  CHECK(frame("\t address symbol (module)").address == 0);
  CHECK(frame("\t 7f12 operator+0xzz (x)").name == "operator+0xzz");
  for (const char* none :
       {"", "\t", "\t7f12", "\t7f12 main", "\tWEIRD_LINE", "\tfile.c:12", "\t7f12 main x)"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_script_frame(none));
  }
}
