// Frames of a profile that are no code. Used by the pipeline and by import_script.
#pragma once

#include <string_view>

#include "report/profile.h"

namespace prof {

/// A new frame of that name.
FrameId named_frame(Profile& profile, std::string_view name, FrameKind kind);

/// The frame that shows a group at the root of its stacks, as stackcollapse-perf.pl writes it:
/// "comm", "comm-pid" or "comm-pid/tid".
FrameId group_frame(Profile& profile, const Group& group);

}  // namespace prof
