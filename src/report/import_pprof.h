// pprof's profile.proto into a Profile. Called by load_profile for what gunzips to it.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// Whether the bytes are, to their end, fields that a Profile message has
/// (https://github.com/google/pprof/blob/main/proto/profile.proto), with samples' types and texts
/// among them.
bool looks_like_pprof(std::string_view bytes);

/// Each type of value is an event, the default one first; where a count goes before something else,
/// as in "samples, cpu" and "alloc_objects, alloc_space", the two are one event of so many samples.
/// Threads are told by the labels thread, comm, pid, tid and the like. Locations without a function
/// are unknown; all lines of one but the last are inlined calls.
///
/// Indexes that lead nowhere, values that do not go with the types, and what is cut off, are errors
/// that name `name` and the byte. Samples with negative values (differences) are left out, with a
/// warning.
Result<Profile> import_pprof(std::string_view bytes, const std::string& name,
                             const LoadOptions& options);

}  // namespace prof
