#include <zstd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "perfdata/cursor.h"
#include "perfdata/decode.h"
#include "support/open_bytes.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::open_bytes;
using prof::test::PerfDataBuilder;
using prof::test::SampleSpec;

namespace {

SampleSpec sample_at(uint64_t time) {
  SampleSpec sample;
  sample.ip = 0x401000 + time;
  sample.pid = sample.tid = 7;
  sample.time = time;
  sample.callchain = {kContextUser, 0x401000 + time, 0x402000};
  return sample;
}

PerfDataBuilder& fill(PerfDataBuilder& builder) {
  builder.attr().comm(7, 7, "work");
  for (uint64_t time = 1; time <= 50; ++time) builder.sample(sample_at(time));
  return builder.round();
}

struct Walk {
  std::vector<uint64_t> times;
  size_t others = 0;
  std::vector<std::string> warnings;
};

/// All samples' times, as two passes find them (events of a pipe come as records).
Walk walk(Reader& reader) {
  RecordView view;
  for (RecordCursor cursor(reader); cursor.next(view);) reader.apply_header_record(view);
  Walk result;
  if (!reader.finish_events()) return result;
  const Decoder decoder(reader.events(), reader.swapped());
  RecordCursor cursor(reader);
  SampleRecord sample;
  while (cursor.next(view)) {
    if (view.header.type == kRecordSample && decoder.sample(view, sample)) {
      result.times.push_back(sample.time);
    } else {
      ++result.others;
    }
  }
  result.warnings = cursor.warnings();
  return result;
}

std::string error_of(std::span<const std::byte> bytes) {
  auto reader = open_bytes(bytes);
  REQUIRE_FALSE(reader);
  return reader.error().message;
}

}  // namespace

TEST_CASE("Every form of a recording gives the same samples") {
  const bool pipe = GENERATE(false, true);
  const bool swapped = GENERATE(false, true);
  const int compression = GENERATE(0, 1, 2);
  PerfDataBuilder builder;
  if (pipe) builder.pipe();
  if (swapped) builder.swapped();
  builder.attr().comm(7, 7, "work");
  if (compression) builder.compressed(3, 64, compression);
  for (uint64_t time = 1; time <= 50; ++time) builder.sample(sample_at(time));
  builder.round();

  auto reader = open_bytes(builder.bytes());
  REQUIRE(reader);
  CHECK((*reader)->is_pipe() == pipe);
  CHECK((*reader)->swapped() == swapped);
  const Walk found = walk(**reader);
  CHECK(found.warnings.empty());
  REQUIRE(found.times.size() == 50);
  CHECK(found.times.front() == 1);
  CHECK(found.times.back() == 50);
}

TEST_CASE("A file that is empty, garbage or of another kind is refused with the place") {
  CHECK(error_of({}) == "cannot read 'test.data': the file is empty (offset 0)");
  const auto garbage = std::vector<std::byte>(200, std::byte{'x'});
  CHECK(error_of(garbage) ==
        "cannot read 'test.data': not a perf.data file (no PERFILE2 magic at offset 0)");
  PerfDataBuilder builder;
  auto bytes = fill(builder).bytes();
  CHECK(error_of(std::span(bytes).first(12)) ==
        "cannot read 'test.data': cut in the header (at offset 12)");
  CHECK(error_of(std::span(bytes).first(60)) ==
        "cannot read 'test.data': cut in the header (at offset 60)");
}

TEST_CASE("A file cut anywhere gives an error or all its whole records, and says where") {
  const bool compressed = GENERATE(false, true);
  PerfDataBuilder builder;
  builder.attr();
  if (compressed) builder.compressed();
  for (uint64_t time = 1; time <= 20; ++time) builder.sample(sample_at(time));
  const auto bytes = builder.bytes();
  size_t best = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto reader = open_bytes(std::span(bytes).first(size));
    if (!reader) {
      CHECK(reader.error().message.find("offset") != std::string::npos);
      continue;
    }
    const Walk found = walk(**reader);
    CHECK(found.times.size() >= best);  // a longer file never gives less
    best = std::max(best, found.times.size());
    CHECK_FALSE(((*reader)->warnings().empty() && found.warnings.empty()));
  }
  CHECK(best >= 19);
}

