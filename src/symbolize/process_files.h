// Files that a recorded process left for profilers, opened with care: anybody can write into /tmp.
// Used for perf maps and jitdumps.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// What a process that lives says of itself.
struct LiveProcess {
  uint32_t pid = 0;        // to us
  uint32_t own_pid = 0;    // to itself: in the innermost PID namespace
  uint32_t user = 0;       // whose process it is
  bool own_files = false;  // it sees other files than we do: /proc/PID/root leads to them
};

/// Nothing is known of a process that has ended: then its pid is its own, its files are ours, and
/// `user` is root. One that began after `recorded_until` (seconds since 1970; 0: unknown) has only
/// got the pid of the one that was recorded.
LiveProcess live_process(uint32_t pid, int64_t recorded_until);

/// Opens `path` as the process sees it. It must be a regular file that belongs to root, to us or to
/// the process's user, unless `any_owner`. Symbolic links are followed within the process's files.
Result<UniqueFd> open_process_file(const LiveProcess& process, const std::string& path,
                                   bool any_owner);

}  // namespace prof
