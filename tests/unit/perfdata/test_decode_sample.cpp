#include <catch2/catch.hpp>

#include "perfdata/decode.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::PerfDataBuilder;
using prof::test::SampleSpec;
using prof::test::split_records;

namespace {

constexpr uint64_t kAllFields = (uint64_t{1} << 25) - 1;  // IDENTIFIER to WEIGHT_STRUCT
constexpr uint64_t kBranchCounters = 1u << 19;

AttrSpec full_attr() {
  AttrSpec spec;
  spec.ids = {77};
  spec.attr.sample_type = kAllFields & ~uint64_t{PERF_SAMPLE_WEIGHT_STRUCT};
  spec.attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
                          PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID | kReadFormatLost;
  spec.attr.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX | kBranchCounters;
  spec.attr.sample_regs_user = 0b1011;
  spec.attr.sample_regs_intr = 0b1;
  return spec;
}

SampleSpec full_sample() {
  SampleSpec s;
  s.ip = 0x401000;
  s.pid = 11;
  s.tid = 12;
  s.time = 1'000'000'007;
  s.addr = 0xadd4;
  s.stream_id = 5;
  s.cpu = 3;
  s.period = 250'000;
  s.read = {2, 100, 90, /* value, id, lost */ 7, 77, 0, 8, 78, 1};
  s.callchain = {kContextKernel, 0xffffffff81000000, kContextUser, 0x401000, 0x402000};
  s.raw = "rawrawrawraw";
  s.branches = {{1, 2, 3}, {4, 5, 6}};
  s.branch_hw_index = 9;
  s.branch_counters = {10, 11};
  s.user_abi = 2;
  s.user_registers = {21, 22, 23};
  s.user_stack = "0123456789abcdef";
  s.user_stack_copied = 8;
  s.weight = 31;
  s.data_src = 32;
  s.transaction = 33;
  s.interrupt_abi = 2;
  s.interrupt_registers = {41};
  s.phys_addr = 51;
  s.cgroup = 52;
  s.data_page_size = 4096;
  s.code_page_size = 8192;
  s.aux = "auxauxau";
  return s;
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<uint64_t> words(const U64View& view) {
  std::vector<uint64_t> out;
  for (size_t i = 0; i < view.size(); ++i) out.push_back(view[i]);
  return out;
}

}  // namespace

TEST_CASE("a sample with every field comes back whole in either byte order") {
  const bool swap = GENERATE(false, true);
  PerfDataBuilder builder;
  if (swap) builder.swapped();
  builder.attr(full_attr()).sample(full_sample());
  const auto data = builder.data();
  const auto records = split_records(data, swap);
  REQUIRE(records.size() == 1);
  const EventTable events = builder.events();
  SampleRecord s;
  REQUIRE(Decoder(events, swap).sample(records[0], s));

  CHECK(s.event == 0);
  CHECK(s.cpu_mode() == CpuMode::User);
  CHECK(s.id == 77);
  CHECK(s.ip == 0x401000);
  CHECK(s.pid == 11);
  CHECK(s.tid == 12);
  CHECK(s.time == 1'000'000'007);
  CHECK(s.addr == 0xadd4);
  CHECK(s.stream_id == 5);
  CHECK(s.cpu == 3);
  CHECK(s.period == 250'000);
  CHECK(words(U64View(s.read, swap)) == full_sample().read);
  CHECK(words(s.callchain) == full_sample().callchain);
  CHECK(text(s.raw) == "rawrawrawraw");  // as it was written: only its reader knows its fields
  CHECK(words(U64View(s.branch_stack, swap)) == std::vector<uint64_t>{1, 2, 3, 4, 5, 6});
  CHECK(s.branch_hw_index == 9);
  CHECK(words(U64View(s.branch_counters, swap)) == std::vector<uint64_t>{10, 11});
  CHECK(s.user_abi == 2);
  CHECK(words(s.user_registers) == std::vector<uint64_t>{21, 22, 23});
  CHECK(text(s.user_stack) == "01234567");  // dyn_size of 8
  CHECK(s.weight == 31);
  CHECK(s.data_src == 32);
  CHECK(s.transaction == 33);
  CHECK(s.interrupt_abi == 2);
  CHECK(words(s.interrupt_registers) == std::vector<uint64_t>{41});
  CHECK(s.phys_addr == 51);
  CHECK(s.cgroup == 52);
  CHECK(s.data_page_size == 4096);
  CHECK(s.code_page_size == 8192);
  CHECK(text(s.aux) == "auxauxau");
}

TEST_CASE("a sample cut at any byte is refused") {
  PerfDataBuilder builder;
  builder.attr(full_attr()).sample(full_sample());
  const auto data = builder.data();
  RecordView view = split_records(data, false).at(0);
  const EventTable events = builder.events();
  const Decoder decoder(events, false);
  for (size_t size = 0; size < view.payload.size(); ++size) {
    const std::vector<std::byte> cut(view.payload.begin(),
                                     view.payload.begin() + static_cast<long>(size));
    RecordView short_view = view;
    short_view.payload = cut;
    SampleRecord sample;
    CHECK_FALSE(decoder.sample(short_view, sample));
    CHECK_FALSE(decoder.decode(short_view));
  }
}

TEST_CASE("registers and stack of a thread without user state take no bytes") {
  PerfDataBuilder builder;
  SampleSpec spec = full_sample();
  spec.user_abi = spec.interrupt_abi = 0;
  spec.user_stack.clear();
  builder.attr(full_attr()).sample(spec);
  const auto data = builder.data();
  const EventTable events = builder.events();
  SampleRecord s;
  REQUIRE(Decoder(events, false).sample(split_records(data, false).at(0), s));
  CHECK(s.user_registers.empty());
  CHECK(s.interrupt_registers.empty());
  CHECK(s.user_stack.empty());
  CHECK(s.weight == 31);
  CHECK(text(s.aux) == "auxauxau");
}

TEST_CASE("a read without groups has one value") {
  PerfDataBuilder builder;
  AttrSpec attr;
  attr.attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN;
  attr.attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_ID;
  SampleSpec spec;
  spec.read = {5, 6, 7};
  spec.callchain = {0x123};
  builder.attr(attr).sample(spec);
  const auto data = builder.data();
  const EventTable events = builder.events();
  SampleRecord s;
  REQUIRE(Decoder(events, false).sample(split_records(data, false).at(0), s));
  CHECK(words(U64View(s.read, false)) == spec.read);
  CHECK(words(s.callchain) == std::vector<uint64_t>{0x123});
}

TEST_CASE("counts that do not fit the record are refused without reading past it") {
  AttrSpec attr;
  attr.attr.sample_type = GENERATE(uint64_t{PERF_SAMPLE_CALLCHAIN}, uint64_t{PERF_SAMPLE_RAW},
                                   uint64_t{PERF_SAMPLE_BRANCH_STACK}, uint64_t{PERF_SAMPLE_READ},
                                   uint64_t{PERF_SAMPLE_STACK_USER}, uint64_t{PERF_SAMPLE_AUX});
  attr.attr.read_format = PERF_FORMAT_GROUP;
  const uint64_t count = GENERATE(uint64_t{3}, (uint64_t{1} << 61) + 99, UINT64_MAX);
  PerfDataBuilder builder;
  builder.attr(attr);
  builder.record(kRecordSample, 0, builder.body().u64(count).u64(0).view());
  const bool fits = count == 3 && (attr.attr.sample_type & (PERF_SAMPLE_RAW | PERF_SAMPLE_AUX));
  const auto data = builder.data();
  const EventTable events = builder.events();
  SampleRecord s;
  CHECK(Decoder(events, false).sample(split_records(data, false).at(0), s) == fits);
}

TEST_CASE("samples of several events go to the owner of their id") {
  const bool identifier = GENERATE(true, false);
  AttrSpec first;
  AttrSpec second;
  const uint64_t id_bit = identifier ? PERF_SAMPLE_IDENTIFIER : PERF_SAMPLE_ID;
  first.attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | id_bit;
  second.attr.sample_type = first.attr.sample_type | PERF_SAMPLE_CALLCHAIN;
  first.ids = {100, 101};
  second.ids = {200};
  SampleSpec a;
  a.time = 5;
  a.id = 101;
  SampleSpec b;
  b.event = 1;
  b.time = 6;
  b.callchain = {1, 2};
  SampleSpec stray;
  stray.id = 999;
  PerfDataBuilder builder;
  builder.attr(first).attr(second).sample(a).sample(b).sample(stray);
  const auto data = builder.data();
  const auto records = split_records(data, false);
  const EventTable events = builder.events();
  const Decoder decoder(events, false);
  SampleRecord s;
  REQUIRE(decoder.sample(records[0], s));
  CHECK(s.event == 0);
  REQUIRE(decoder.sample(records[1], s));
  CHECK(s.event == 1);
  CHECK(s.callchain.size() == 2);
  CHECK(decoder.time_of(records[0]) == 5);
  CHECK(decoder.time_of(records[1]) == 6);
  CHECK_FALSE(decoder.sample(records[2], s));
  CHECK_FALSE(decoder.time_of(records[2]));
}

TEST_CASE("without a period field a sample counts the event's fixed period, else one") {
  AttrSpec attr;
  attr.attr.sample_type = PERF_SAMPLE_IP;
  attr.attr.freq = GENERATE(0, 1) & 1;
  attr.attr.sample_period = 1000;
  PerfDataBuilder builder;
  builder.attr(attr).sample({});
  const auto data = builder.data();
  const EventTable events = builder.events();
  SampleRecord s;
  REQUIRE(Decoder(events, false).sample(split_records(data, false).at(0), s));
  CHECK(s.period == (attr.attr.freq ? 1 : 1000));
}

TEST_CASE("a decoder without events refuses samples") {
  const EventTable none;
  PerfDataBuilder builder;
  builder.attr().sample({});
  const auto data = builder.data();
  const auto records = split_records(data, false);
  SampleRecord s;
  CHECK_FALSE(Decoder(none, false).sample(records[0], s));
  CHECK_FALSE(Decoder(none, false).decode(records[0]));
  CHECK_FALSE(Decoder(none, false).time_of(records[0]));
}