TEST_CASE("A recorder that was killed leaves a data size of 0: the data goes to the end") {
  PerfDataBuilder builder;
  auto bytes = fill(builder).bytes();
  std::fill_n(bytes.begin() + 48, 8, std::byte{0});  // data.size
  auto reader = open_bytes(bytes);
  REQUIRE(reader);
  CHECK((*reader)->warnings().size() == 1);
  CHECK(walk(**reader).times.size() == 50);
}

TEST_CASE("A record whose size is smaller than its header ends the walk with a warning") {
  PerfDataBuilder builder;
  builder.attr().comm(1, 1, "before");
  const size_t good = builder.data().size();
  builder.comm(2, 2, "broken").comm(3, 3, "after");
  auto bytes = builder.bytes();
  auto reader = open_bytes(bytes);
  REQUIRE(reader);
  const size_t broken = (*reader)->data().offset + good;
  bytes[broken + 6] = std::byte{4};
  bytes[broken + 7] = std::byte{0};
  reader = open_bytes(bytes);
  REQUIRE(reader);
  const Walk found = walk(**reader);
  CHECK(found.others == 1);
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0] == "test.data: record of 4 bytes at offset " + std::to_string(broken) +
                                 ": reading stops there");
}

TEST_CASE("Records inside and behind a broken compressed record are given up with a warning") {
  PerfDataBuilder builder;
  builder.attr().compressed();
  for (uint64_t time = 1; time <= 50; ++time) builder.sample(sample_at(time));
  auto bytes = builder.bytes();
  auto reader = open_bytes(bytes);
  REQUIRE(reader);
  const size_t middle = (*reader)->data().offset + (*reader)->data().size / 2;
  for (size_t i = 0; i < 32; ++i) bytes[middle + i] ^= std::byte{0xff};
  reader = open_bytes(bytes);
  REQUIRE(reader);
  const Walk found = walk(**reader);
  CHECK(found.times.size() < 50);
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0].find("offset") != std::string::npos);
}

TEST_CASE("A file of version 1 is read in either byte order") {
  const bool swapped = GENERATE(false, true);
  PerfDataBuilder builder;
  if (swapped) builder.swapped();
  auto bytes = fill(builder).bytes();
  std::memcpy(bytes.data(), "PERFFILE", 8);
  auto reader = open_bytes(bytes);
  REQUIRE(reader);
  CHECK((*reader)->version() == 1);
  CHECK((*reader)->swapped() == swapped);
  CHECK(walk(**reader).times.size() == 50);
}

TEST_CASE("A compressed record of more than 16 bits of size is walked by the size of its data") {
  // As perf 6.16 wrote them: 65,535 bytes filled, then padded to 8, so that the 16 bits say 0.
  PerfDataBuilder builder;
  builder.attr();
  const size_t begin = builder.bytes().size();
  uint64_t noise = 1;
  for (int i = 0; i < 1000; ++i) {
    std::string name(100, '\0');
    for (char& c : name) {  // what does not compress
      noise = noise * 6364136223846793005 + 1442695040888963407;
      c = static_cast<char>(noise >> 56 | 1);
    }
    builder.comm(7, 7, name);
  }
  const auto records = builder.data();
  std::vector<std::byte> packed(ZSTD_compressBound(records.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), records.data(), records.size(), 1));
  constexpr size_t kFirst = 65'535 - 16;
  REQUIRE(packed.size() > kFirst);
  PerfDataBuilder empty;
  auto file = empty.attr().bytes();
  REQUIRE(file.size() == begin);
  std::span<const std::byte> rest(packed);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(rest.size(), kFirst));
    rest = rest.subspan(part.size());
    const size_t padding = (8 - part.size() % 8) % 8;
    test::EndianWriter record;
    record.u32(kRecordCompressed2).u16(0);
    record.u16(static_cast<uint16_t>(16 + part.size() + padding));
    record.u64(part.size()).bytes(part).zeros(padding);
    const auto view = record.view();
    file.insert(file.end(), view.begin(), view.end());
  }
  std::memset(file.data() + 48, 0, 8);  // to the end of the file
  auto reader = open_bytes(file);
  REQUIRE(reader);
  RecordCursor cursor(**reader);
  size_t names = 0;
  for (RecordView record; cursor.next(record);) names += record.header.type == kRecordComm;
  CHECK(names == 1000);
  CHECK(cursor.warnings().empty());
}

