// The binaries that running processes were made of, whatever their names lead to by now. Used by
// FileKeeper and LiveModules.
#pragma once

#include <cstdint>
#include <string>

#include "common/build_id.h"
#include "common/unique_fd.h"

namespace prof {

/// Code of a file that a process has mapped at [start, end). `id` may be empty: then `inode` and
/// the device, as the kernel prints it, tell which file it is.
struct RunningBinary {
  uint32_t pid = 0;
  uint64_t start = 0, end = 0;
  std::string name;
  BuildId id;
  uint32_t major = 0, minor = 0;
  uint64_t inode = 0;
};

/// Opens nothing but regular files: opening a device or a FIFO may do things.
UniqueFd open_regular(const std::string& path);

/// Whether it is the file in `fd` that is meant.
bool is_that_binary(const UniqueFd& fd, const RunningBinary& binary);

/// By its name, if that leads to it here and now.
UniqueFd open_by_name(const RunningBinary& binary);
/// Through the process, as long as that lives.
UniqueFd open_by_process(const RunningBinary& binary);

}  // namespace prof
