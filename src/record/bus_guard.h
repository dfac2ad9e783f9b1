// BusGuard: keeps a recording going when a file that is being read in place is cut short by its
// owner, as a linker may do with a library that runs. Installed by the recorder.
#pragma once

namespace prof {

/// From now on, in this process, memory of a file that is no longer there reads as zeros, which
/// whoever reads files takes for a malformed one, instead of ending the process (SIGBUS).
void guard_mapped_files();

}  // namespace prof
