// interactive_debuginfod: downloads that show how far they are and can be interrupted. Used by the
// commands that read recordings.
#pragma once

#include "object/debuginfod.h"

namespace prof {

/// Progress goes to standard error if that is a terminal. The first INT from here on ends the
/// downloads, not the program.
DebuginfodOptions interactive_debuginfod();

}  // namespace prof
