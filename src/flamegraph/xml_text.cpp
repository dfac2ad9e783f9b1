#include "flamegraph/xml_text.h"

#include "common/utf8.h"

namespace prof {

namespace {

/// https://www.w3.org/TR/xml/#charsets, without the controls that it discourages.
bool may_stand(const Character& c) {
  if (!c.valid || c.code == 0xfffe || c.code == 0xffff) return false;
  if (c.code < 0x20) return c.code == '\t' || c.code == '\n' || c.code == '\r';
  return c.code < 0x7f || c.code >= 0xa0;
}

}  // namespace

void append_xml(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Character c = first_character(text);
    if (!may_stand(c)) {
      out += kReplacementCharacter;
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

std::string cut_to_end(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  if (most < 3) return {};
  size_t characters = 0;
  for (size_t at = 0; at < text.size(); at += first_character(text.substr(at)).length) ++characters;
  if (characters <= most) return std::string(text);
  size_t at = 0;
  for (size_t left_out = characters - (most - 2); left_out > 0; --left_out) {
    at += first_character(text.substr(at)).length;
  }
  return ".." + std::string(text.substr(at));
}

}  // namespace prof
