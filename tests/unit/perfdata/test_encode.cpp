#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "perfdata/decode.h"
#include "perfdata/encode.h"
#include "perfdata/features.h"
#include "perfdata/record_walk.h"

using namespace prof;

namespace {

constexpr uint64_t kSampleType =
    PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

EventTable one_event() {
  EventAttr event;
  event.attr.size = kWrittenAttrSize;
  event.attr.sample_type = kSampleType;
  event.attr.sample_id_all = 1;
  event.ids = {7};
  EventTable events;
  events.add(event);
  return events;
}

/// Encodes with `build` and decodes what comes out; all of it must be whole records.
template <class Build>
std::vector<Record> round_trip(RecordEncoder& encoder, Build&& build) {
  static const EventTable events = one_event();
  build(encoder);
  std::vector<Record> records;
  size_t bytes = 0;
  for_each_record(encoder.view(),
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    CHECK(header.size % 8 == 0);
                    bytes += header.size;
                    auto record = Decoder(events, false).decode({header, payload, 0});
                    REQUIRE(record);
                    records.push_back(*record);
                  });
  CHECK(bytes == encoder.size());
  return records;
}

RecordEncoder encoder_for_events() {
  return RecordEncoder(sample_id_size(one_event()[0].attr));
}

}  // namespace

TEST_CASE("a synthesized COMM says who it is, at a time before everything") {
  auto encoder = encoder_for_events();
  const auto records =
      round_trip(encoder, [](auto& e) { e.comm(12, 13, "a name that is too long"); });
  REQUIRE(records.size() == 1);
  const auto& comm = std::get<CommRecord>(records[0]);
  CHECK(comm.pid == 12);
  CHECK(comm.tid == 13);
  CHECK(comm.comm == "a name that is ");  // TASK_COMM_LEN
  CHECK_FALSE(comm.exec);
  CHECK(comm.sample_id.time == 0);
}

TEST_CASE("a synthesized FORK keeps parents and children apart") {
  auto encoder = encoder_for_events();
  const auto records = round_trip(encoder, [](auto& e) { e.fork(2, 1, 4, 3); });
  const auto& fork = std::get<TaskRecord>(records.at(0));
  CHECK(fork.fork);
  CHECK(fork.pid == 2);
  CHECK(fork.parent_pid == 1);
  CHECK(fork.tid == 4);
  CHECK(fork.parent_tid == 3);
}

TEST_CASE("a synthesized MMAP2 carries a build id, or else device and inode") {
  Mmap2Fields fields;
  fields.pid = fields.tid = 99;
  fields.start = 0x1000;
  fields.length = 0x2000;
  fields.page_offset = 0x3000;
  fields.major = 254;
  fields.minor = 1;
  fields.inode = 4711;
  fields.protection = 5;
  fields.flags = 2;
  fields.filename = "/usr/bin/x";
  auto encoder = encoder_for_events();
  const auto records = round_trip(encoder, [&](auto& e) {
    e.mmap2(fields);
    fields.build_id.size = 3;
    fields.build_id.bytes[2] = std::byte{9};
    e.mmap2(fields);
  });
  REQUIRE(records.size() == 2);
  const auto& by_inode = std::get<MmapRecord>(records[0]);
  CHECK(by_inode.build_id.empty());
  CHECK(by_inode.inode == 4711);
  CHECK(by_inode.major == 254);
  const auto& by_id = std::get<MmapRecord>(records[1]);
  CHECK(by_id.build_id.hex() == "000009");
  for (const auto* mmap : {&by_inode, &by_id}) {
    CHECK(mmap->start == 0x1000);
    CHECK(mmap->length == 0x2000);
    CHECK(mmap->page_offset == 0x3000);
    CHECK(mmap->filename == "/usr/bin/x");
    CHECK(mmap->cpu_mode == CpuMode::User);
  }
}

TEST_CASE("names longer than any path are cut, so that a record always fits its size") {
  const std::string name(100000, 'x');
  Mmap2Fields fields;
  fields.filename = name;
  auto encoder = encoder_for_events();
  const auto records = round_trip(encoder, [&](auto& e) {
    e.mmap2(fields);
    e.ksymbol(1, 2, 1, name);
  });
  CHECK(std::get<MmapRecord>(records.at(0)).filename.size() == 4095);
  CHECK(std::get<KsymbolRecord>(records.at(1)).name.size() == 255);
}

TEST_CASE("an index of many ids goes over several records") {
  std::vector<IdIndexEntry> entries(5000);
  for (size_t i = 0; i < entries.size(); ++i) entries[i] = {i + 1, i, i % 8, UINT64_MAX};
  RecordEncoder encoder(0);
  const auto records = round_trip(encoder, [&](auto& e) { e.id_index(entries); });
  CHECK(records.size() == 3);
  uint64_t expected = 1;
  for (const Record& record : records) {
    const auto& index = std::get<IdIndexRecord>(record);
    for (size_t i = 0; i < index.entries.size(); i += 4) {
      CHECK(index.entries[i] == expected);
      CHECK(index.entries[i + 1] == expected - 1);
      CHECK(index.entries[i + 3] == UINT64_MAX);
      ++expected;
    }
  }
  CHECK(expected == 5001);
}

