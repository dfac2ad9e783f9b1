#include "record/switch_output.h"

#include <fmt/core.h>

#include <charconv>
#include <ctime>

namespace prof {

namespace {

struct Unit {
  char name;
  uint64_t factor;
};
constexpr Unit kSizes[] = {
    {'B', 1}, {'K', uint64_t{1} << 10}, {'M', uint64_t{1} << 20}, {'G', uint64_t{1} << 30}};
constexpr Unit kTimes[] = {{'s', 1}, {'m', 60}, {'h', 60 * 60}, {'d', 24 * 60 * 60}};
// A year: what a timer takes on any system.
constexpr uint64_t kMostSeconds = 366 * 24 * 60 * 60;

}  // namespace

Result<void> parse_switch_output(std::string_view text, SwitchOutput& to) {
  if (text.empty() || text == "signal") {
    to.by_signal = true;
    return {};
  }
  const auto bad = [text] {
    return fail(fmt::format("--switch-output takes 'signal', a size or a time, not '{}'", text),
                "write a size as 500K, 100M or 1G, a time as 30s, 5m, 1h or 1d", 2);
  };
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<size_t>(stop - text.data()));
  if (error != std::errc{} || unit.size() != 1 || value == 0) return bad();
  for (const Unit& size : kSizes) {
    if (unit[0] != size.name) continue;
    if (value > UINT64_MAX / size.factor) return bad();
    to.size = value * size.factor;
    return {};
  }
  for (const Unit& time : kTimes) {
    if (unit[0] != time.name) continue;
    if (value > kMostSeconds / time.factor) return bad();
    to.seconds = static_cast<double>(value * time.factor);
    return {};
  }
  return bad();
}

std::string file_timestamp(const timeval& time) {
  tm local{};
  ::localtime_r(&time.tv_sec, &local);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}{:02}", local.tm_year + 1900, local.tm_mon + 1,
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     time.tv_usec / 10000);
}

}  // namespace prof
