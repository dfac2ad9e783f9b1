#include <sys/mman.h>

#include <catch2/catch.hpp>

#include "common/unique_fd.h"
#include "perfdata/data_stream.h"
#include "perfdata/encode.h"

using namespace prof;

TEST_CASE(
    "a boundary to give back space to lies far enough before the end, however it was written") {
  constexpr uint64_t kEnough = 128 << 10;
  const size_t at_once = GENERATE(1, 100, 1000);
  const UniqueFd fd(::memfd_create("x", MFD_CLOEXEC));
  REQUIRE(fd);
  auto stream = DataStream::create(fd.get(), "x", 0, false);
  REQUIRE(stream);
  RecordEncoder record(0);
  record.finished_round();
  std::vector<std::byte> records;
  while (records.size() < 1000) {
    const auto bytes = record.view();
    records.insert(records.end(), bytes.begin(), bytes.end());
  }
  for (size_t i = 0; i < 1000; ++i) {
    REQUIRE(stream->plain(records));
    if (i % at_once == 0) REQUIRE(stream->flush());
    if (stream->whole_size() < 2 * kEnough) continue;
    const uint64_t back = stream->whole_size() - stream->earlier_boundary();
    CHECK(back >= kEnough);
    CHECK(back <= kEnough + (256 << 10) + records.size());
    CHECK(stream->earlier_boundary() % 8 == 0);
  }
}
