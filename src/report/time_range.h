// perf's --time syntax: "12.5,13.25", ",13", "12.5,", "10%-20%", "10%/2". Used by the filters.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/result.h"
#include "report/load.h"

namespace prof {

/// [first, second] in ns of the recording's clock, both ends included as in perf.
using TimeRange = std::pair<uint64_t, uint64_t>;

/// Whether the text speaks of parts of the recording, so that its first and last time are needed.
bool needs_sample_times(const FilterOptions& filter);

/// The ranges that `text` names in a recording whose samples lie in [first, last]. Several may be
/// given, separated by spaces (times) or commas (percents). Empty text: no ranges, everything
/// counts.
Result<std::vector<TimeRange>> parse_time_ranges(const std::string& text, uint64_t first,
                                                 uint64_t last);

}  // namespace prof
