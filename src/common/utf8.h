// first_character: text as characters, bytes that are none included. Used by what writes names into
// documents that must be UTF-8: SVG, JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace prof {

inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";  // U+FFFD

/// The character at the beginning of a text that is not empty: its length in bytes and its number,
/// if it is one.
struct Character {
  size_t length = 1;
  uint32_t code = 0;
  bool valid = false;
};

Character first_character(std::string_view text);

}  // namespace prof
