#include "common/json_text.h"

#include "common/utf8.h"

namespace prof {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const Character c = first_character(text);
    if (!c.valid) {
      out += kReplacementCharacter;
    } else if (c.code == '"' || c.code == '\\') {
      out += '\\';
      out += text[0];
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (c.code < 0x20) {
      out += "\\u00";
      out += kDigits[c.code >> 4];
      out += kDigits[c.code & 15];
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  out += '"';
}

}  // namespace prof
