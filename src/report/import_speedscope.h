// speedscope's file format into a Profile. Called by load_profile.
#pragma once

#include <string>

#include "common/result.h"
#include "report/json_document.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// By its $schema, or by shared.frames and profiles.
bool looks_like_speedscope(JsonValue root);

/// Sampled and evented profiles, in the order of time
/// (https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources). Where there are
/// several, each is a thread, "name (pid 1, tid 2)" as the export writes it, or just a name.
/// Weights of units of time are periods in ns, those of bytes periods, all others numbers of
/// samples. Of evented profiles, the time from one event to the next is a sample of what is open.
///
/// Indexes that lead nowhere, frames that are closed but not open, and times that go backwards are
/// errors that name `name` and the place.
Result<Profile> import_speedscope(JsonValue root, const std::string& name,
                                  const LoadOptions& options);

}  // namespace prof
