// EventAttr: one event of a recording, with its ids and name. Read by the decoder, written by
// record.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/byte_reader.h"
#include "common/result.h"

namespace prof {

/// Stands as `wakeup_events`, which only the kernel reads, in the attribute of an event whose equal
/// stacks were counted while recording: each of its samples stands for as many as its weight says.
/// ("PROF"; perf, and whoever rewrites the file, leave it as it is.)
inline constexpr uint32_t kCountedStacks = 0x50524f46;

/// An event as recorded. `attr` is zero-extended or cut to the struct we were built with;
/// `recorded_size` is the size the file gave it.
struct EventAttr {
  perf_event_attr attr{};
  uint32_t recorded_size = sizeof(perf_event_attr);
  std::vector<uint64_t> ids;  // of the kernel: one a CPU or thread
  std::string name;           // "cycles:u"; from EVENT_DESC or EVENT_UPDATE, else made from attr

  bool has(uint64_t sample_bit) const { return (attr.sample_type & sample_bit) != 0; }
  /// See kCountedStacks.
  bool counts_stacks() const {
    return attr.wakeup_events == kCountedStacks && has(PERF_SAMPLE_WEIGHT);
  }
};

/// Decodes an on-disk perf_event_attr of any size; consumes exactly attr.size bytes of `reader`, or
/// `available` bytes if the attr says 0 (VER0).
Result<EventAttr> decode_attr(ByteReader& reader, uint64_t available);

/// perf's name for an event that has none in the file: "cycles", "cpu-clock", "raw 0x1a".
std::string event_name_from(const perf_event_attr& attr);

/// The events of a recording and the way from a sample's id to its event.
class EventTable {
 public:
  void add(EventAttr event);
  size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }
  const EventAttr& operator[](size_t index) const { return events_[index]; }
  EventAttr& at(size_t index) { return events_[index]; }
  std::span<const EventAttr> all() const { return events_; }

  /// Index of the event that owns `id`; 0 for ids nobody owns when there is one event only,
  /// otherwise size().
  size_t index_of(uint64_t id) const;
  void map_id(uint64_t id, size_t index) { by_id_[id] = index; }

 private:
  std::vector<EventAttr> events_;
  std::unordered_map<uint64_t, size_t> by_id_;
};

}  // namespace prof
