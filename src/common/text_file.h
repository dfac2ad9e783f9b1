// Whole small files as text: /proc, /sys and the like, whose size is not known before reading.
#pragma once

#include <string>

#include "common/result.h"

namespace prof {

/// Reads `path` to its end, or up to `limit` bytes: what is longer is cut, not an error.
Result<std::string> read_text_file(const std::string& path, size_t limit = size_t{64} << 20);

/// The first line of `path` without its newline; empty if it cannot be read.
std::string read_first_line(const std::string& path);

}  // namespace prof
