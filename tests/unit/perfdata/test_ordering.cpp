#include <catch2/catch.hpp>
#include <vector>

#include "perfdata/ordering.h"

using namespace prof;

namespace {

struct Sorted {
  std::vector<uint64_t> times;
  std::vector<uint64_t> payloads;
  RoundSorter sorter{[this](const RecordView& view, uint64_t time) {
    times.push_back(time);
    payloads.push_back(ByteReader(view.payload).u64());
  }};

  void add(uint64_t time, bool stable = false) {
    buffer = time * 10;  // unstable payloads are overwritten by the next record
    RecordView view;
    view.payload = std::as_bytes(std::span(&buffer, 1));
    sorter.add(view, time, stable);
  }
  uint64_t buffer = 0;
};

}  // namespace

TEST_CASE("Records come out by time, each as soon as its round lets it") {
  Sorted sorted;
  for (const uint64_t time : {1, 4, 2, 3}) sorted.add(time);
  sorted.sorter.finish_round();
  CHECK(sorted.times.empty());  // older ones may still come with the next round
  for (const uint64_t time : {6, 9, 5, 10}) sorted.add(time);
  sorted.sorter.finish_round();
  CHECK(sorted.times == std::vector<uint64_t>{1, 2, 3, 4});
  for (const uint64_t time : {12, 11}) sorted.add(time);
  sorted.sorter.finish();
  CHECK(sorted.times == std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 9, 10, 11, 12});
  CHECK(sorted.sorter.out_of_order() == 0);
}

TEST_CASE("Copied payloads survive as long as their record waits") {
  Sorted sorted;
  sorted.add(1000);  // waits through many rounds
  for (uint64_t round = 0; round < 10; ++round) {
    sorted.add(round * 2 + 1);
    sorted.sorter.finish_round();
  }
  sorted.sorter.finish();
  REQUIRE(sorted.times.size() == 11);
  for (size_t i = 0; i < sorted.times.size(); ++i)
    CHECK(sorted.payloads[i] == sorted.times[i] * 10);
}

TEST_CASE("Records of equal time keep the order of the file") {
  std::vector<uint64_t> offsets;
  RoundSorter sorter([&](const RecordView& view, uint64_t) { offsets.push_back(view.offset); });
  for (uint64_t offset = 0; offset < 100; ++offset) {
    RecordView view;
    view.offset = offset;
    sorter.add(view, 5, true);
    if (offset % 7 == 0) sorter.finish_round();
  }
  sorter.finish();
  REQUIRE(offsets.size() == 100);
  CHECK(std::ranges::is_sorted(offsets));
}

TEST_CASE("A record older than what was already given is counted") {
  Sorted sorted;
  sorted.add(10);
  sorted.sorter.finish_round();
  sorted.sorter.finish_round();
  REQUIRE(sorted.times.size() == 1);
  sorted.add(3);
  sorted.sorter.finish();
  CHECK(sorted.sorter.out_of_order() == 1);
}
