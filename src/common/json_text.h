// append_json_string: a string as JSON has it. Used where objects are written one by one, many of
// them; whole documents are nlohmann::json's.
#pragma once

#include <string>
#include <string_view>

namespace prof {

/// With the quotes (RFC 8259, section 7). What is no UTF-8 becomes U+FFFD: names of files and
/// commands are bytes of any kind, a document of JSON is not.
void append_json_string(std::string& out, std::string_view text);

}  // namespace prof
