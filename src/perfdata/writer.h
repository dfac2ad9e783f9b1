// Writer: puts records into a perf.data file or pipe that perf reads. Called by the recorder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/features.h"

namespace prof {

struct WriterOptions {
  std::string path;           // for messages
  bool pipe = false;          // pipe format: attrs and features as records, before the data
  int compression_level = 0;  // 0: none
  bool repeats = false;       // compression looks far back: no stack copies are among the records
  uint64_t max_size = 0;      // bytes; 0: no limit
};

/// What was written so far.
struct WriterStats {
  uint64_t bytes_in = 0;   // records given to write_data()
  uint64_t bytes_out = 0;  // bytes of the file so far, without the features at its end
};

/// Order of calls: create(); write_plain() and write_data() in any number; finish().
/// The file is readable by prof at any moment after a flush: a header whose data size is still 0
/// means "to the end of the file".
class Writer {
 public:
  /// Takes over `fd`, which is empty. In pipe mode the features in `early` follow at once.
  static Result<std::unique_ptr<Writer>> create(int fd, const WriterOptions& options,
                                                std::span<const EventAttr> events,
                                                const Features& early);
  virtual ~Writer() = default;

  /// Whole records outside of compression (FINISHED_ROUND, and what must be readable without it).
  virtual Result<void> write_plain(std::span<const std::byte> records) = 0;
  /// Records of the ring buffers and synthesized ones; compressed where that is on.
  virtual Result<void> write_data(std::span<const std::byte> records) = 0;
  /// Everything given so far is in the file when this returns.
  virtual Result<void> flush() = 0;
  /// Writes the features (not for pipes) and the final header, and closes the file.
  virtual Result<void> finish(const Features& features) = 0;

  virtual WriterStats stats() const = 0;
  virtual bool reached_max_size() const = 0;
};

}  // namespace prof
