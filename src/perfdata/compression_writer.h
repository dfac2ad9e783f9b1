// CompressionWriter: turns records into COMPRESSED ones, all of one zstd stream. Used by
// DataStream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"

struct ZSTD_CCtx_s;

namespace prof {

/// Each COMPRESSED record (type 81) holds whole records and ends with a flushed zstd block, so that
/// it can be read as soon as it is in the file, and so that a cut file loses nothing before the
/// cut. (perf 6.1 also fails on a compressed record that yields no bytes, which this rules out.)
class CompressionWriter {
 public:
  /// `level` from 1 to 22. `repeats`: records are alike over megabytes, as call chains are, and
  /// stack copies are not; then it is worth looking that far back.
  static Result<CompressionWriter> create(int level, bool repeats);

  /// Appends `records` to `out` as COMPRESSED records. A single record that may not fit one once
  /// compressed is appended as it is.
  Result<void> append(std::span<const std::byte> records, std::vector<std::byte>& out);

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  CompressionWriter() = default;
  Result<void> append_chunk(std::span<const std::byte> chunk, std::vector<std::byte>& out);

  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
};

}  // namespace prof
