#include "flamegraph/xml_text.h"

#include <cstdint>

namespace prof {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The character at the beginning of `text`: its length in bytes, and its number, or nothing that
/// may stand in XML (https://www.w3.org/TR/xml/#charsets).
struct Character {
  size_t length = 1;
  uint32_t code = 0;
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) {
    const bool blank = lead == '\t' || lead == '\n' || lead == '\r';
    return {1, lead, blank || (lead >= 0x20 && lead != 0x7f)};
  }
  // The table of well-formed sequences, Unicode 15 section 3.9, table 3-7.
  size_t length = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (length == 0) return {};
  uint32_t code = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, 0, false};
    code = code << 6 | (byte(i) & 0x3fu);
    low = 0x80;
    high = 0xbf;
  }
  const bool control = code >= 0x80 && code < 0xa0;
  return {length, code, !control && code != 0xfffe && code != 0xffff};
}

}  // namespace

void append_xml(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Character c = first_character(text);
    if (!c.valid) {
      out += kReplacement;
    } else if (c.code == '<') {
      out += "&lt;";
    } else if (c.code == '>') {
      out += "&gt;";
    } else if (c.code == '&') {
      out += "&amp;";
    } else if (c.code == '"') {
      out += "&quot;";
    } else if (c.code == '\'') {
      out += "&#39;";
    } else if (c.code < 0x20) {
      out += ' ';
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
}

std::string xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_xml(out, text);
  return out;
}

std::string cut_to(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  if (most < 3) return {};
  size_t characters = 0;
  size_t cut = 0;  // where the two dots go
  size_t at = 0;
  while (at < text.size()) {
    if (characters == most - 2) cut = at;
    at += first_character(text.substr(at)).length;
    if (++characters > most) return std::string(text.substr(0, cut)) + "..";
  }
  return std::string(text);
}

}  // namespace prof
