// parse_number: a number as people write addresses and event codes. Used by the event grammar.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace prof {

/// All of `text`: decimal, or hexadecimal after 0x; nothing for what is none, or too large.
inline std::optional<uint64_t> parse_number(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

}  // namespace prof
