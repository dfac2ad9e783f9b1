// The pipeline: pass two over a recording, from samples to a Profile. Called by load_profile.
#pragma once

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"
#include "report/recording.h"
#include "report/stack_quality.h"

namespace prof {

/// Merges equal stacks first, then names each distinct address once, then builds the tree.
/// With `quality`, tells how whole the stacks are.
Result<Profile> build_profile(Recording& recording, const LoadOptions& options,
                              StackQuality* quality = nullptr);

}  // namespace prof
