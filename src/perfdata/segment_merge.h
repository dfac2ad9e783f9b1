// SegmentMerge: the records of all files of a recording that is a directory in the order of their
// times, without holding them. Used by Recording.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "perfdata/cursor.h"
#include "perfdata/ordering.h"
#include "perfdata/record.h"

namespace prof {

/// Each file of such a recording (perf record --threads) is what came out of one ring, in the order
/// in which the kernel wrote it. That is the order of times but for where an interrupt's record got
/// in between an event and its writing, some records deep at most. So of each file a window of
/// records is held, out of which they go by time.
class SegmentMerge {
 public:
  /// The time of a record; 0 for one that has none, which comes when it is read.
  using TimeOf = std::function<uint64_t(const RecordView&)>;
  SegmentMerge(const Reader& reader, TimeOf time_of, RoundSorter::Sink sink);

  void run();

 private:
  struct Waiting {
    uint64_t time = 0;
    uint64_t ordinal = 0;  // in its file: equal times keep the order
    RecordView view;
    std::vector<std::byte> copy;  // of what does not stay where it is
  };
  struct Stream {
    std::unique_ptr<RecordCursor> cursor;
    std::vector<Waiting> window;  // a heap, the oldest first
    size_t copied = 0;            // bytes of the window
    uint64_t read = 0;            // records
    bool ended = false;
  };
  void fill(Stream& stream);
  void give_oldest(Stream& stream);

  const Reader& reader_;
  TimeOf time_of_;
  RoundSorter::Sink sink_;
  std::vector<Stream> streams_;
};

}  // namespace prof
