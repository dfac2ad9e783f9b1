// Options that every command that draws a flame graph as SVG has.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "common/result.h"
#include "flamegraph/options.h"

namespace prof {

/// All that is given must outlive the command's options. `min_width` is "PIXELS" or "N%".
void add_picture_options(CLI::App& command, FlamegraphOptions& picture, std::string& min_width,
                         bool& reverse);

/// What --minwidth says; nothing if it was not given. A usage error if it cannot be read.
Result<void> take_min_width(const std::string& text, FlamegraphOptions& picture);

}  // namespace prof
