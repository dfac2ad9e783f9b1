#include <catch2/catch.hpp>

#include "common/byte_writer.h"
#include "perfdata/encode.h"
#include "record/tally.h"

using namespace prof;

namespace {

perf_event_attr attr_with_identifier() {
  perf_event_attr attr{};
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  return attr;
}

void sample(ByteWriter& out, uint64_t time) {
  out.u32(kRecordSample).u16(2).u16(40).u64(1).u64(0x1000).u64(0).u64(time);
}

void mapping(RecordEncoder& out, std::string_view name, std::string_view id,
             CpuMode mode = CpuMode::User) {
  Mmap2Fields fields;
  fields.cpu_mode = mode;
  fields.build_id = BuildId::from(std::as_bytes(std::span(id)));
  fields.filename = name;
  out.mmap2(fields);
}

}  // namespace

TEST_CASE("samples are counted, and their times found behind what precedes them") {
  ByteWriter out;
  for (uint64_t time : {50u, 20u, 90u}) sample(out, time);
  Tally tally(attr_with_identifier());
  CHECK(tally.sample_time() == std::pair<uint64_t, uint64_t>{0, 0});
  tally.observe(out.view());
  CHECK(tally.samples() == 3);
  CHECK(tally.sample_time() == std::pair<uint64_t, uint64_t>{20, 90});
}

TEST_CASE("losses and throttling are counted") {
  ByteWriter out;
  out.u32(kRecordLost).u16(0).u16(24).u64(1).u64(17);
  out.u32(kRecordLost).u16(0).u16(24).u64(1).u64(3);
  out.u32(kRecordThrottle).u16(0).u16(32).u64(1).u64(2).u64(3);
  Tally tally(attr_with_identifier());
  tally.observe(out.view());
  CHECK(tally.lost() == 20);
  CHECK(tally.throttled() == 1);
}

TEST_CASE("each mapped file's build id is listed once, under the name that readers look for") {
  RecordEncoder out(0);
  mapping(out, "/usr/bin/b", "22");
  mapping(out, "/usr/bin/a", "11");
  mapping(out, "/usr/bin/b", "22");
  mapping(out, "[kernel.kallsyms]_text", "kk", CpuMode::Kernel);
  mapping(out, "/no/id", "");
  Tally tally(attr_with_identifier());
  tally.observe(out.view());
  const auto ids = tally.build_ids();
  REQUIRE(ids.size() == 3);
  CHECK(ids[0].filename == "/usr/bin/a");
  CHECK(ids[0].misc == 2);
  CHECK(ids[1].filename == "/usr/bin/b");
  CHECK(ids[2].filename == "[kernel.kallsyms]");
  CHECK(ids[2].misc == 1);
}

TEST_CASE("build ids that the kernel left out are read from the files") {
  RecordEncoder out(0);
  mapping(out, "/proc/self/exe", "");
  mapping(out, "/no/such/file", "");
  mapping(out, "//anon", "");
  Tally tally(attr_with_identifier());
  tally.observe(out.view());
  CHECK(tally.build_ids().empty());
  tally.read_missing_build_ids();
  const auto ids = tally.build_ids();
  REQUIRE(ids.size() == 1);
  CHECK(ids[0].filename == "/proc/self/exe");
}
