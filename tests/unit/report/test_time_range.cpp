#include <catch2/catch.hpp>

#include "report/time_range.h"

using namespace prof;

namespace {
constexpr uint64_t kSecond = 1'000'000'000;

std::vector<TimeRange> ranges(const std::string& text) {
  auto parsed = parse_time_ranges(text, 100, 1100);
  REQUIRE(parsed);
  return *parsed;
}
}  // namespace

TEST_CASE("Times are seconds with up to nine digits, either end may be open") {
  CHECK(ranges("1.5,2") == std::vector<TimeRange>{{1'500'000'000, 2 * kSecond}});
  CHECK(ranges(",2.000000001") == std::vector<TimeRange>{{0, 2 * kSecond + 1}});
  CHECK(ranges("3,") == std::vector<TimeRange>{{3 * kSecond, UINT64_MAX}});
  CHECK(ranges("1,2 3,4").size() == 2);
  CHECK(ranges("").empty());
}

TEST_CASE("Percents are parts of the recording that do not share a nanosecond") {
  CHECK(ranges("0%-10%") == std::vector<TimeRange>{{100, 199}});
  CHECK(ranges("10%-20%") == std::vector<TimeRange>{{200, 299}});
  CHECK(ranges("10%/2") == std::vector<TimeRange>{{200, 299}});
  CHECK(ranges("90%-100%") == std::vector<TimeRange>{{1000, 1100}});
  CHECK(ranges("0%-10%,50%-60%").size() == 2);
}

TEST_CASE("What is no range is refused as a usage error") {
  for (const char* text : {"abc", "1", "2,1", "20%-10%", "110%", "10%/11", "10%/0", "1,2x", "%",
                           "99999999999999999999,", "nan%"}) {
    auto parsed = parse_time_ranges(text, 0, 100);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().exit_code == 2);
  }
}
