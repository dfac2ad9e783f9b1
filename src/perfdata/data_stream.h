// DataStream: the data section while it grows: buffers, compresses, writes. Used by both Writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "perfdata/compression_writer.h"

namespace prof {

/// Whatever happens, what is in the file ends with a whole record: after a failed write,
/// whole_size() says up to where. Every call after a failure fails with the same error.
class DataStream {
 public:
  /// Writes to `fd` from its current position; `level` 0 does not compress, `repeats`: see
  /// CompressionWriter. `name` is for messages.
  static Result<DataStream> create(int fd, std::string name, int level, bool repeats);

  Result<void> plain(std::span<const std::byte> records);
  Result<void> data(std::span<const std::byte> records);
  Result<void> flush();

  /// Bytes of records given to data().
  uint64_t bytes_in() const { return bytes_in_; }
  /// Bytes appended, those still in the buffer included.
  uint64_t size() const { return written_ + buffer_.size(); }
  /// Bytes in the file up to the last whole record.
  uint64_t whole_size() const { return whole_; }
  /// A record boundary before whole_size(), for who needs to give back space; 0 if there is none.
  uint64_t earlier_boundary() const { return boundaries_.empty() ? 0 : boundaries_.front(); }
  bool failed() const { return error_.has_value(); }

 private:
  DataStream(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<void> flush_if_large();
  Result<void> keep(Error error);
  void note_boundary(uint64_t offset);

  int fd_;
  std::string name_;
  std::optional<CompressionWriter> compression_;
  std::vector<std::byte> buffer_;
  std::optional<Error> error_;
  uint64_t bytes_in_ = 0;
  uint64_t written_ = 0;
  uint64_t whole_ = 0;
  std::deque<uint64_t> boundaries_;  // the first lies far enough before whole_, if any does
};

/// write(2) until everything is out. On failure `done` still says how much went.
Result<void> write_fully(int fd, std::span<const std::byte> bytes, const std::string& name,
                         size_t& done);

}  // namespace prof
