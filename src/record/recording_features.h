// recording_features: what each file of a recording says of the machine and of the recording
// itself, as far as it is known at its start. Used by the recorder.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "perfdata/features.h"
#include "record/options.h"
#include "record/perf_source.h"

namespace prof {

/// `events` are those of the file; of `tracepoints` the file describes the fields.
Result<Features> recording_features(const RecordOptions& options, const PerfSource& source,
                                    std::span<const EventAttr> events,
                                    const std::vector<std::string>& tracepoints);

}  // namespace prof
