#include <catch2/catch.hpp>

#include "perfdata/record_walk.h"
#include "record/stack_trimmer.h"
#include "support/perf_data_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

AttrSpec dwarf_attr() {
  AttrSpec spec;
  spec.attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT;
  spec.attr.sample_regs_user = 0x3;
  spec.attr.sample_stack_user = 64;
  return spec;
}

SampleSpec sample_with(size_t reserved, uint64_t filled) {
  SampleSpec sample;
  sample.pid = sample.tid = 7;
  sample.callchain = {kContextKernel, 1, 2};
  sample.user_abi = PERF_SAMPLE_REGS_ABI_64;
  sample.user_registers = {11, 12};
  for (size_t i = 0; i < reserved; ++i) sample.user_stack += static_cast<char>('a' + i % 26);
  sample.user_stack_copied = filled;
  sample.weight = 99;
  return sample;
}

struct Trimmed {
  std::vector<SampleRecord> samples;
  std::vector<std::byte> records;
  uint64_t shortened;
  size_t others = 0;
};

Trimmed trim(PerfDataBuilder& builder, uint64_t limit = UINT64_MAX) {
  const EventTable events = builder.events();
  Trimmed result;
  result.records = builder.data();
  StackTrimmer trimmer(events.all());
  trimmer.trim(result.records, limit);
  result.shortened = trimmer.shortened();
  const Decoder decoder(events, false);
  size_t walked = 0;
  for_each_record(result.records, [&](const perf_event_header& header, auto payload) {
    walked += header.size;
    CHECK(header.size % 8 == 0);
    if (header.type != kRecordSample) {
      ++result.others;
      return;
    }
    SampleRecord sample;
    CHECK(decoder.sample({header, payload}, sample));
    CHECK(sample.weight == 99);
    CHECK(sample.callchain.size() == 3);
    CHECK((!sample.user_registers.empty() && sample.user_registers[1] == 12));
    result.samples.push_back(sample);
  });
  CHECK(walked == result.records.size());
  return result;
}

std::string stack_of(const SampleRecord& sample) {
  return {reinterpret_cast<const char*>(sample.user_stack.data()), sample.user_stack.size()};
}

}  // namespace

TEST_CASE("what the kernel did not fill is cut, all else stays") {
  PerfDataBuilder builder;
  builder.attr(dwarf_attr());
  builder.comm(7, 7, "before").sample(sample_with(64, 64)).sample(sample_with(64, 20));
  builder.comm(7, 7, "between").sample(sample_with(0, 0)).sample(sample_with(64, 0));
  builder.sample(sample_with(64, 7)).comm(7, 7, "after");
  const size_t before = builder.data().size();
  const Trimmed trimmed = trim(builder);
  CHECK(trimmed.others == 3);
  REQUIRE(trimmed.samples.size() == 5);
  const std::string letters = sample_with(64, 64).user_stack;
  CHECK(stack_of(trimmed.samples[0]) == letters);
  CHECK(stack_of(trimmed.samples[1]) == letters.substr(0, 20));
  CHECK(stack_of(trimmed.samples[2]).empty());
  CHECK(stack_of(trimmed.samples[3]).empty());
  CHECK(stack_of(trimmed.samples[4]) == letters.substr(0, 7));
  CHECK(trimmed.records.size() == before - 40 - 56 - 56);
  CHECK(trimmed.shortened == 0);
}

TEST_CASE("a limit shortens copies, leaf first, and says how many") {
  PerfDataBuilder builder;
  builder.attr(dwarf_attr());
  builder.sample(sample_with(64, 64)).sample(sample_with(64, 16)).sample(sample_with(64, 10));
  const Trimmed trimmed = trim(builder, 16);
  REQUIRE(trimmed.samples.size() == 3);
  const std::string letters = sample_with(64, 64).user_stack;
  CHECK(stack_of(trimmed.samples[0]) == letters.substr(0, 16));
  CHECK(stack_of(trimmed.samples[1]) == letters.substr(0, 16));
  CHECK(stack_of(trimmed.samples[2]) == letters.substr(0, 10));
  CHECK(trimmed.shortened == 1);
}

TEST_CASE("records without copies are left alone") {
  PerfDataBuilder builder;
  builder.attr();
  SampleSpec sample;
  sample.callchain = {1, 2, 3};
  builder.comm(1, 1, "x").sample(sample);
  auto records = builder.data();
  const auto before = records;
  StackTrimmer trimmer(builder.events().all());
  trimmer.trim(records, 8);
  CHECK(records == before);
}
