// next_line and its kin: texts line by line. Used by the imports of text.
#pragma once

#include <cstring>
#include <string_view>

namespace prof {

/// The next line of `text`, which then begins behind it; without its end.
inline std::string_view next_line(std::string_view& text) {
  const void* end = text.empty() ? nullptr : std::memchr(text.data(), '\n', text.size());
  const size_t length =
      end ? static_cast<size_t>(static_cast<const char*>(end) - text.data()) : text.size();
  std::string_view line = text.substr(0, length);
  text.remove_prefix(end ? length + 1 : length);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

inline bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == line.npos;
}

/// Without blanks around it.
inline std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Without UTF-8's byte-order mark.
inline std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

}  // namespace prof