TEST_CASE("Several events with one sample_type and no IDENTIFIER are told apart by ID") {
  AttrSpec first, second;
  first.attr.sample_type = second.attr.sample_type =
      PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID;
  first.ids = {11, 12};
  second.ids = {13};
  PerfDataBuilder builder;
  if (GENERATE(false, true)) builder.swapped();
  builder.attr(first).attr(second);
  for (const uint64_t id : {12u, 13u, 11u, 99u}) {
    SampleSpec sample = sample_at(1);
    sample.id = id;
    builder.sample(sample);
  }
  auto reader = open_bytes(builder.bytes());
  REQUIRE(reader);
  const Decoder decoder((*reader)->events(), (*reader)->swapped());
  RecordCursor cursor(**reader);
  std::vector<int> events;
  SampleRecord sample;
  for (RecordView view; cursor.next(view);) {
    events.push_back(decoder.sample(view, sample) ? static_cast<int>(sample.event) : -1);
  }
  CHECK(events == std::vector<int>{0, 1, 0, -1});  // the last is of nobody
}

TEST_CASE("Names of events come from EVENT_DESC, else from the attribute") {
  AttrSpec first;
  first.ids = {1, 2};
  first.name = "first:u";
  AttrSpec second;
  second.ids = {3};
  second.name = "second";
  SECTION("described") {
    auto reader = open_bytes(PerfDataBuilder().attr(first).attr(second).event_desc().bytes());
    REQUIRE(reader);
    REQUIRE((*reader)->finish_events());
    CHECK((*reader)->events()[0].name == "first:u");
    CHECK((*reader)->events()[1].name == "second");
    CHECK((*reader)->events().index_of(3) == 1);
  }
  SECTION("not described") {
    auto reader = open_bytes(PerfDataBuilder().attr(first).attr(second).bytes());
    REQUIRE(reader);
    REQUIRE((*reader)->finish_events());
    CHECK((*reader)->events()[0].name == "cpu-clock");
  }
}

TEST_CASE("perf stat recordings are refused in words") {
  auto reader =
      open_bytes(PerfDataBuilder().attr().feature(kFeatureStat, std::string_view{}).bytes());
  REQUIRE(reader);
  auto done = (*reader)->finish_events();
  REQUIRE_FALSE(done);
  CHECK(done.error().message == "'test.data' holds counts of 'perf stat record', not samples");
}

TEST_CASE("each pass over a large recording tells how far it is, and that it is over") {
  PerfDataBuilder builder;
  builder.attr().comm(7, 7, "work");
  SampleSpec large = sample_at(1);
  large.callchain.resize(8000, 0x402000);
  for (uint64_t time = 1; time <= 700; ++time) {
    large.time = time;
    builder.sample(large);
  }
  auto reader = open_bytes(builder.bytes());
  REQUIRE(reader);
  std::vector<uint64_t> told;
  (*reader)->set_progress([&told](uint64_t done, uint64_t total) {
    REQUIRE(total > 40'000'000);
    told.push_back(done * 100 / total);
  });
  for (int pass = 0; pass < 2; ++pass) {
    told.clear();
    RecordView view;
    for (RecordCursor cursor(**reader); cursor.next(view);) {
    }
    REQUIRE(told.size() >= 3);
    CHECK(std::ranges::is_sorted(told));
    CHECK(told.back() == 100);
  }
}
