// Gzip: compresses what is written, piece by piece. Used where a format is gzip's.
#pragma once

#include <zlib.h>

#include <array>
#include <functional>
#include <string_view>

#include "common/result.h"

namespace prof {

/// One gzip file (RFC 1952), handed on in pieces as it comes to be.
class Gzip {
 public:
  explicit Gzip(std::function<void(std::string_view)> put);
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() { ::deflateEnd(&stream_); }

  void write(std::string_view bytes);
  /// The end of the file. Fails if there was no memory.
  Result<void> finish();

 private:
  void run(std::string_view bytes, int flush);

  std::function<void(std::string_view)> put_;
  z_stream stream_{};
  bool ok_ = false;
  std::array<char, 65536> buffer_;
};

}  // namespace prof
