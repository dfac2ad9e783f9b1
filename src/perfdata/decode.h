// Decoder: turns record views into the variants of record.h, by the attributes of their event.
// Called by every pass over a recording; the sample path is hot and allocates nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/record.h"

namespace prof {

/// The answers follow the table as it is at each call, so that it may still grow (pipe form).
class Decoder {
 public:
  /// `events` outlives the decoder. With `swap`, the recording is of the other byte order.
  Decoder(const EventTable& events, bool swap);

  /// Decodes a SAMPLE. False if it does not fit its record or belongs to no event: the sample is
  /// then to be counted as unreadable. Absent fields keep their defaults; without PERIOD, a sample
  /// of a fixed-period event has the attr's sample_period, else 1. `weight` is the whole word, of
  /// which a WEIGHT_STRUCT has the weight proper in the low 32 bits.
  bool sample(const RecordView& view, SampleRecord& out) const;

  /// Decodes any record. A record too short for its type is an error that names type and offset.
  /// Header records of the pipe form (attributes, features) are the reader's: UnknownRecord here.
  Result<Record> decode(const RecordView& view) const;

  /// The time of any kernel record or sample without decoding the rest; nothing if it has none.
  std::optional<uint64_t> time_of(const RecordView& view) const;

  /// The event that shaped a record which is no sample, by the id at its end; the first one where
  /// that names none (perf's own records have zeros there).
  size_t event_of(const RecordView& view) const;

 private:
  const EventTable& events_;
  bool swap_;
};

/// Bytes of the sample_id at the end of every kernel record that is no sample; 0 without
/// sample_id_all.
size_t sample_id_size(const perf_event_attr& attr);

/// The trailing sample_id of a record that is no sample; zeros unless attr.sample_id_all.
SampleId decode_sample_id(std::span<const std::byte> payload, const perf_event_attr& attr,
                          bool swap);

/// perf's name of a record type: "MMAP2", "COMM"; nullptr for a type prof does not know.
const char* record_type_name(uint32_t type);

/// "kernel", "user", "hypervisor", "guest_kernel", "guest_user"; "unknown" for the others.
std::string_view cpu_mode_name(CpuMode mode);

}  // namespace prof
