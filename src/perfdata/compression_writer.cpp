#include "perfdata/compression_writer.h"

#include <fmt/core.h>
#include <zstd.h>

#include <cstring>

#include "perfdata/encode.h"
#include "perfdata/record_walk.h"

namespace prof {

namespace {

// Input of one COMPRESSED record: even incompressible, it fits the 16 bits of a record's size after
// zstd has added its own headers.
constexpr size_t kMaxChunk = 64000;
static_assert(ZSTD_COMPRESSBOUND(kMaxChunk) + kRecordHeaderSize + 64 < kMaxRecordSize);

}  // namespace

void CompressionWriter::FreeContext::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

Result<CompressionWriter> CompressionWriter::create(int level, bool repeats) {
  CompressionWriter writer;
  writer.context_.reset(ZSTD_createCCtx());
  if (!writer.context_) return fail("cannot allocate a zstd context");
  // The window bounds both our memory and that of every reader; past 8 MiB it gains nothing here.
  constexpr int kMaxWindowLog = 23;
  constexpr int kRepeatsWindowLog = 22;
  const auto bounds = ZSTD_cParam_getBounds(ZSTD_c_compressionLevel);
  if (level < 1 || level > bounds.upperBound) {
    return fail(
        fmt::format("compression level {} is not between 1 and {}", level, bounds.upperBound), {},
        2);
  }
  ZSTD_CCtx_setParameter(writer.context_.get(), ZSTD_c_compressionLevel, level);
  if (level > 9) {
    ZSTD_CCtx_setParameter(writer.context_.get(), ZSTD_c_windowLog, kMaxWindowLog);
  } else if (repeats) {
    // Thousands of call chains; this takes no time, and a third of the bytes.
    ZSTD_CCtx_setParameter(writer.context_.get(), ZSTD_c_enableLongDistanceMatching, 1);
    ZSTD_CCtx_setParameter(writer.context_.get(), ZSTD_c_windowLog, kRepeatsWindowLog);
  }
  return writer;
}

Result<void> CompressionWriter::append(std::span<const std::byte> records,
                                       std::vector<std::byte>& out) {
  while (!records.empty()) {
    const size_t size = whole_records(records, kMaxChunk);
    if (size != 0) {
      if (auto done = append_chunk(records.first(size), out); !done) return done;
      records = records.subspan(size);
      continue;
    }
    const auto header = record_header(records);
    if (header.size == 0) return fail("internal error: not a whole record to compress");
    out.insert(out.end(), records.begin(), records.begin() + header.size);
    records = records.subspan(header.size);
  }
  return {};
}

Result<void> CompressionWriter::append_chunk(std::span<const std::byte> chunk,
                                             std::vector<std::byte>& out) {
  const size_t start = out.size();
  out.resize(start + kMaxRecordSize);
  ZSTD_outBuffer target{out.data() + start + kRecordHeaderSize, kMaxRecordSize - kRecordHeaderSize,
                        0};
  ZSTD_inBuffer source{chunk.data(), chunk.size(), 0};
  const size_t left = ZSTD_compressStream2(context_.get(), &target, &source, ZSTD_e_flush);
  if (ZSTD_isError(left)) return fail(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
  if (left != 0) return fail("internal error: a compressed record outgrew its bound");
  perf_event_header header{};
  header.type = kRecordCompressed;
  header.size = static_cast<uint16_t>(kRecordHeaderSize + target.pos);
  std::memcpy(out.data() + start, &header, sizeof header);
  out.resize(start + header.size);
  return {};
}

}  // namespace prof
