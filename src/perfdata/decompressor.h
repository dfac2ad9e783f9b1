// Decompressor: the one zstd stream that runs through all compressed records of a recording. Used
// by the record cursor.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "common/result.h"

struct ZSTD_DCtx_s;

namespace prof {

/// Records may end anywhere in the stream: a compressed record may give nothing, or parts of
/// records.
class Decompressor {
 public:
  Decompressor();

  /// Takes over a compressed record's bytes, to be drained by read() before the next feed().
  void feed(std::span<const std::byte> compressed) { input_ = compressed; }
  /// Writes up to out.size() bytes of the stream; 0 means that the input is used up. Calling it
  /// with a bounded buffer is what keeps a hostile ratio from costing memory.
  Result<size_t> read(std::span<std::byte> out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::span<const std::byte> input_;
  bool more_ = false;  // the last read() filled its buffer: zstd may still hold output
};

}  // namespace prof