TEST_CASE("maps of threads and CPUs are read back") {
  RecordEncoder encoder(0);
  const std::vector<ThreadMapEntry> threads{{17, "a-name-longer-than-the-field"}, {UINT64_MAX, ""}};
  const std::vector<uint16_t> cpus{0, 2, 5};
  const auto records = round_trip(encoder, [&](auto& e) {
    e.thread_map(threads);
    e.cpu_map(cpus);
    e.finished_init();
    e.finished_round();
  });
  REQUIRE(records.size() == 4);
  ByteReader thread(std::get<ThreadMapRecord>(records[0]).entries);
  CHECK(thread.u64() == 17);
  CHECK(thread.fixed_string(16) == "a-name-longer-t");
  CHECK(thread.u64() == UINT64_MAX);
  ByteReader cpu(std::get<CpuMapRecord>(records[1]).data);
  CHECK(cpu.u16() == 3);
  CHECK(cpu.u16() == 0);
  CHECK(cpu.u16() == 2);
  CHECK(cpu.u16() == 5);
  CHECK(std::holds_alternative<FinishedInitRecord>(records[2]));
  CHECK(std::holds_alternative<FinishedRoundRecord>(records[3]));
}

TEST_CASE("every feature that is written is read back the same") {
  Features in;
  in.hostname = "host";
  in.os_release = std::string(64, 'r');  // as long as its padding: a NUL must still follow
  in.version = "prof 1";
  in.arch = "x86_64";
  in.cpu_desc = "A CPU";
  in.cpu_id = "Vendor,1,2,3";
  in.nr_cpus = {8, 4};
  in.total_mem_kb = 123456789;
  in.cmdline = {"prof", "record", "", "a b"};
  BuildIdEntry entry;
  entry.misc = 2;
  entry.build_id = BuildId::from(std::vector<std::byte>(20, std::byte{0xcd}));
  entry.filename = "/lib/x.so";
  in.build_ids = {entry, entry};
  in.build_ids[1].build_id = BuildId::from(std::vector<std::byte>(8, std::byte{1}));
  in.event_desc = {one_event()[0]};
  in.event_desc[0].name = "cpu-clock:u";
  in.cpu_topology = CpuTopology{{"0-3"}, {"0-1", "2-3"}, {"0-3"}, {{0, 0, 0}, {1, 0, 0}}};
  in.numa = {{0, 100, 50, "0-3"}};
  in.pmu_mappings = {{1, "software"}, {4, "cpu"}};
  in.groups = {{"{a,b}", 0, 2}};
  in.sample_time = {5, 10};
  in.clock_resolution_ns = 1;
  in.clock_data = ClockData{1, 77, 88};
  in.compression = CompressionInfo{1, 1, 3, 9, 524288};
  in.has_branch_stack = true;

  Features out;
  out.nr_cpus = {2, 2};  // as the topology's decoder needs it first
  std::vector<uint32_t> written;
  for (uint32_t bit = 0; bit < kFeatureBits; ++bit) {
    const auto payload = encode_feature(bit, in);
    if (!payload || bit == kFeatureNrCpus || bit == kFeatureCpuTopology) continue;
    written.push_back(bit);
    INFO(bit);
    REQUIRE(decode_feature(bit, ByteReader(*payload), out));
  }
  CHECK(written ==
        std::vector<uint32_t>{2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16, 17, 21, 23, 27, 29});
  CHECK(out.hostname == in.hostname);
  CHECK(out.os_release == in.os_release);
  CHECK(out.version == in.version);
  CHECK(out.arch == in.arch);
  CHECK(out.cpu_desc == in.cpu_desc);
  CHECK(out.cpu_id == in.cpu_id);
  CHECK(out.total_mem_kb == in.total_mem_kb);
  CHECK(out.cmdline == in.cmdline);
  REQUIRE(out.build_ids.size() == 2);
  CHECK(out.build_ids[0].build_id == in.build_ids[0].build_id);
  CHECK(out.build_ids[0].filename == "/lib/x.so");
  CHECK(out.build_ids[1].build_id == in.build_ids[1].build_id);
  REQUIRE(out.event_desc.size() == 1);
  CHECK(out.event_desc[0].name == "cpu-clock:u");
  CHECK(out.event_desc[0].ids == std::vector<uint64_t>{7});
  CHECK(out.event_desc[0].attr.sample_type == kSampleType);
  REQUIRE(out.numa.size() == 1);
  CHECK(out.numa[0].cpus == "0-3");
  CHECK(out.pmu_mappings == in.pmu_mappings);
  REQUIRE(out.groups.size() == 1);
  CHECK(out.groups[0].members == 2);
  CHECK(out.sample_time == in.sample_time);
  CHECK(out.clock_resolution_ns == in.clock_resolution_ns);
  REQUIRE(out.clock_data);
  CHECK(out.clock_data->wall_ns == 77);
  CHECK(out.has_branch_stack);
  REQUIRE(out.compression);
  CHECK(out.compression->mmap_length == 524288);
}

TEST_CASE("CPU counts are written available first, as perf does against its own documentation") {
  Features in;
  in.nr_cpus = {8, 4};
  const auto payload = encode_feature(kFeatureNrCpus, in);
  REQUIRE(payload);
  ByteReader reader(*payload);
  CHECK(reader.u32() == 8);
  CHECK(reader.u32() == 4);
}

TEST_CASE("features that are not there are not written") {
  for (uint32_t bit = 0; bit < kFeatureBits; ++bit) CHECK_FALSE(encode_feature(bit, Features{}));
}
