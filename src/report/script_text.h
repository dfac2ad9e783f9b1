// Numbers as `prof script` prints them, written straight into an Output. Used by script's parts,
// where formatting by a general library would be most of the time.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "common/output.h"

namespace prof {

/// `width` fill characters at least, the text to the right of them: "%*s".
inline void write_padded(Output& out, std::string_view text, size_t width, char fill = ' ') {
  if (text.size() < width) {
    const size_t count = width - text.size();
    char* at = out.reserve(count);
    for (size_t i = 0; i < count; ++i) at[i] = fill;
    out.commit(count);
  }
  out.write(text);
}

/// "%*d", or with fill '0' "%0*d"; any integer.
template <std::integral T>
void write_decimal(Output& out, T value, size_t width = 0, char fill = ' ') {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.begin(), text.end(), value).ptr;
  write_padded(out, {text.data(), static_cast<size_t>(end - text.data())}, width, fill);
}

/// "%-*d".
template <std::integral T>
void write_decimal_left(Output& out, T value, size_t width) {
  std::array<char, 24> text;
  text.fill(' ');
  const auto end = std::to_chars(text.begin(), text.end(), value).ptr;
  out.write({text.data(), std::max(width, static_cast<size_t>(end - text.data()))});
}

/// Seconds with nine digits, or cut (not rounded) to six; right-aligned for five digits before.
inline void write_time(Output& out, uint64_t ns, bool nanoseconds) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  const uint64_t fraction = ns % kNsPerSecond;
  write_decimal(out, ns / kNsPerSecond, 5);
  out.write(".");
  if (nanoseconds) {
    write_decimal(out, fraction, 9, '0');
  } else {
    write_decimal(out, fraction / 1000, 6, '0');
  }
}

}  // namespace prof
