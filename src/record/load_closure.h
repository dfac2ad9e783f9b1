// LoadClosure: the binaries that a command will begin with: itself, its interpreter, and the
// libraries that these need. Used by the recorder, to have their unwind tables before it starts.
#pragma once

#include <string>
#include <vector>

namespace prof {

/// Paths of files that exist, each once; what cannot be found is left out, as the loader may know
/// better. `command` is what execvp() would be given; a script's is its interpreter's closure.
std::vector<std::string> load_closure(const std::string& command);

}  // namespace prof
