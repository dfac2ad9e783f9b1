#include <catch2/catch.hpp>

#include "record/options.h"
#include "record/sampling.h"
#include "record/target.h"

using namespace prof;

TEST_CASE("sizes take the units that people write") {
  CHECK(*parse_size("4096") == 4096);
  CHECK(*parse_size("64k") == 65536);
  CHECK(*parse_size("1M") == 1 << 20);
  CHECK(*parse_size("1MB") == 1 << 20);
  CHECK(*parse_size("2G") == uint64_t{2} << 30);
  for (const char* text :
       {"", "M", "-1", "1.5M", "1MM", "1X", "99999999999999999999", "18446744073709551615k"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("CPU lists are sorted, without repetition") {
  CHECK(*parse_cpu_list("0-3,7") == std::vector<int>{0, 1, 2, 3, 7});
  CHECK(*parse_cpu_list("7,0,0-1") == std::vector<int>{0, 1, 7});
  for (const char* text : {"", ",", "1-", "-1", "3-1", "a", "0-99999999", "0 1"}) {
    INFO(text);
    CHECK_FALSE(parse_cpu_list(text));
  }
}

TEST_CASE("options that contradict each other are errors of usage") {
  RecordOptions good;
  good.command = {"true"};
  CHECK(validate(good));
  const auto rejects = [&good](auto&& change) {
    RecordOptions options = good;
    change(options);
    const auto result = validate(options);
    return !result && result.error().exit_code == 2;
  };
  CHECK(rejects([](RecordOptions& o) { o.command.clear(); }));
  CHECK(rejects([](RecordOptions& o) { o.period = 1, o.frequency = 1; }));
  CHECK(rejects([](RecordOptions& o) { o.period = 0; }));
  CHECK(rejects([](RecordOptions& o) { o.frequency = 0; }));
  CHECK(rejects([](RecordOptions& o) { o.pids = "1", o.tids = "1"; }));
  CHECK(rejects([](RecordOptions& o) { o.pids = "1", o.system_wide = true; }));
  CHECK(rejects([](RecordOptions& o) { o.user = "root", o.cpus = "0"; }));
  CHECK(rejects([](RecordOptions& o) { o.switch_output.max_files = 2; }));
  CHECK(rejects([](RecordOptions& o) { o.switch_output.by_signal = true, o.output = "-"; }));
  CHECK(rejects([](RecordOptions& o) { o.timestamp_filename = true, o.output = "-"; }));
  CHECK(rejects([](RecordOptions& o) { o.duration_seconds = -1; }));
}

TEST_CASE("the method of call chains is fp, or dwarf with a size") {
  const auto parse = [](std::string_view text) {
    RecordOptions options;
    const auto done = parse_call_graph_method(text, options);
    return done ? std::pair(options.call_graph, options.stack_copy)
                : std::pair(CallGraph::None, uint64_t{0});
  };
  const std::pair bad{CallGraph::None, uint64_t{0}};
  CHECK(parse("fp").first == CallGraph::FramePointers);
  CHECK(parse("dwarf") == std::pair(CallGraph::Dwarf, uint64_t{8192}));
  CHECK(parse("dwarf,4096") == std::pair(CallGraph::Dwarf, uint64_t{4096}));
  CHECK(parse("dwarf,16k") == std::pair(CallGraph::Dwarf, uint64_t{16384}));
  CHECK(parse("dwarf,65528") == std::pair(CallGraph::Dwarf, uint64_t{65528}));
  CHECK(parse("dwarf,1001") == std::pair(CallGraph::Dwarf, uint64_t{1008}));
  for (const char* text : {"", "dwarf,", "dwarf,0", "dwarf,65529", "dwarf,x", "fp,1", "lbr"}) {
    CAPTURE(text);
    CHECK(parse(text) == bad);
  }
}

TEST_CASE("clocks are known by name, with or without the prefix, and by number") {
  CHECK(*parse_clock("mono") == CLOCK_MONOTONIC);
  CHECK(*parse_clock("CLOCK_MONOTONIC_RAW") == CLOCK_MONOTONIC_RAW);
  CHECK(*parse_clock("Boottime") == CLOCK_BOOTTIME);
  CHECK(*parse_clock("11") == CLOCK_TAI);
  CHECK_FALSE(parse_clock("sundial"));
  CHECK_FALSE(parse_clock("12345"));
}

TEST_CASE("a sample's fields follow from what is recorded") {
  RecordOptions options;
  options.call_graph = CallGraph::FramePointers;
  Sampling sampling;
  perf_event_attr attr{};
  sampling.apply(options, default_event(), true, true, attr);
  CHECK(attr.freq);
  CHECK(attr.sample_freq == 4000);
  CHECK((attr.sample_type & PERF_SAMPLE_CPU));
  CHECK((attr.sample_type & PERF_SAMPLE_IDENTIFIER));
  CHECK((attr.sample_type & PERF_SAMPLE_CALLCHAIN));
  CHECK((attr.sample_type & PERF_SAMPLE_PERIOD));

  options.call_graph = CallGraph::Dwarf;
  options.stack_copy = 4096;
  perf_event_attr dwarf{};
  sampling.apply(options, default_event(), true, true, dwarf);
  CHECK((dwarf.sample_type & PERF_SAMPLE_CALLCHAIN));
  CHECK((dwarf.sample_type & PERF_SAMPLE_STACK_USER));
  CHECK((dwarf.sample_type & PERF_SAMPLE_REGS_USER));
  CHECK(dwarf.exclude_callchain_user);
  CHECK(dwarf.sample_stack_user == 4096);
  CHECK(dwarf.sample_regs_user != 0);

  sampling.period = 1000;
  perf_event_attr fixed{};
  sampling.apply(RecordOptions{}, default_event(), false, false, fixed);
  CHECK_FALSE(fixed.freq);
  CHECK(fixed.sample_period == 1000);
  CHECK(fixed.sample_type == (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME));
}

TEST_CASE("events that count each occurrence are sampled at each, unless a rate is given") {
  EventSpec spec = default_event();
  spec.counts_each = true;
  Sampling sampling;
  perf_event_attr attr{};
  sampling.apply(RecordOptions{}, spec, false, false, attr);
  CHECK_FALSE(attr.freq);
  CHECK(attr.sample_period == 1);
  sampling.frequency_given = true;
  perf_event_attr rated{};
  sampling.apply(RecordOptions{}, spec, false, false, rated);
  CHECK(rated.freq);
}

TEST_CASE("ring sizes are powers of two of pages") {
  RecordOptions options;
  options.mmap_pages = "3";
  CHECK(*ring_size(options) == 4 * 4096);
  options.mmap_pages = "1M";
  CHECK(*ring_size(options) == 1 << 20);
  options.mmap_pages = "5000B";
  CHECK(*ring_size(options) == 8192);
  options.mmap_pages = "";
  CHECK(*ring_size(options) >= 4096);
  for (const char* text : {"0", "x", "999999999999"}) {
    options.mmap_pages = text;
    CHECK_FALSE(ring_size(options));
  }
}
