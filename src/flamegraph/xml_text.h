// Any bytes as XML text. Used by the SVG writer for names that nobody has checked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace prof {

/// Appends `text` so that it is valid in XML 1.0 content and attributes: markup characters are
/// escaped, bytes that are not UTF-8 and characters XML forbids become U+FFFD, blanks like newline
/// and tab a space.
void append_xml(std::string& out, std::string_view text);
std::string xml(std::string_view text);

/// `text` if it has at most `most` characters, else its beginning with "..", `most` characters in
/// all; nothing if there is no room for a character and the dots.
std::string cut_to(std::string_view text, size_t most);
/// The same with the dots before the text's end.
std::string cut_to_end(std::string_view text, size_t most);

}  // namespace prof
