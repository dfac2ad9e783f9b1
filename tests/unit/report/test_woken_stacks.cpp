#include <catch2/catch.hpp>

#include "perfdata/woken.h"
#include "report/folded.h"
#include "report/pipeline.h"
#include "support/open_bytes.h"
#include "support/perf_data_builder.h"
#include "support/profile_text.h"

using namespace prof;
using namespace prof::test;

namespace {

/// Raw data as of a thread that was woken.
std::string woken(uint32_t pid, uint32_t tid, const std::vector<uint64_t>& chain) {
  std::string raw;
  const auto put = [&raw](auto value) {
    raw.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  put(pid);
  put(tid);
  put(static_cast<uint32_t>(chain.size()));
  for (const uint64_t word : chain) put(word);
  return raw;
}

/// Two processes that have different files at the same addresses.
std::vector<std::byte> recording_of(const std::vector<SampleSpec>& samples) {
  AttrSpec spec;
  spec.name = "wakeup-time";
  spec.ids = {7};
  spec.attr.type = PERF_TYPE_SOFTWARE;
  spec.attr.config = PERF_COUNT_SW_DUMMY;
  spec.attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                          PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
                          PERF_SAMPLE_RAW | PERF_SAMPLE_WEIGHT;
  spec.attr.wakeup_events = kOwnMarks | kMarkCounted | kMarkWoken;
  PerfDataBuilder b;
  b.attr(spec);
  for (const auto& [pid, comm, file] :
       {std::tuple{10u, "sleeper", "/no/sleeps.so"}, std::tuple{20u, "poker", "/no/pokes.so"}}) {
    b.comm(pid, pid, comm);
    MmapSpec mapping;
    mapping.pid = mapping.tid = pid;
    mapping.start = 0x1000;
    mapping.length = 0x1000;
    mapping.filename = file;
    b.mmap2(mapping);
  }
  for (const SampleSpec& sample : samples) b.sample(sample);
  return b.event_desc().bytes();
}

SampleSpec wakeup(std::string raw, uint64_t period = 100) {
  SampleSpec sample;
  sample.ip = 0x1010;
  sample.pid = sample.tid = 20;
  sample.time = 50;
  sample.period = period;
  sample.weight = 2;
  sample.callchain = {PERF_CONTEXT_USER, 0x1010, 0x1020};
  sample.raw = std::move(raw);
  return sample;
}

std::string fold(const std::vector<SampleSpec>& samples, const LoadOptions& options) {
  auto recording = record_bytes(recording_of(samples));
  REQUIRE(recording);
  const auto profile = build_profile(**recording, options);
  REQUIRE(profile);
  return written([&](Output& out) { write_folded(*profile, {}, out); });
}

LoadOptions joining() {
  LoadOptions options;
  options.join_wakers = true;
  return options;
}

}  // namespace

TEST_CASE("each half of a wakeup is looked up in its own process") {
  const std::string raw = woken(10, 10, {PERF_CONTEXT_USER, 0x1010, 0x1030});
  CHECK(fold({wakeup(raw), wakeup(raw, 11)}, joining()) ==
        "sleeper;[sleeps.so];[sleeps.so];[woken by];[pokes.so];[pokes.so];poker 111\n");
  // Where stacks are not shown whole, it is the waker's.
  CHECK(fold({wakeup(raw)}, {}) == "poker;[pokes.so];[pokes.so] 100\n");
}

TEST_CASE("raw data that make no sense leave the waker's stack as it is") {
  std::string raw = woken(10, 10, {PERF_CONTEXT_USER, 0x1010});
  raw[8] = 99;  // words
  const std::string own = "poker;[pokes.so];[pokes.so] 100\n";
  CHECK(fold({wakeup(raw)}, joining()) == own);
  CHECK(fold({wakeup("")}, joining()) == own);
}

TEST_CASE("a thread that was woken without a stack is there by its name") {
  CHECK(fold({wakeup(woken(10, 10, {}))}, joining()) ==
        "sleeper;[woken by];[pokes.so];[pokes.so];poker 100\n");
}

TEST_CASE("commands are chosen by who was woken") {
  const std::string raw = woken(10, 10, {PERF_CONTEXT_USER, 0x1010});
  LoadOptions options = joining();
  options.input.filter.comms = {"poker"};
  CHECK(fold({wakeup(raw)}, options).empty());
  options.input.filter.comms = {"sleeper"};
  CHECK(fold({wakeup(raw)}, options) ==
        "sleeper;[sleeps.so];[woken by];[pokes.so];[pokes.so];poker 100\n");
}
