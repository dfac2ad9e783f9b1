// RecordCursor: walks the records of a recording front to back, compressed or not. One for each
// pass.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "perfdata/decompressor.h"
#include "perfdata/reader.h"
#include "perfdata/record.h"

namespace prof {

/// Gives every whole record of all segments; what simpleperf split because it is too long is given
/// whole. What cannot be walked past (a corrupt size, a broken compressed
/// stream) ends the walk of the segment with a warning that names the offset; a cut tail
/// likewise.
class RecordCursor {
 public:
  explicit RecordCursor(const Reader& reader);
  /// Of one segment alone. Tells of no progress: it is one of several.
  RecordCursor(const Reader& reader, const DataSegment& segment);
  RecordCursor(const RecordCursor&) = delete;
  RecordCursor& operator=(const RecordCursor&) = delete;
  /// Tells the reader's progress that this pass is over.
  ~RecordCursor();

  /// The next record; false at the end. Records inside compressed ones come in their place, the
  /// compressed record itself is not given. `out` is valid until the next call; if stable(), as
  /// long as the reader.
  bool next(RecordView& out);
  /// Whether the last record lies in the mapped file, not in a buffer.
  bool stable() const { return !inside_compressed_ && !glued_; }

  const std::vector<std::string>& warnings() const { return warnings_; }
  uint64_t compressed_records() const { return compressed_records_; }

 private:
  bool next_piece(RecordView& out);
  bool next_plain(RecordView& out);
  bool next_segment();
  void enter_segment();
  bool glue(RecordView& view);
  bool next_decompressed(RecordView& out);
  bool take_trailing(RecordView& view);
  bool start_compressed(const RecordView& view);
  bool refill();
  void stop(std::string message);
  void load_ahead();
  void drop_consumed();
  perf_event_header header_at(std::span<const std::byte> bytes) const;

  const Reader& reader_;
  const std::vector<DataSegment> segments_;
  const bool tells_progress_ = true;
  size_t segment_ = 0;
  std::span<const std::byte> data_;  // of the segment's file, to the segment's end
  size_t position_ = 0;              // in the file
  size_t loaded_ = 0;
  size_t dropped_ = 0;
  bool ended_ = false;

  std::unique_ptr<Decompressor> decompressor_;
  bool inside_compressed_ = false;
  uint64_t compressed_offset_ = 0;
  uint64_t compressed_records_ = 0;
  std::vector<std::byte> buffer_;  // decompressed bytes [begin_, end_)
  size_t begin_ = 0;
  size_t end_ = 0;

  std::vector<std::byte> split_;  // as far as SPLIT records were parts of one
  std::vector<std::byte> whole_;  // the last one that was put together
  bool glued_ = false;            // it is the last record that was given

  std::vector<std::string> warnings_;
};

}  // namespace prof
