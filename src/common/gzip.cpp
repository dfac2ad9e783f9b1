#include "common/gzip.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace prof {

Gzip::Gzip(std::function<void(std::string_view)> put) : put_(std::move(put)) {
  constexpr int kGzip = 16;  // in zlib's window bits
  ok_ = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + kGzip, 8,
                       Z_DEFAULT_STRATEGY) == Z_OK;
}

void Gzip::write(std::string_view bytes) {
  constexpr size_t kMost = std::numeric_limits<uInt>::max();
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, kMost);
    run(piece, Z_NO_FLUSH);
    bytes.remove_prefix(piece.size());
  }
}

Result<void> Gzip::finish() {
  run({}, Z_FINISH);
  if (!ok_) return fail("cannot compress");
  return {};
}

void Gzip::run(std::string_view bytes, int flush) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    if (ok_ && ::deflate(&stream_, flush) == Z_STREAM_ERROR) ok_ = false;
    put_(std::string_view(buffer_.data(), buffer_.size() - stream_.avail_out));
  } while (ok_ && stream_.avail_out == 0);
}

}  // namespace prof
