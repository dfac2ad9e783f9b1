// The `# ========` block: what a recording says of its machine and run. Used by report and script.
#pragma once

#include <string>

#include "perfdata/reader.h"

namespace prof {

std::string header_text(const Reader& reader);

}  // namespace prof
