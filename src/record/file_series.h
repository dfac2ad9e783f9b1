// FileSeries: the files of a recording that are done, named by the time at which each ended. Used
// by the recorder for --switch-output and --timestamp-filename.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/result.h"
#include "record/options.h"
#include "record/recording_file.h"

namespace prof {

/// The file that is written has the name that was asked for; when it ends it becomes
/// NAME.<timestamp> and is completed in a thread of its own, since the rings fill meanwhile.
class FileSeries {
 public:
  /// `options` outlive this.
  explicit FileSeries(const RecordOptions& options) : options_(options) {}
  ~FileSeries();
  FileSeries(const FileSeries&) = delete;
  FileSeries& operator=(const FileSeries&) = delete;

  /// Ends `file`, which gets its name before this returns. Waits for the one before, and tells what
  /// was wrong with it.
  Result<void> retire(std::unique_ptr<RecordingFile> file);
  /// Waits until all are complete; the first error.
  Result<void> finish();
  /// After finish().
  const RecordingTotals& totals() const { return totals_; }

 private:
  Result<std::string> rename_by_time() const;
  void drop_oldest();

  const RecordOptions& options_;
  std::deque<std::string> names_;  // of files that are kept, oldest first
  RecordingTotals totals_;         // of the thread while it runs, as is the error
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace prof
