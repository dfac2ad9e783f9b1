// FileKeeper: sees to it that the binaries of a recording can be found when it is read: those that
// are deleted or replaced by then, and those that only other mount namespaces have, are copied into
// the disk cache. Told of each mapping by the Tally; the recorder ends it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/build_id.h"
#include "common/disk_cache.h"
#include "common/unique_fd.h"
#include "record/running_binary.h"

namespace prof {

/// A file that has its recorded name here and now is held open and looked at again when the
/// recording ends: it is copied if the name then leads elsewhere. One that has not is copied at
/// once, through the process, while that lives. All of it happens in a thread of its own.
class FileKeeper {
 public:
  /// Files that are held open at most. The bytes that one recording may copy are half of the
  /// cache, so that it leaves something of what others keep.
  static constexpr size_t kMostWatched = 4096;

  explicit FileKeeper(DiskCache cache);
  ~FileKeeper();
  FileKeeper(const FileKeeper&) = delete;
  FileKeeper& operator=(const FileKeeper&) = delete;

  /// That process `pid` runs code of a file from [start, end) on. Returns at once, and costs a
  /// search for a file that was told of before. Files without a build id are not kept: nobody could
  /// tell which one it was.
  void note(uint32_t pid, uint64_t start, uint64_t end, std::string_view name, const BuildId& id);

  /// Waits until all that was told of has been looked at.
  void drain();

  struct Kept {
    uint64_t files = 0;
    uint64_t bytes = 0;
  };
  /// Looks at what is held open, ends the thread and says what was copied.
  Kept finish();

 private:
  struct Watched {
    UniqueFd fd;
    RunningBinary binary;
  };
  void run();
  void look_at(const RunningBinary& mapped);
  void keep(const UniqueFd& fd, const BuildId& id);

  DiskCache cache_;
  std::set<std::pair<std::string, std::string>> seen_;  // names and ids, of note()
  // Of the thread alone, until it has ended.
  std::vector<Watched> watched_;
  size_t most_watched_;
  uint64_t room_;  // bytes that may still be copied
  Kept kept_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<RunningBinary> waiting_;
  bool busy_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace prof
