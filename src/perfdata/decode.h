// Decoder: turns record views into the variants of record.h, by the attributes of their event.
// Called by every pass over a recording; the sample path is hot and allocates nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/record.h"

namespace prof {

class Decoder {
 public:
  /// `events` outlives the decoder. With `swap`, the recording is of the other byte order.
  Decoder(const EventTable& events, bool swap);

  /// Decodes a SAMPLE. False if it does not fit its record or belongs to no event: the sample is
  /// then to be counted as unreadable. Absent fields keep their defaults; without PERIOD, a sample
  /// of a fixed-period event has the attr's sample_period, else 1.
  bool sample(const RecordView& view, SampleRecord& out) const;

  /// Decodes any record. A record too short for its type is an error that names type and offset.
  Result<Record> decode(const RecordView& view) const;

  /// The time of any kernel record or sample without decoding the rest; nothing if it has none.
  std::optional<uint64_t> time_of(const RecordView& view) const;

 private:
  const EventTable& events_;
  bool swap_;
  // Where samples and sample_ids of all events agree; made by the constructor.
  int sample_id_position_ = -1;    // of the event id, in u64s from the start of a sample
  int trailing_id_position_ = -1;  // of the event id, in u64s from the end of other records
};

/// The trailing sample_id of a record that is no sample; zeros unless attr.sample_id_all.
SampleId decode_sample_id(std::span<const std::byte> payload, const perf_event_attr& attr,
                          bool swap);

/// perf's name of a record type: "MMAP2", "COMM"; nullptr for a type prof does not know.
const char* record_type_name(uint32_t type);

}  // namespace prof
