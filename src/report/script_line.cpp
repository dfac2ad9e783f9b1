#include "report/script_line.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace prof {

namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// The next word of `text`, which then begins behind it.
std::string_view next_word(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

template <class Number>
bool parse(std::string_view text, Number& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// "12", which is the thread's, or "12/34".
bool parse_ids(std::string_view word, ScriptHead& head) {
  const size_t slash = word.find('/');
  if (slash == word.npos) return parse(word, head.tid) && head.tid >= -1;
  return parse(word.substr(0, slash), head.pid) && parse(word.substr(slash + 1), head.tid) &&
         head.pid >= -1 && head.tid >= -1;
}

/// "[012]".
bool parse_cpu(std::string_view word, int32_t& cpu) {
  return word.size() > 2 && word.front() == '[' && word.back() == ']' &&
         parse(word.substr(1, word.size() - 2), cpu) && cpu >= 0;
}

/// "12.345678:", in seconds and any fraction of them.
bool parse_time(std::string_view word, std::optional<uint64_t>& time) {
  if (word.size() < 4 || word.back() != ':') return false;
  word.remove_suffix(1);
  const size_t point = word.find('.');
  uint64_t seconds = 0, fraction = 0;
  if (point == word.npos || !parse(word.substr(0, point), seconds)) return false;
  std::string_view digits = word.substr(point + 1);
  if (digits.size() > 9) digits = digits.substr(0, 9);
  constexpr uint64_t kMostSeconds = UINT64_MAX / 1'000'000'000 - 1;
  if (!parse(digits, fraction) || seconds > kMostSeconds) return false;
  for (size_t i = digits.size(); i < 9; ++i) fraction *= 10;
  time = seconds * 1'000'000'000 + fraction;
  return true;
}

/// What follows the ids; false if there is no event.
bool parse_tail(std::string_view text, ScriptHead& head) {
  std::string_view after = text;
  std::string_view word = next_word(after);
  if (parse_cpu(word, head.cpu)) {
    text = after;
    word = next_word(after);
  }
  if (parse_time(word, head.time)) {
    text = after;
    word = next_word(after);
  }
  uint64_t period = 0;
  if (parse(word, period)) {
    head.period = period;
    text = after;
    word = next_word(after);
  }
  // perf's own records have a line, too: "PERF_RECORD_COMM: cat:12/12".
  if (word.size() < 2 || word.back() != ':' || word.starts_with("PERF_RECORD_")) return false;
  if (word.front() >= '0' && word.front() <= '9') return false;  // a time that is none
  head.event = word.substr(0, word.size() - 1);
  head.rest = trimmed(after);
  return true;
}

}  // namespace

// A command's name may have blanks and digits in it: it ends where the rest reads as a sample.
std::optional<ScriptHead> parse_script_head(std::string_view line) {
  const bool indented = line.empty() || kBlanks.find(line.front()) != kBlanks.npos;
  std::string_view rest = line;
  next_word(rest);  // of the name, at least
  while (!rest.empty()) {
    const std::string_view name = line.substr(0, line.size() - rest.size());
    const std::string_view word = next_word(rest);
    if (word.empty()) break;
    if (word.front() < '0' || word.front() > '9') {
      if (word.front() != '-') continue;  // perf's -1 for a thread that is gone
    }
    ScriptHead head;
    if (!parse_ids(word, head) || !parse_tail(rest, head)) continue;
    if (indented && !head.time) continue;
    head.comm = trimmed(name);
    return head;
  }
  return std::nullopt;
}

std::optional<ScriptFrame> parse_script_frame(std::string_view line) {
  std::string_view rest = trimmed(line);
  const std::string_view address = next_word(rest);
  ScriptFrame frame;
  const bool is_word =
      std::ranges::all_of(address, [](unsigned char c) { return std::isalnum(c); });
  if (address.empty() || !is_word) return std::nullopt;
  if (!parse(address, frame.address, 16)) frame.address = 0;  // somebody took it out
  rest = trimmed(rest);
  // The last parentheses hold the file, of which it may be said that it is gone.
  constexpr std::string_view kDeleted = " (deleted))";
  if (rest.ends_with(kDeleted)) {
    rest.remove_suffix(kDeleted.size());
  } else if (rest.ends_with(')')) {
    rest.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  const size_t open = rest.rfind(" (");
  if (open == rest.npos && !rest.starts_with('(')) return std::nullopt;
  frame.dso = rest.substr(open == rest.npos ? 1 : open + 2);
  frame.name = trimmed(rest.substr(0, open == rest.npos ? 0 : open));
  if (frame.dso == "inlined") {
    frame.inlined = true;
    frame.dso = {};
  }
  const size_t plus = frame.name.rfind("+0x");
  uint64_t offset = 0;
  if (plus != frame.name.npos && plus > 0 && parse(frame.name.substr(plus + 3), offset, 16)) {
    frame.name = frame.name.substr(0, plus);
  }
  return frame;
}

}  // namespace prof
