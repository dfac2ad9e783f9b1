// RecordingFile: one file of a recording while it is written, and all that stands between it and
// the source. Made and ended by the recorder; fed by the record loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "perfdata/features.h"
#include "perfdata/writer.h"
#include "record/file_keeper.h"
#include "record/options.h"
#include "record/output.h"
#include "record/stack_trimmer.h"
#include "record/tally.h"
#include "record/write_queue.h"

namespace prof {

/// What came of a file, or of all of them.
struct RecordingTotals {
  uint64_t files = 0;
  uint64_t samples = 0;
  uint64_t lost = 0;       // records, as LOST told
  uint64_t throttled = 0;  // times the kernel paused an event
  uint64_t shortened = 0;  // stack copies
  WriterStats written;
  FileKeeper::Kept kept;

  RecordingTotals& operator+=(const RecordingTotals& other);
};

class RecordingFile {
 public:
  /// Opens `options.output`, or a file in memory if the recording is to be taken. `events` and
  /// `host` outlive this.
  static Result<std::unique_ptr<RecordingFile>> create(const RecordOptions& options,
                                                       std::span<const EventAttr> events,
                                                       const Features& host);

  WriteQueue& queue() { return *queue_; }
  StackTrimmer& trimmer() { return *trimmer_; }
  /// Whole records that are no round of their own.
  void push(std::span<const std::byte> records);
  /// What describes the system has been pushed. It precedes the first FINISHED_ROUND, up to which
  /// readers hold samples back.
  void end_description();
  /// Puts the file in its place; until then nothing is there, and an earlier one is left alone.
  Result<void> commit() { return output_.commit(); }
  /// Whether it has a name that could be changed.
  bool is_regular() const { return output_.is_regular(); }
  /// Ends the file: waits for what is queued and writes the features. Whatever happens, it is
  /// closed.
  Result<void> finish();
  /// After finish().
  RecordingTotals totals() const;
  /// The recording itself if it has no name, for its taker.
  int unnamed() const { return unnamed_.get(); }

 private:
  RecordingFile(const RecordOptions& options, std::span<const EventAttr> events,
                const Features& host, OutputFile output)
      : options_(options), events_(events), host_(host), output_(std::move(output)) {}
  Result<void> start();
  Features features() const;

  const RecordOptions& options_;
  std::span<const EventAttr> events_;
  const Features& host_;
  OutputFile output_;
  UniqueFd unnamed_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<FileKeeper> keeper_;
  std::unique_ptr<Tally> tally_;
  std::unique_ptr<WriteQueue> queue_;
  std::unique_ptr<StackTrimmer> trimmer_;
  FileKeeper::Kept kept_;
};

}  // namespace prof
