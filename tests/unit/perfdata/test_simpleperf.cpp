#include <catch2/catch.hpp>

#include "perfdata/cursor.h"
#include "perfdata/simpleperf.h"
#include "support/open_bytes.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::EndianWriter;
using prof::test::open_bytes;
using prof::test::PerfDataBuilder;
using prof::test::SampleSpec;

namespace {

using Kind = SimpleperfFile::Kind;

EndianWriter c_string(EndianWriter out, std::string_view text) {
  out.text(text).zeros(1);
  return out;
}

/// An entry of FILE with one symbol.
std::vector<std::byte> file_entry(bool swap, Kind kind, std::span<const std::byte> tail) {
  EndianWriter entry = c_string(EndianWriter(swap), "/system/lib64/libc.so");
  entry.u32(static_cast<uint32_t>(kind)).u64(0x3c000).u32(1).u64(0x3c100).u32(0x20);
  entry.text("malloc").zeros(1).bytes(tail);
  return EndianWriter(swap).u32(static_cast<uint32_t>(entry.size())).bytes(entry.view()).take();
}

void varint(EndianWriter& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.u8(static_cast<uint8_t>(value | 0x80));
  out.u8(static_cast<uint8_t>(value));
}

void number(EndianWriter& out, uint32_t field, uint64_t value) {
  varint(out, uint64_t{field} << 3);
  varint(out, value);
}

void message(EndianWriter& out, uint32_t field, std::span<const std::byte> bytes) {
  varint(out, uint64_t{field} << 3 | 2);
  varint(out, bytes.size());
  out.bytes(bytes);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::vector<std::byte> file2_entry() {
  EndianWriter symbol;
  number(symbol, 1, 0x3c100);
  number(symbol, 2, 0x20);
  message(symbol, 3, bytes_of("malloc"));
  EndianWriter elf;
  number(elf, 1, 0x2c000);
  EndianWriter file;
  message(file, 1, bytes_of("/system/lib64/libc.so"));
  number(file, 2, 2);
  number(file, 3, 0x3c000);
  message(file, 4, symbol.view());
  message(file, 6, elf.view());
  number(file, 99, 7);  // of a later version
  return EndianWriter().u32(static_cast<uint32_t>(file.size())).bytes(file.view()).take();
}

void check_libc(const SimpleperfFile& file) {
  CHECK(file.path == "/system/lib64/libc.so");
  CHECK(file.kind == Kind::Elf);
  CHECK(file.min_vaddr == 0x3c000);
  REQUIRE(file.symbols.size() == 1);
  CHECK(file.symbols[0].start == 0x3c100);
  CHECK(file.symbols[0].length == 0x20);
  CHECK(file.symbols[0].name == "malloc");
}

}  // namespace

TEST_CASE("simpleperf's files are read in both byte orders, with and without the offset") {
  const bool swap = GENERATE(false, true);
  const auto offset = EndianWriter(swap).u64(0x2c000).take();
  auto old = file_entry(swap, Kind::Elf, {});
  const auto later = file_entry(swap, Kind::Elf, offset);
  old.insert(old.end(), later.begin(), later.end());
  const auto files = decode_simpleperf_files(old, false, swap);
  CHECK_FALSE(files.damaged);
  REQUIRE(files.files.size() == 2);
  check_libc(files.files[0]);
  check_libc(files.files[1]);
  CHECK_FALSE(files.files[0].min_vaddr_offset);
  CHECK(files.files[1].min_vaddr_offset == 0x2c000);
}

TEST_CASE("simpleperf's files are read from protobuf messages") {
  const auto files = decode_simpleperf_files(file2_entry(), true, false);
  CHECK_FALSE(files.damaged);
  REQUIRE(files.files.size() == 1);
  check_libc(files.files[0]);
  CHECK(files.files[0].min_vaddr_offset == 0x2c000);
}

TEST_CASE("simpleperf's files that are cut anywhere are damaged, or shorter by what is optional") {
  const bool protobuf = GENERATE(false, true);
  const auto whole =
      protobuf ? file2_entry() : file_entry(false, Kind::Elf, EndianWriter().u64(1).take());
  for (size_t size = 1; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    const auto files = decode_simpleperf_files(cut, protobuf, false);
    CHECK(files.damaged);
    CHECK(files.files.empty());
  }
}

TEST_CASE("A count of symbols that cannot be there reserves nothing") {
  EndianWriter entry = c_string(EndianWriter(), "/x");
  entry.u32(2).u64(0).u32(UINT32_MAX);
  const auto bytes =
      EndianWriter().u32(static_cast<uint32_t>(entry.size())).bytes(entry.view()).take();
  CHECK(decode_simpleperf_files(bytes, false, false).damaged);
}

TEST_CASE("Files and symbols of old come as records, told apart by an id") {
  PerfDataBuilder b;
  b.attr();
  b.record(kRecordDso, 0, b.body().u64(2).u64(7).u64(0x3c000).name("/system/lib64/libc.so").view());
  b.record(kRecordSymbol, 0, b.body().u64(0x3c100).u64(0x20).u64(7).name("malloc").view());
  b.record(kRecordSymbol, 0, b.body().u64(0x3c100).u64(0x20).u64(8).name("of none").view());
  SimpleperfFileRecords records;
  const auto data = b.data();
  for (const RecordView& view : test::split_records(data, false)) records.add(view, false);
  REQUIRE(records.files().size() == 1);
  check_libc(records.files()[0]);
}

TEST_CASE("Events have the names of META_INFO, which may have commas") {
  const std::vector<std::pair<std::string, std::string>> info = {
      {"clockid", "monotonic"},
      {"event_type_info", "cpu-cycles,0,0\nodd,name,1,0\nbroken\n,2,x\nsched:sched_switch,2,47"}};
  perf_event_attr attr{};
  CHECK(simpleperf_event_name(info, attr) == "cpu-cycles");
  attr.exclude_kernel = 1;
  CHECK(simpleperf_event_name(info, attr) == "cpu-cycles:u");
  attr = {};
  attr.type = 1;
  CHECK(simpleperf_event_name(info, attr) == "odd,name");
  attr.type = 2;
  attr.config = 47;
  CHECK(simpleperf_event_name(info, attr) == "sched:sched_switch");
  attr.config = 48;
  CHECK(simpleperf_event_name(info, attr).empty());
  CHECK(simpleperf_event_name({}, attr).empty());
}

TEST_CASE("A record that simpleperf split is given whole") {
  const bool compressed = GENERATE(false, true);
  PerfDataBuilder b;
  b.attr();
  if (compressed) b.compressed(3, 100);
  // A record of 100,012 bytes: its size has more than 16 bits.
  const size_t size = 8 + 4 + 100'000;
  EndianWriter whole = b.body();
  whole.u32(kRecordKernelSymbol).u16(size >> 16).u16(size & 0xffff).u32(100'000);
  whole.text(std::string(100'000, 'k'));
  const auto bytes = whole.view();
  for (size_t at = 0; at < bytes.size(); at += 40'000) {
    b.record(kRecordSplit, 0, bytes.subspan(at, std::min<size_t>(40'000, bytes.size() - at)));
  }
  b.record(kRecordSplitEnd, 0, {});
  b.comm(7, 7, "after");
  auto reader = open_bytes(b.bytes());
  REQUIRE(reader);
  RecordCursor cursor(**reader);
  RecordView view;
  REQUIRE(cursor.next(view));
  CHECK(view.header.type == kRecordKernelSymbol);
  CHECK_FALSE(cursor.stable());
  const auto text = simpleperf_blob(view, false);
  REQUIRE(text);
  CHECK(text->size() == 100'000);
  REQUIRE(cursor.next(view));
  CHECK(view.header.type == kRecordComm);
  CHECK_FALSE(cursor.next(view));
  CHECK(cursor.warnings().empty());
}

TEST_CASE("A large record of simpleperf is stepped over by all 32 bits of its size") {
  PerfDataBuilder b;
  b.attr().comm(7, 7, "before");
  auto bytes = b.bytes();
  const size_t size = 8 + 4 + 70'000;
  EndianWriter whole;
  whole.u32(kRecordKernelSymbol).u16(size >> 16).u16(size & 0xffff).u32(70'000).zeros(70'000);
  // The data section goes to the end of the file as long as the header has no size of it.
  std::memset(bytes.data() + 48, 0, 8);
  const auto more = whole.take();
  bytes.insert(bytes.end(), more.begin(), more.end());
  auto reader = open_bytes(bytes);
  REQUIRE(reader);
  RecordCursor cursor(**reader);
  RecordView view;
  REQUIRE(cursor.next(view));
  REQUIRE(cursor.next(view));
  CHECK(view.payload.size() == 70'004);
  CHECK_FALSE(cursor.next(view));
}

TEST_CASE("Ids that simpleperf tells later belong to their events") {
  AttrSpec first, second;
  first.ids = {1};
  second.ids = {2};
  second.name = "second";
  PerfDataBuilder b;
  b.attr(first).attr(second);
  b.record(kRecordEventId, 0, b.body().u64(2).words({1, 99, 7, 98}).view());
  auto reader = open_bytes(b.bytes());
  REQUIRE(reader);
  RecordView view;
  for (RecordCursor cursor(**reader); cursor.next(view);) (*reader)->apply_header_record(view);
  CHECK((*reader)->events().index_of(99) == 1);
  CHECK((*reader)->events().index_of(98) == 2);  // of nobody
}

TEST_CASE("Mappings from before the recording come before it") {
  PerfDataBuilder before;
  before.attr().comm(7, 7, "early");
  PerfDataBuilder b;
  b.attr().comm(7, 7, "late").feature(kFeatureInitMap, before.data());
  auto reader = open_bytes(b.bytes());
  REQUIRE(reader);
  RecordCursor cursor(**reader);
  std::string names;
  for (RecordView view; cursor.next(view);) {
    ByteReader in(view.payload);
    in.skip(8);
    names.append(in.c_string()).append(" ");
  }
  CHECK(names == "early late ");
}

TEST_CASE("Symbols that the recording brings along name code by its place in the file") {
  PerfDataBuilder b;
  b.attr();
  test::MmapSpec code;
  code.pid = code.tid = 7;
  code.start = 0x70000000;
  code.length = 0x1000;
  code.page_offset = 0x2c000;
  code.filename = "/system/lib64/libc.so";
  const bool known = GENERATE(true, false);  // by the offset, or by the mapping
  const auto tail = EndianWriter().u64(0x2c000).take();
  b.mmap2(code).feature(kFeatureFile,
                        file_entry(false, Kind::Elf, known ? tail : std::vector<std::byte>{}));
  InputOptions options;
  options.symbols.ignore_embedded = GENERATE(false, true);
  auto recording = test::record_bytes(b.bytes(), options);
  REQUIRE(recording);
  const ThreadState state = (*recording)->processes().state_at(7, 7, 1);
  const auto found =
      (*recording)->resolve(state, 1, CpuMode::User, FrameAddress{VirtAddr{0x70000110}});
  REQUIRE(found.mapping);
  CHECK(found.symbol.found() == !options.symbols.ignore_embedded);
  if (!found.symbol.found()) return;
  CHECK((*recording)->strings()[found.symbol.name] == "malloc");
}
