// SidebandWatch: what the files of a recording that has several must have in common. Told of all
// records by the record loop, asked by the recorder when it begins the next file.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <set>
#include <span>
#include <vector>

namespace prof {

/// A file begins with a description of what runs, which is read from /proc while processes come and
/// go. Records that tell of processes and are taken out of the rings meanwhile are of the old file,
/// and are repeated in the new one, behind the description:
///
///      old file    … ───── samples ─── fork, mmap ─── samples ──┤
///      new file              description (of a time in between) ├─ fork, mmap ─┤ samples …
///
/// So whatever was missed by the description is told of after it, and whatever is told twice is
/// told last as it was last.
class SidebandWatch {
 public:
  /// Processes that are recorded from the start.
  explicit SidebandWatch(std::set<pid_t> processes) : processes_(std::move(processes)) {}

  /// Whole records, as they came out of the rings.
  void observe(std::span<const std::byte> records);
  /// From now on records are kept that are no samples.
  void keep() { keeping_ = true; }
  /// Those, and no more.
  std::vector<std::byte> take();
  /// Processes that are recorded and may still run.
  const std::set<pid_t>& processes();

 private:
  std::set<pid_t> processes_;
  std::vector<std::byte> kept_;
  bool keeping_ = false;
};

}  // namespace prof
