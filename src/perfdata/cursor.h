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

/// Gives every whole record. What cannot be walked past (a corrupt size, a broken compressed
/// stream) ends the walk with a warning that names the offset; a cut tail likewise.
class RecordCursor {
 public:
  explicit RecordCursor(const Reader& reader);

  /// The next record; false at the end. Records inside compressed ones come in their place, the
  /// compressed record itself is not given. `out` is valid until the next call; if stable(), as
  /// long as the reader.
  bool next(RecordView& out);
  /// Whether the last record lies in the mapped file, not in the decompression buffer.
  bool stable() const { return !inside_compressed_; }

  const std::vector<std::string>& warnings() const { return warnings_; }
  uint64_t compressed_records() const { return compressed_records_; }

 private:
  bool next_plain(RecordView& out);
  bool next_decompressed(RecordView& out);
  bool take_trailing(RecordView& view);
  bool start_compressed(const RecordView& view);
  bool refill();
  void stop(std::string message);
  void drop_consumed();
  perf_event_header header_at(std::span<const std::byte> bytes) const;

  const Reader& reader_;
  std::span<const std::byte> data_;  // to the end of the data section
  size_t position_;                  // in the file
  size_t dropped_ = 0;
  bool ended_ = false;

  std::unique_ptr<Decompressor> decompressor_;
  bool inside_compressed_ = false;
  uint64_t compressed_offset_ = 0;
  uint64_t compressed_records_ = 0;
  std::vector<std::byte> buffer_;  // decompressed bytes [begin_, end_)
  size_t begin_ = 0;
  size_t end_ = 0;

  std::vector<std::string> warnings_;
};

}  // namespace prof
