// read_progress: how far the reading of a large recording is, on a terminal. Used by the commands
// that read recordings.
#pragma once

#include <cstdint>
#include <functional>

namespace prof {

/// Shows on standard error, in a line that is gone when the reading is done. Nothing where that is
/// no terminal, or for what takes less than half a second. `streams`: output comes while it is
/// read, so a terminal that shows that has no room for this.
std::function<void(uint64_t done, uint64_t total)> read_progress(bool streams);

}  // namespace prof
