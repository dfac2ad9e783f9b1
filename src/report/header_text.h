// The `# ========` block: what a recording says of its machine and run. Used by report and script.
#pragma once

#include <string>

#include "perfdata/reader.h"

namespace prof {

/// perf 6.1's text of the same recording, line for line, and what later ones and simpleperf added;
/// `full`: with -I, CPUs, memory and caches, too. The features of a pipe are known once its records
/// were walked; what only a file has (offsets, the list of missing features) is left out for it.
std::string header_text(const Reader& reader, bool full = false);

}  // namespace prof
