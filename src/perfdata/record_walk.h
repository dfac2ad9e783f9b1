// Steps over the records of a buffer by their headers. Used by the writer and the recorder's tally,
// which see whole records straight from a ring; files are walked by the reader.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstring>
#include <span>

#include "perfdata/format.h"

namespace prof {

/// The header at the start of `bytes`, or one of size 0 where no whole record starts.
inline perf_event_header record_header(std::span<const std::byte> bytes) {
  perf_event_header header{};
  if (bytes.size() < kRecordHeaderSize) return header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.size < kRecordHeaderSize || header.size > bytes.size()) header.size = 0;
  return header;
}

/// Calls `visit(header, payload)` for each whole record from the start of `bytes` on.
template <class Visit>
void for_each_record(std::span<const std::byte> bytes, Visit&& visit) {
  for (auto header = record_header(bytes); header.size != 0; header = record_header(bytes)) {
    visit(header, bytes.subspan(kRecordHeaderSize, header.size - kRecordHeaderSize));
    bytes = bytes.subspan(header.size);
  }
}

/// Bytes of the whole records at the start of `bytes` that end within `limit`.
inline size_t whole_records(std::span<const std::byte> bytes, size_t limit) {
  size_t end = 0;
  for (;;) {
    const auto header = record_header(bytes.subspan(end));
    if (header.size == 0 || end + header.size > limit) return end;
    end += header.size;
  }
}

}  // namespace prof
