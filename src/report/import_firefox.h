// The Firefox Profiler's processed profile format into a Profile: what profiler.firefox.com and
// samply save. Called by load_profile.
#pragma once

#include <string>

#include "common/result.h"
#include "report/json_document.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// By meta.preprocessedProfileVersion, or by threads with a stackTable.
bool looks_like_firefox(JsonValue root);

/// Each thread with its samples, their times and weights, of all versions whose tables are columns:
/// texts, sources and libraries are taken from the thread or from what threads share. Weights in
/// milliseconds are times, those in bytes are bytes. What threads have besides samples (markers,
/// allocations) is not read.
///
/// Indexes that lead nowhere, and stacks whose callers come behind them, are errors that name
/// `name` and the place. Samples with negative weights (differences) are left out, with a warning.
/// Gecko's own format, which profiler.firefox.com makes this one of, is an error that says so.
Result<Profile> import_firefox(JsonValue root, const std::string& name, const LoadOptions& options);

}  // namespace prof
