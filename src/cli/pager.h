// Pager: sends a command's text through the user's pager when it goes to a terminal. Used by
// report.
#pragma once

#include <sys/types.h>

#include "common/unique_fd.h"

namespace prof {

/// $PROF_PAGER, $PERF_PAGER, $PAGER or less; none where standard output is no terminal, or where
/// the variable is empty or "cat".
class Pager {
 public:
  explicit Pager(bool wanted);
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;
  /// Waits until the user leaves the pager.
  ~Pager();

  /// Where to write: the pager, or standard output.
  int fd() const;

 private:
  UniqueFd pipe_;
  pid_t child_ = -1;
};

}  // namespace prof
