#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "perfdata/decode.h"
#include "perfdata/segment_merge.h"
#include "support/perf_data_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

void write_file(const std::string& path, const std::vector<std::byte>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
}

SampleSpec sample_at(uint64_t time, uint64_t ip) {
  SampleSpec sample;
  sample.pid = sample.tid = 11;
  sample.time = time;
  sample.ip = ip;
  return sample;
}

struct Folder {
  std::string path = "/tmp/prof-merge-XXXXXX";
  Folder() { REQUIRE(mkdtemp(path.data())); }
  ~Folder() { std::filesystem::remove_all(path); }
};

using Seen = std::vector<std::pair<uint64_t, uint64_t>>;  // time and ip

/// Each file's times; of a time's record the ip says where it was: file * 100000 + place.
Seen merged(const std::vector<std::vector<uint64_t>>& files, bool compressed) {
  const Folder folder;
  PerfDataBuilder head;
  head.attr({}).comm(11, 11, "demo");
  write_file(folder.path + "/data", head.bytes());
  for (size_t i = 0; i < files.size(); ++i) {
    PerfDataBuilder part;
    part.attr({});
    if (compressed) part.compressed();
    for (size_t k = 0; k < files[i].size(); ++k) {
      part.sample(sample_at(files[i][k], i * 100000 + k));
    }
    write_file(folder.path + "/data." + std::to_string(i), part.data());
  }
  auto reader = Reader::open(folder.path + "/data");
  REQUIRE(reader);
  REQUIRE((*reader)->add_parts(folder.path));
  REQUIRE((*reader)->has_parts());
  const Decoder decoder((*reader)->events(), false);
  Seen seen;
  size_t without_time = 0;
  SegmentMerge(
      **reader, [&](const RecordView& view) { return decoder.time_of(view).value_or(0); },
      [&](const RecordView& view, uint64_t time) {
        SampleRecord sample;
        if (view.header.type != kRecordSample) {
          CHECK(seen.empty());
          ++without_time;
        } else {
          REQUIRE(decoder.sample(view, sample));
          CHECK(sample.time == time);
          seen.emplace_back(time, sample.ip);
        }
      })
      .run();
  CHECK(without_time == 1);
  return seen;
}

}  // namespace

TEST_CASE("The files of a folder are merged by time") {
  const bool compressed = GENERATE(false, true);
  const Seen seen = merged({{10, 20, 30, 30}, {}, {5, 20, 40}}, compressed);
  // Of equal times the earlier file comes first, and what comes first in it.
  CHECK(seen == Seen{{5, 200000}, {10, 0}, {20, 1}, {20, 200001}, {30, 2}, {30, 3}, {40, 200002}});
}

TEST_CASE("Records that interrupts put before older ones get in order again") {
  const bool compressed = GENERATE(false, true);
  std::vector<std::vector<uint64_t>> files(3);
  for (uint64_t i = 0; i < 3; ++i) {
    for (uint64_t k = 1; k <= 3000; ++k) files[i].push_back(k * 10 + i);
    for (size_t k = 10; k + 5 < files[i].size(); k += 7 + i) {
      std::swap(files[i][k], files[i][k + 5]);
    }
  }
  const Seen seen = merged(files, compressed);
  REQUIRE(seen.size() == 9000);
  CHECK(std::is_sorted(seen.begin(), seen.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; }));
}
