#include "record/enable_spans.h"

#include <fmt/core.h>

#include <charconv>

#include "record/timer.h"

namespace prof {

namespace {

template <class T>
bool parse_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Milliseconds that a timer can be set to.
constexpr uint64_t kMost = uint64_t{1} << 40;

Result<EnableSpan> parse_span(std::string_view text) {
  EnableSpan span;
  const size_t dash = text.find('-');
  if (dash == text.npos || !parse_whole(trimmed(text.substr(0, dash)), span.begin) ||
      !parse_whole(trimmed(text.substr(dash + 1)), span.end) || span.end > kMost) {
    return fail(fmt::format("-D: '{}' is not a span of milliseconds", text),
                "write spans as 10-20,30-40", 2);
  }
  if (span.end <= span.begin) {
    return fail(fmt::format("-D: the span {}-{} ends before it has begun", span.begin, span.end),
                {}, 2);
  }
  return span;
}

}  // namespace

Result<Delay> parse_delay(std::string_view text) {
  Delay delay;
  if (parse_whole(text, delay.begin)) {
    if (delay.begin >= -1 && delay.begin <= static_cast<int64_t>(kMost)) return delay;
    return fail("a delay is in milliseconds, or -1", {}, 2);
  }
  if (text.find('-') == text.npos || text.starts_with('-')) {
    return fail(fmt::format("-D takes milliseconds, or spans such as 10-20,30-40, not '{}'", text),
                {}, 2);
  }
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const auto span = parse_span(text.substr(at, comma - at));
    if (!span) return tl::unexpected(span.error());
    if (!delay.spans.empty() && span->begin <= delay.spans.back().end) {
      const EnableSpan& before = delay.spans.back();
      return fail(fmt::format("-D: {}-{} does not begin after the end of {}-{}", span->begin,
                              span->end, before.begin, before.end),
                  "spans come in the order of time, and do not touch", 2);
    }
    delay.spans.push_back(*span);
    at = comma + 1;
  }
  delay.begin = static_cast<int64_t>(delay.spans.front().begin);
  return delay;
}

SpanTimer::SpanTimer(const Delay& delay, bool is_on) : timer_(make_idle_timer()) {
  if (delay.spans.empty() && delay.begin > 0) {
    changes_.push_back({static_cast<uint64_t>(delay.begin), true});
  }
  for (const EnableSpan& span : delay.spans) {
    if (!is_on) changes_.push_back({span.begin, true});
    changes_.push_back({span.end, false});
    is_on = false;
  }
}

void SpanTimer::start() {
  start_ = std::chrono::steady_clock::now();
  arm();
}

void SpanTimer::arm() {
  if (next_ == changes_.size()) return;
  set_timer(timer_, start_ + std::chrono::milliseconds(changes_[next_].at));
}

std::optional<bool> SpanTimer::expired() {
  if (expirations(timer_) == 0 || next_ == changes_.size()) return std::nullopt;
  const bool on = changes_[next_++].on;
  arm();
  return on;
}

}  // namespace prof
