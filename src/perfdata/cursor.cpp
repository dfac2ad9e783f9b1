#include "perfdata/cursor.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace prof {

namespace {
// Pages of the mapping are asked for in steps of this size, and consumed ones given back in steps
// of the other, which bounds what a walk keeps resident.
constexpr size_t kLoadStep = size_t{2} << 20;
constexpr size_t kDropStep = size_t{16} << 20;
// Room for a whole record (64 KiB at most) and enough more to decompress in large steps.
constexpr size_t kBufferSize = size_t{256} << 10;

// Far enough for memory to answer, near enough to stay in the first cache.
constexpr size_t kFetchAhead = 2048;

// A split record may hold the names of a whole kernel, some 10 MiB.
constexpr size_t kMostSplit = size_t{256} << 20;

/// simpleperf's own records have 32 bits of size, the upper ones where others have `misc`.
size_t record_size(const perf_event_header& header) {
  if (header.type < kRecordSimpleperf) [[likely]]
    return header.size;
  return size_t{header.misc} << 16 | header.size;
}

constexpr size_t align8(size_t size) {
  return (size + 7) & ~size_t{7};
}
}  // namespace

RecordCursor::RecordCursor(const Reader& reader) : reader_(reader), segments_(reader.segments()) {
  enter_segment();
}

RecordCursor::RecordCursor(const Reader& reader, const DataSegment& segment)
    : reader_(reader), segments_{segment}, tells_progress_(false) {
  enter_segment();
}

void RecordCursor::enter_segment() {
  const DataSegment& segment = segments_[segment_];
  data_ = segment.file->bytes().first(
      static_cast<size_t>(segment.records.offset + segment.records.size));
  position_ = loaded_ = dropped_ = static_cast<size_t>(segment.records.offset);
  segment.file->advise_sequential();
}

/// What was read of the last one, decompressed or split, is not continued in the next.
bool RecordCursor::next_segment() {
  if (segment_ + 1 == segments_.size()) return false;
  ++segment_;
  enter_segment();
  ended_ = inside_compressed_ = false;
  decompressor_.reset();
  begin_ = end_ = 0;
  split_.clear();
  return true;
}

RecordCursor::~RecordCursor() {
  if (tells_progress_) reader_.report_progress(data_.size(), data_.size());
}

bool RecordCursor::next(RecordView& out) {
  glued_ = false;
  do {
    while (next_piece(out)) {
      const uint32_t type = out.header.type;
      if (type != kRecordSplit && type != kRecordSplitEnd) [[likely]]
        return true;
      if (glue(out)) return true;
    }
  } while (next_segment());
  return false;
}

/// simpleperf splits records of more than 65,535 bytes, header and all: SPLIT, SPLIT, …, SPLIT_END.
/// True when `view` is the whole again.
bool RecordCursor::glue(RecordView& view) {
  if (view.header.type == kRecordSplit) {
    if (view.payload.size() > kMostSplit - split_.size()) {
      stop(fmt::format("record of more than {} bytes at offset {}", kMostSplit, view.offset));
      return false;
    }
    split_.insert(split_.end(), view.payload.begin(), view.payload.end());
    return false;
  }
  whole_ = std::exchange(split_, {});
  if (whole_.size() < kRecordHeaderSize) return false;
  view.header = header_at(whole_);
  view.payload = std::span<const std::byte>(whole_).subspan(kRecordHeaderSize);
  glued_ = true;
  return true;
}

bool RecordCursor::next_piece(RecordView& out) {
  while (!ended_) {
    if (inside_compressed_) {
      if (next_decompressed(out)) return true;
      continue;
    }
    if (!next_plain(out)) return false;
    const uint32_t type = out.header.type;
    if (type == kRecordCompressed || type == kRecordCompressed2) {
      if (!start_compressed(out)) return false;
      continue;
    }
    if (type == kRecordAuxtrace || type == kRecordHeaderTracingData) {
      if (!take_trailing(out)) return false;
    }
    return true;
  }
  return false;
}

perf_event_header RecordCursor::header_at(std::span<const std::byte> bytes) const {
  perf_event_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (reader_.swapped()) {
    header.type = byte_swapped(header.type);
    header.misc = byte_swapped(header.misc);
    header.size = byte_swapped(header.size);
  }
  return header;
}

