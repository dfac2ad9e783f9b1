#include "report/time_range.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "report/where.h"

namespace prof {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

tl::unexpected<Error> bad(std::string_view text) {
  return fail(fmt::format("cannot read the time range '{}'", text),
              "write START,STOP in seconds, or 10%-20%, or 10%/2 for the second tenth", 2);
}

std::optional<uint64_t> parse_digits(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "12.345" seconds in ns; digits after the ninth are cut.
std::optional<uint64_t> parse_seconds(std::string_view text) {
  const size_t dot = text.find('.');
  const auto seconds = parse_digits(text.substr(0, dot));
  if (!seconds || *seconds > UINT64_MAX / kNsPerSecond - 1) return std::nullopt;
  uint64_t ns = 0;
  if (dot != text.npos) {
    std::string fraction(text.substr(dot + 1, 9));
    fraction.resize(9, '0');
    const auto digits = parse_digits(fraction);
    if (!digits) return std::nullopt;
    ns = *digits;
  }
  return *seconds * kNsPerSecond + ns;
}

/// "10%" as 0.1.
std::optional<double> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0 && value <= 100)) return std::nullopt;
  return value / 100;
}

TimeRange percent_range(double from, double to, uint64_t first, uint64_t last) {
  const auto total = static_cast<double>(last - first);
  TimeRange range{first + static_cast<uint64_t>(std::llround(from * total)),
                  first + static_cast<uint64_t>(std::llround(to * total))};
  // Neighbouring parts do not share a nanosecond.
  if (range.second > range.first && range.second != last) --range.second;
  return range;
}

std::optional<TimeRange> parse_percent_range(std::string_view text, uint64_t first, uint64_t last) {
  if (const size_t slash = text.find('/'); slash != text.npos) {
    const auto percent = parse_percent(text.substr(0, slash));
    const auto part = parse_digits(text.substr(slash + 1));
    if (!percent || !part || *part == 0 || *percent * static_cast<double>(*part) > 1.0 + 1e-9) {
      return std::nullopt;
    }
    return percent_range(*percent * static_cast<double>(*part - 1),
                         std::min(1.0, *percent * static_cast<double>(*part)), first, last);
  }
  const size_t dash = text.find('-');
  if (dash == text.npos) {
    const auto to = parse_percent(text);
    return to ? std::optional(percent_range(0, *to, first, last)) : std::nullopt;
  }
  const auto from = parse_percent(text.substr(0, dash));
  const auto to = parse_percent(text.substr(dash + 1));
  if (!from || !to || *to < *from) return std::nullopt;
  return percent_range(*from, *to, first, last);
}

std::optional<TimeRange> parse_absolute_range(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == text.npos) return std::nullopt;
  const auto start = text.substr(0, comma);
  const auto stop = text.substr(comma + 1);
  const auto from = start.empty() ? std::optional<uint64_t>(0) : parse_seconds(start);
  const auto to = stop.empty() ? std::optional<uint64_t>(UINT64_MAX) : parse_seconds(stop);
  if (!from || !to || *to < *from) return std::nullopt;
  return TimeRange{*from, *to};
}

}  // namespace

bool needs_sample_times(const FilterOptions& filter) {
  if (filter.time.find('%') != filter.time.npos) return true;
  const auto where = Where::parse(filter.where);
  return !filter.where.empty() && where && where->uses_first_time();
}

Result<std::vector<TimeRange>> parse_time_ranges(const std::string& text, uint64_t first,
                                                 uint64_t last) {
  std::vector<TimeRange> ranges;
  const bool percents = text.find('%') != text.npos;
  if (last < first) first = last = 0;  // no samples: no time
  std::string_view left = text;
  while (!left.empty()) {
    const size_t end = left.find_first_of(percents ? ", " : " ");
    const auto part = left.substr(0, end);
    left = end == left.npos ? std::string_view{} : left.substr(end + 1);
    if (part.empty()) continue;
    const auto range =
        percents ? parse_percent_range(part, first, last) : parse_absolute_range(part);
    if (!range) return bad(text);
    ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace prof
