// append_cell: a cell of a table of separated values. Used by script --csv and export.
#pragma once

#include <string>
#include <string_view>

namespace prof {

/// Quoted as RFC 4180 says where it has the separator, a quote or an end of line in it.
inline void append_cell(std::string& out, std::string_view text, std::string_view separator) {
  const bool plain = text.find_first_of("\"\r\n") == text.npos &&
                     (separator.empty() || text.find(separator) == text.npos);
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace prof