bool RecordCursor::next_plain(RecordView& out) {
  const size_t left = data_.size() - position_;
  if (left == 0) {
    if (end_ > begin_) stop("ends inside a compressed record's last record");
    ended_ = true;
    return false;
  }
  if (left < kRecordHeaderSize) {
    stop(fmt::format("is cut in a record at offset {}", position_));
    return false;
  }
  out.header = header_at(data_.subspan(position_));
  out.offset = position_;
  size_t size = record_size(out.header);
  if (out.header.type == kRecordCompressed2 && left >= kRecordHeaderSize + 8) {
    // Some writers fill 65,535 bytes and pad afterwards, so that the 16-bit size wraps: the data's
    // own size is the one to trust.
    const uint64_t data_size =
        ByteReader(data_.subspan(position_ + kRecordHeaderSize), reader_.swapped()).u64();
    if (data_size <= left) size = align8(kRecordHeaderSize + 8 + static_cast<size_t>(data_size));
    size = std::min(size, left);
  }
  if (size < kRecordHeaderSize) {
    // Zeros are what a file system leaves of a file that was not written to its end.
    stop(
        out.header.type == 0 && size == 0
            ? fmt::format("is cut or zero-filled from offset {}", position_)
            : fmt::format("record of {} bytes at offset {}: reading stops there", size, position_));
    return false;
  }
  if (size > left) {
    stop(fmt::format("is cut in a record at offset {}", position_));
    return false;
  }
  out.payload = data_.subspan(position_ + kRecordHeaderSize, size - kRecordHeaderSize);
  // Each header says where the next one is, so the walk waits for memory at every record; what the
  // walk will reach is fetched meanwhile.
  for (size_t at = 0; at < size && at < 512; at += 64) {
    __builtin_prefetch(data_.data() + position_ + kFetchAhead + at);
  }
  position_ += size;
  if (position_ > loaded_) load_ahead();
  return true;
}

/// AUXTRACE and HEADER_TRACING_DATA say in their payload how many bytes follow the record.
bool RecordCursor::take_trailing(RecordView& view) {
  ByteReader reader(view.payload, reader_.swapped());
  const bool aux = view.header.type == kRecordAuxtrace;
  const uint64_t size = aux ? reader.u64() : (uint64_t{reader.u32()} + 7) & ~uint64_t{7};
  // simpleperf of old has tracing data inside of the record.
  if (!aux && size != 0 && size <= reader.remaining()) return true;
  if (!reader.ok() || size > data_.size() - position_) {
    stop(fmt::format("is cut in a record at offset {}", view.offset));
    return false;
  }
  const size_t begin = position_;
  position_ += static_cast<size_t>(size);
  if (!aux) {
    const size_t head = begin - view.payload.size();
    view.payload = data_.subspan(head, position_ - head);
  }
  return true;
}

bool RecordCursor::start_compressed(const RecordView& view) {
  auto compressed = view.payload;
  if (view.header.type == kRecordCompressed2) {
    ByteReader reader(compressed, reader_.swapped());
    const uint64_t size = reader.u64();
    if (!reader.ok() || size > reader.remaining()) {
      stop(fmt::format("is cut in a compressed record at offset {}", view.offset));
      return false;
    }
    compressed = reader.bytes(size);
  }
  if (!decompressor_) {
    decompressor_ = std::make_unique<Decompressor>();
    buffer_.resize(kBufferSize);
  }
  decompressor_->feed(compressed);
  compressed_offset_ = view.offset;
  ++compressed_records_;
  inside_compressed_ = true;
  return true;
}

/// Gives a record of the decompressed bytes, or leaves the compressed record once it has no more;
/// a part of a record stays in the buffer for the next one.
bool RecordCursor::next_decompressed(RecordView& out) {
  while (true) {
    const size_t left = end_ - begin_;
    if (left >= kRecordHeaderSize) {
      const auto bytes = std::span<const std::byte>(buffer_).subspan(begin_, left);
      out.header = header_at(bytes);
      out.offset = compressed_offset_;
      const size_t size = record_size(out.header);
      if (size < kRecordHeaderSize || size > buffer_.size()) {
        stop(fmt::format("record of {} bytes in the compressed record at offset {}", size,
                         compressed_offset_));
        return false;
      }
      if (size <= left) {
        out.payload = bytes.subspan(kRecordHeaderSize, size - kRecordHeaderSize);
        begin_ += size;
        return true;
      }
    }
    if (!refill()) return false;
  }
}

bool RecordCursor::refill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  auto got = decompressor_->read(std::span(buffer_).subspan(end_));
  if (!got) {
    stop(fmt::format("cannot decompress the record at offset {}: {}", compressed_offset_,
                     got.error().message));
    return false;
  }
  end_ += *got;
  if (*got == 0) inside_compressed_ = false;
  return *got > 0;
}

void RecordCursor::stop(std::string message) {
  warnings_.push_back(segments_[segment_].path + ": " + std::move(message));
  ended_ = true;
}

void RecordCursor::load_ahead() {
  if (position_ - dropped_ >= kDropStep) drop_consumed();
  loaded_ = std::min(position_ + kLoadStep, data_.size());
  segments_[segment_].file->load(position_, loaded_);
}

void RecordCursor::drop_consumed() {
  // Who puts records in order reads some after they were dropped: those pages are back, and go with
  // the next step. The page that holds the start of the next record stays.
  const auto begin = static_cast<size_t>(segments_[segment_].records.offset);
  const size_t again = std::min(kDropStep, dropped_ - std::min(dropped_, begin));
  segments_[segment_].file->drop(dropped_ - again, position_);
  dropped_ = position_ & ~size_t{4095};
  if (tells_progress_) reader_.report_progress(position_, data_.size());
}

}  // namespace prof
