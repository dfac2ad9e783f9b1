#include <catch2/catch.hpp>

#include "perfdata/decode.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::EndianWriter;
using prof::test::MmapSpec;
using prof::test::PerfDataBuilder;
using prof::test::split_records;
using prof::test::When;

namespace {

const When kWhen{11, 12, 9'000'000'001, 2, 0};

/// A builder with one event whose sample_id has all six fields.
PerfDataBuilder builder_of(bool swap) {
  PerfDataBuilder builder;
  if (swap) builder.swapped();
  AttrSpec attr;
  attr.attr.sample_type |= PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID;
  attr.ids = {42};
  return builder.attr(attr);
}

template <class T>
T decoded(PerfDataBuilder& builder) {
  static std::vector<std::byte> data;  // that the record has views of, until the next call
  data = builder.data();
  const auto records = split_records(data, builder.is_swapped());
  REQUIRE(records.size() == 1);
  const EventTable events = builder.events();
  const Decoder decoder(events, builder.is_swapped());
  auto record = decoder.decode(records[0]);
  REQUIRE(record);
  REQUIRE(std::holds_alternative<T>(*record));
  if constexpr (requires(T t) { t.sample_id; }) {
    const SampleId& id = std::get<T>(*record).sample_id;
    CHECK(id.pid == kWhen.pid);
    CHECK(id.tid == kWhen.tid);
    CHECK(id.time == kWhen.time);
    CHECK(id.cpu == kWhen.cpu);
    CHECK(id.id == 42);
    CHECK(id.stream_id == 42);
    CHECK(decoder.time_of(records[0]) == kWhen.time);
  } else {
    CHECK_FALSE(decoder.time_of(records[0]));
  }
  return std::get<T>(*record);
}

MmapSpec libc_mapping() {
  MmapSpec spec;
  spec.pid = 11;
  spec.tid = 12;
  spec.start = 0x7f0000000000;
  spec.length = 0x1000;
  spec.page_offset = 0x28000;
  spec.major = 8;
  spec.minor = 1;
  spec.inode = 123456;
  spec.generation = 7;
  spec.filename = "/usr/lib/libc.so.6";
  spec.when = kWhen;
  return spec;
}

}  // namespace

TEST_CASE("mappings come back in either byte order") {
  const bool swap = GENERATE(false, true);
  SECTION("MMAP") {
    auto builder = builder_of(swap);
    auto spec = libc_mapping();
    spec.misc = PERF_RECORD_MISC_USER | kMiscMmapData;
    builder.mmap(spec);
    const auto mmap = decoded<MmapRecord>(builder);
    CHECK_FALSE(mmap.version2);
    CHECK(mmap.data);
    CHECK(mmap.start == spec.start);
    CHECK(mmap.length == spec.length);
    CHECK(mmap.page_offset == spec.page_offset);
  }
  SECTION("MMAP2") {
    auto builder = builder_of(swap);
    const auto spec = libc_mapping();
    builder.mmap2(spec);
    const auto mmap = decoded<MmapRecord>(builder);
    CHECK(mmap.version2);
    CHECK_FALSE(mmap.data);
    CHECK(mmap.cpu_mode == CpuMode::User);
    CHECK(mmap.pid == 11);
    CHECK(mmap.tid == 12);
    CHECK(mmap.major == 8);
    CHECK(mmap.minor == 1);
    CHECK(mmap.inode == 123456);
    CHECK(mmap.inode_generation == 7);
    CHECK(mmap.build_id.empty());
    CHECK(mmap.protection == 5);
    CHECK(mmap.flags == 2);
  }
}

TEST_CASE("a mapping's build id takes the place of the inode, at its true length") {
  auto builder = builder_of(GENERATE(false, true));
  auto spec = libc_mapping();
  spec.build_id = {std::byte{0xab}, std::byte{0xcd}, std::byte{0xef}};
  builder.mmap2(spec);
  const auto mmap = decoded<MmapRecord>(builder);
  CHECK(mmap.build_id.hex() == "abcdef");
  CHECK(mmap.inode == 0);
  CHECK(mmap.protection == 5);
}

TEST_CASE("a file's numbers under the bit of build ids are no build id") {
  // The kernel leaves the bit to who records beside a recording with build ids.
  auto builder = builder_of(GENERATE(false, true));
  auto spec = libc_mapping();
  spec.misc |= kMiscMmapBuildId;
  SECTION("a disk of major 8, whose number looks like a size") {
    spec.major = 8;
    spec.generation = GENERATE(0u, 7u);
  }
  SECTION("a disk of major 254, more than any size") {
    spec.major = 254;
  }
  SECTION("a disk of major 259, which fills what is reserved") {
    spec.major = 259;
  }
  SECTION("no disk") {
    spec.major = 0;
  }
  const uint32_t major = spec.major;
  builder.mmap2(spec);
  const auto mmap = decoded<MmapRecord>(builder);
  CHECK(mmap.build_id.empty());
  CHECK(mmap.major == major);
  CHECK(mmap.inode == 123456);
  CHECK(mmap.protection == 5);
}

TEST_CASE("a mapping's name ends before the sample_id") {
  auto builder = builder_of(false);
  builder.mmap2(libc_mapping());
  const auto data = builder.data();
  const EventTable events = builder.events();
  const auto record = Decoder(events, false).decode(split_records(data, false).at(0));
  REQUIRE(record);
  CHECK(std::get<MmapRecord>(*record).filename == "/usr/lib/libc.so.6");
}

TEST_CASE("names of threads come back, and whether they are from execve") {
  auto builder = builder_of(GENERATE(false, true));
  const bool exec = GENERATE(false, true);
  builder.comm(11, 12, "eightlet", exec, kWhen);
  const auto comm = decoded<CommRecord>(builder);
  CHECK(comm.pid == 11);
  CHECK(comm.tid == 12);
  CHECK(comm.exec == exec);
}

TEST_CASE("fork and exit are told apart and have a time of their own") {
  auto builder = builder_of(GENERATE(false, true));
  const bool fork = GENERATE(false, true);
  if (fork) {
    builder.fork(21, 11, 22, 12, kWhen);
  } else {
    builder.exit(21, 22, kWhen);
  }
  const auto task = decoded<TaskRecord>(builder);
  CHECK(task.fork == fork);
  CHECK(task.pid == 21);
  CHECK(task.tid == 22);
  CHECK(task.parent_pid == (fork ? 11 : 21));
  CHECK(task.parent_tid == (fork ? 12 : 22));
  CHECK(task.time == kWhen.time);
}

TEST_CASE("losses come back, and samples a filter dropped are no loss") {
  const bool swap = GENERATE(false, true);
  SECTION("LOST") {
    auto builder = builder_of(swap);
    builder.lost(42, 1000, kWhen);
    const auto lost = decoded<LostRecord>(builder);
    CHECK(lost.id == 42);
    CHECK(lost.lost == 1000);
  }
  SECTION("LOST_SAMPLES") {
    auto builder = builder_of(swap);
    const bool by_filter = GENERATE(false, true);
    builder.lost_samples(5, by_filter, kWhen);
    const auto lost = decoded<LostSamplesRecord>(builder);
    CHECK(lost.lost == 5);
    CHECK(lost.by_filter == by_filter);
  }
  SECTION("THROTTLE") {
    auto builder = builder_of(swap);
    const bool on = GENERATE(false, true);
    builder.throttle(on, kWhen);
    const auto throttle = decoded<ThrottleRecord>(builder);
    CHECK(throttle.throttled == on);
    CHECK(throttle.time == kWhen.time);
    CHECK(throttle.id == 42);
  }
}

TEST_CASE("the rarer kernel records come back in either byte order") {
  auto builder = builder_of(GENERATE(false, true));
  EndianWriter body = builder.body();
  SECTION("READ") {
    builder.record(kRecordRead, 0, body.u32(1).u32(2).u64(3).view(), kWhen);
    const auto read = decoded<ReadRecord>(builder);
    CHECK(read.pid == 1);
    CHECK(read.tid == 2);
    CHECK(read.values.size() == 8);
  }
  SECTION("SWITCH") {
    builder.record(kRecordSwitch, kMiscSwitchOut | kMiscSwitchOutPreempt, {}, kWhen);
    const auto change = decoded<SwitchRecord>(builder);
    CHECK(change.out);
    CHECK(change.preempted);
    CHECK_FALSE(change.cpu_wide);
  }
  SECTION("SWITCH_CPU_WIDE") {
    builder.record(kRecordSwitchCpuWide, 0, body.u32(5).u32(6).view(), kWhen);
    const auto change = decoded<SwitchRecord>(builder);
    CHECK_FALSE(change.out);
    CHECK(change.cpu_wide);
    CHECK(change.next_prev_pid == 5);
    CHECK(change.next_prev_tid == 6);
  }
  SECTION("NAMESPACES") {
    body.u32(1).u32(2).u64(2).words({10, 11, 20, 21});
    builder.record(kRecordNamespaces, 0, body.view(), kWhen);
    CHECK(decoded<NamespacesRecord>(builder).dev_inode_pairs.size() == 4);
  }
  SECTION("KSYMBOL") {
    builder.ksymbol(0xffffffffc0000000, 0x40, "bpf_prog_6deef7357e7b4530", kWhen);
    const auto symbol = decoded<KsymbolRecord>(builder);
    CHECK(symbol.addr == 0xffffffffc0000000);
    CHECK(symbol.length == 0x40);
    CHECK(symbol.type == 1);
    CHECK(symbol.flags == 0);
  }
  SECTION("TEXT_POKE") {
    body.u64(0xffffffff81000123).u16(2).u16(3).text("abcde").zeros(3);
    builder.record(kRecordTextPoke, 1, body.view(), kWhen);
    const auto poke = decoded<TextPokeRecord>(builder);
    CHECK(poke.addr == 0xffffffff81000123);
    CHECK(poke.old_bytes.size() == 2);
    REQUIRE(poke.new_bytes.size() == 3);
    CHECK(poke.new_bytes[2] == std::byte{'e'});
  }
  SECTION("BPF_EVENT") {
    body.u16(1).u16(0).u32(31).text("tagtagta");
    builder.record(kRecordBpfEvent, 0, body.view(), kWhen);
    const auto event = decoded<BpfEventRecord>(builder);
    CHECK(event.type == 1);
    CHECK(event.id == 31);
    CHECK(event.tag[7] == std::byte{'a'});
  }
  SECTION("CGROUP") {
    builder.record(kRecordCgroup, 0, body.u64(9).name("/user.slice").view(), kWhen);
    CHECK(decoded<CgroupRecord>(builder).id == 9);
  }
  SECTION("AUX") {
    builder.record(kRecordAux, 0, body.u64(1).u64(2).u64(1).view(), kWhen);
    const auto aux = decoded<AuxRecord>(builder);
    CHECK(aux.size == 2);
    CHECK(aux.flags == 1);
  }
}

TEST_CASE("records of the recorder have no sample_id") {
  auto builder = builder_of(GENERATE(false, true));
  EndianWriter body = builder.body();
  SECTION("BUILD_ID") {
    body.u32(static_cast<uint32_t>(-1)).text("01234567890123456789").u8(16).zeros(3);
    body.name("/bin/true");
    const bool sized = GENERATE(false, true);
    builder.record(kRecordHeaderBuildId, sized ? kMiscBuildIdSize | 2 : 2, body.view());
    const auto id = decoded<BuildIdRecord>(builder);
    CHECK(id.pid == -1);
    CHECK(id.build_id.size == (sized ? 16 : 20));
  }
  SECTION("ID_INDEX") {
    builder.record(kRecordIdIndex, 0, body.u64(1).words({42, 0, 1, 2}).view());
    const auto index = decoded<IdIndexRecord>(builder);
    CHECK(index.entries.size() == 4);
    CHECK(index.guests.empty());
  }
  SECTION("ID_INDEX with virtual machines") {
    builder.record(kRecordIdIndex, 0, body.u64(1).words({42, 0, 1, 2, 4711, 3}).view());
    const auto index = decoded<IdIndexRecord>(builder);
    CHECK(index.entries.size() == 4);
    REQUIRE(index.guests.size() == 2);
    CHECK(index.guests[0] == 4711);
    CHECK(index.guests[1] == 3);
  }
  SECTION("THREAD_MAP") {
    builder.record(kRecordThreadMap, 0, body.u64(1).u64(7).name("fifteen letters").view());
    CHECK(decoded<ThreadMapRecord>(builder).entries.size() == 24);
  }
  SECTION("CPU_MAP") {
    builder.record(kRecordCpuMap, 0, body.u16(2).u8(0).u8(0).u16(0).u16(7).view());
    const auto map = decoded<CpuMapRecord>(builder);
    CHECK(map.type == 2);
    CHECK(map.data.size() == 6);
  }
  SECTION("EVENT_UPDATE") {
    builder.record(kRecordEventUpdate, 0, body.u64(2).u64(42).name("cycles").view());
    const auto update = decoded<EventUpdateRecord>(builder);
    CHECK(update.type == 2);
    CHECK(update.id == 42);
    CHECK(update.data.size() == 8);
  }
  SECTION("marks of the stream") {
    builder.round();
    decoded<FinishedRoundRecord>(builder);
  }
  SECTION("end of the synthesized part") {
    builder.record(kRecordFinishedInit, 0, {});
    decoded<FinishedInitRecord>(builder);
  }
  SECTION("types prof has no use for, and types nobody knows") {
    const uint32_t type = GENERATE(uint32_t{kRecordAuxtrace}, uint32_t{kRecordTimeConv}, 4711u);
    builder.record(type, 0, body.u64(1).view());
    CHECK(decoded<UnknownRecord>(builder).type == type);
  }
}

TEST_CASE("an unknown record of the kernel is skipped, whatever its size") {
  auto builder = builder_of(false);
  builder.record(50, 0, builder.body().u64(1).view(), kWhen);
  const auto data = builder.data();
  const auto view = split_records(data, false).at(0);
  const EventTable events = builder.events();
  const Decoder decoder(events, false);
  CHECK(std::get<UnknownRecord>(*decoder.decode(view)).type == 50);
  CHECK(decoder.time_of(view) == kWhen.time);
}

TEST_CASE("every record cut at any byte is an error that names type and offset") {
  const bool swap = GENERATE(false, true);
  auto builder = builder_of(swap);
  builder.mmap(libc_mapping()).mmap2(libc_mapping()).comm(1, 2, "sh", false, kWhen);
  builder.fork(3, 1, 3, 1, kWhen).exit(3, 3, kWhen).lost(1, 2, kWhen).lost_samples(3, false, kWhen);
  builder.throttle(true, kWhen).ksymbol(1, 2, "k", kWhen);
  builder.record(kRecordSwitchCpuWide, 0, builder.body().u64(0).view(), kWhen);
  builder.record(kRecordNamespaces, 0, builder.body().u64(0).words({1, 2, 3}).view(), kWhen);
  builder.record(kRecordBpfEvent, 0, builder.body().u64(0).u64(1).view(), kWhen);
  builder.record(kRecordCgroup, 0, builder.body().u64(0).name("/").view(), kWhen);
  builder.record(kRecordAux, 0, builder.body().words({1, 2, 3}).view(), kWhen);
  builder.record(kRecordRead, 0, builder.body().u64(0).view(), kWhen);
  builder.record(kRecordIdIndex, 0, builder.body().words({1, 1, 2, 3, 4}).view());
  builder.record(kRecordThreadMap, 0, builder.body().words({1, 1, 2, 3}).view());
  const auto data = builder.data();
  const EventTable events = builder.events();
  const Decoder decoder(events, swap);
  const size_t trailing = sample_id_size(events[0].attr);
  for (const RecordView& view : split_records(data, swap)) {
    const char* name = record_type_name(view.header.type);
    REQUIRE(name);
    CHECK(decoder.decode(view));
    const bool tool = view.header.type >= kRecordHeaderAttr;
    const size_t names_from = view.header.type == kRecordMmap    ? 32
                              : view.header.type == kRecordMmap2 ? 64
                              : view.header.type == kRecordComm ||
                                      view.header.type == kRecordCgroup ||
                                      view.header.type == kRecordRead
                                  ? 8
                              : view.header.type == kRecordKsymbol ? 16
                                                                   : SIZE_MAX;
    for (size_t size = 0; size < view.payload.size(); ++size) {
      const std::vector<std::byte> cut(view.payload.begin(),
                                       view.payload.begin() + static_cast<long>(size));
      RecordView short_view = view;
      short_view.payload = cut;
      (void)decoder.time_of(short_view);
      const auto record = decoder.decode(short_view);
      // What is left of a cut record is taken for its sample_id, so only its fixed part can miss.
      const size_t needed = names_from != SIZE_MAX ? names_from + trailing : view.payload.size();
      if (size < needed || tool) {
        REQUIRE_FALSE(record);
        CHECK(record.error().message.find(name) != std::string::npos);
        CHECK(record.error().message.find("offset " + std::to_string(view.offset)) !=
              std::string::npos);
      } else {
        CHECK(record);
      }
    }
  }
}

TEST_CASE("counts of arrays that do not fit are errors") {
  auto builder = builder_of(false);
  const uint64_t count = GENERATE(uint64_t{2}, uint64_t{1} << 59, UINT64_MAX);
  const uint32_t type = GENERATE(uint32_t{kRecordIdIndex}, uint32_t{kRecordThreadMap});
  builder.record(type, 0, builder.body().words({count, 1, 2, 3, 4}).view());
  const auto data = builder.data();
  const EventTable events = builder.events();
  CHECK_FALSE(Decoder(events, false).decode(split_records(data, false).at(0)));
}

TEST_CASE("without sample_id_all only records with a time of their own have one") {
  PerfDataBuilder builder;
  AttrSpec attr;
  attr.attr.sample_id_all = 0;
  builder.attr(attr).fork(2, 1, 2, 1, kWhen).throttle(true, kWhen).comm(1, 1, "sh", false, kWhen);
  const auto data = builder.data();
  const auto records = split_records(data, false);
  const EventTable events = builder.events();
  const Decoder decoder(events, false);
  CHECK(decoder.time_of(records[0]) == kWhen.time);
  CHECK(decoder.time_of(records[1]) == kWhen.time);
  CHECK_FALSE(decoder.time_of(records[2]));
  CHECK(std::get<CommRecord>(*decoder.decode(records[2])).sample_id.time == 0);
}

TEST_CASE("the id at a record's end tells whose sample_id it is") {
  AttrSpec first;
  first.ids = {1};
  AttrSpec second;
  second.ids = {2};
  // IDENTIFIER is last, so it is found although the layouts before it differ.
  second.attr.sample_type &= ~uint64_t{PERF_SAMPLE_CPU};
  PerfDataBuilder builder;
  When when = kWhen;
  when.event = 1;
  builder.attr(first).attr(second).comm(1, 1, "sh", false, when);
  const auto data = builder.data();
  const auto view = split_records(data, false).at(0);
  const EventTable events = builder.events();
  const Decoder decoder(events, false);
  CHECK(decoder.time_of(view) == kWhen.time);
  const auto comm = std::get<CommRecord>(*decoder.decode(view));
  CHECK(comm.comm == "sh");
  CHECK(comm.sample_id.id == 2);
}

TEST_CASE("a decoder without events still reads records that need none") {
  const EventTable none;
  PerfDataBuilder builder;
  builder.comm(1, 2, "sh");
  const auto data = builder.data();
  const auto record = Decoder(none, false).decode(split_records(data, false).at(0));
  REQUIRE(record);
  CHECK(std::get<CommRecord>(*record).comm == "sh");
}
