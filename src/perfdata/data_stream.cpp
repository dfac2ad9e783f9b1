#include "perfdata/data_stream.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "perfdata/record_walk.h"

namespace prof {

namespace {

// Written in pieces of about this size: large enough that system calls do not count.
constexpr size_t kFlushSize = size_t{256} << 10;
// What the features of a recording may need, and earlier_boundary() makes room for.
constexpr size_t kGiveBack = size_t{128} << 10;

}  // namespace

Result<void> write_fully(int fd, std::span<const std::byte> bytes, const std::string& name,
                         size_t& done) {
  done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n >= 0) {
      done += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {  // a pipe that someone made non-blocking
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return fail_errno("cannot write '" + name + "'");
    }
  }
  return {};
}

Result<DataStream> DataStream::create(int fd, std::string name, int level, bool repeats) {
  DataStream stream(fd, std::move(name));
  if (level != 0) {
    auto compression = CompressionWriter::create(level, repeats);
    if (!compression) return tl::unexpected(compression.error());
    stream.compression_ = std::move(*compression);
  }
  return stream;
}

Result<void> DataStream::plain(std::span<const std::byte> records) {
  if (error_) return tl::unexpected(*error_);
  buffer_.insert(buffer_.end(), records.begin(), records.end());
  return flush_if_large();
}

Result<void> DataStream::data(std::span<const std::byte> records) {
  if (error_) return tl::unexpected(*error_);
  bytes_in_ += records.size();
  if (!compression_) {
    buffer_.insert(buffer_.end(), records.begin(), records.end());
    return flush_if_large();
  }
  if (auto done = compression_->append(records, buffer_); !done) return keep(done.error());
  return flush_if_large();
}

Result<void> DataStream::flush_if_large() {
  return buffer_.size() >= kFlushSize ? flush() : Result<void>{};
}

Result<void> DataStream::flush() {
  if (error_) return tl::unexpected(*error_);
  if (buffer_.empty()) return {};
  size_t done = 0;
  auto result = write_fully(fd_, buffer_, name_, done);
  const size_t whole = result ? done : whole_records(buffer_, done);
  note_boundary(whole_);
  if (done > kGiveBack) note_boundary(whole_ + whole_records(buffer_, done - kGiveBack));
  whole_ += whole;
  while (boundaries_.size() > 1 && boundaries_[1] + kGiveBack <= whole_) boundaries_.pop_front();
  written_ += done;
  buffer_.clear();
  if (!result) return keep(result.error());
  return {};
}

/// Of what is written in small pieces, one is not enough to make room.
void DataStream::note_boundary(uint64_t offset) {
  if (offset != 0 && (boundaries_.empty() || boundaries_.back() < offset)) {
    boundaries_.push_back(offset);
  }
}

Result<void> DataStream::keep(Error error) {
  error_ = error;
  return tl::unexpected(std::move(error));
}

}  // namespace prof
