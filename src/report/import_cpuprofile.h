// V8's CPU profiles into a Profile: .cpuprofile files, of node and Chrome, and the same in Chrome's
// traces. Called by load_profile.
#pragma once

#include <string>

#include "common/result.h"
#include "report/json_document.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// A .cpuprofile has nodes with call frames; a trace has events named ProfileChunk.
bool looks_like_cpuprofile(JsonValue root);

/// What the DevTools protocol calls Profiler.Profile
/// (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile): a sample lasts
/// until the next one, so that its period is a time. Without samples the nodes' hits are counted.
/// Of a trace each profile is a thread. The frame "(root)" is left out, functions without a name
/// are
/// "(anonymous)".
///
/// Nodes that are not there, or are their own callers, are errors that name `name` and the node.
Result<Profile> import_cpuprofile(JsonValue root, const std::string& name,
                                  const LoadOptions& options);

}  // namespace prof
