// is_idle: whether a stack of the idle task is the CPU waiting for work, or work that interrupted
// it. Asked by the pipeline for each distinct stack of "swapper".
#pragma once

#include <span>

#include "report/profile.h"

namespace prof {

/// `frames` root first.
bool is_idle(const Profile& profile, std::span<const FrameId> frames);

}  // namespace prof
