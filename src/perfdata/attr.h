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

/// prof's own marks of an event stand as `wakeup_events`, which only the kernel reads, in its
/// attribute ("PRO" and flags); perf, and whoever rewrites the file, leave them as they are.
inline constexpr uint32_t kOwnMarks = 0x50524f00;
/// Equal stacks were counted while recording: each sample stands for as many as its weight says.
inline constexpr uint32_t kMarkCounted = 1;
/// Callchains were unwound while recording, and say why they end: PERF_CONTEXT_USER stands behind
/// the last address, once for a proven bottom, and n + 1 times for UnwindStop n
/// (unwind/unwinder.h). Readers that do not know take it for the beginning of a part without
/// frames.
inline constexpr uint32_t kMarkUnwound = 4;
/// Part of the wall time of the recorded threads, to be seen together with the others.
inline constexpr uint32_t kMarkWallTime = 2;
/// Samples are of threads that woke others: raw data tell of those, see woken.h.
inline constexpr uint32_t kMarkWoken = 8;
/// Periods are the sum of a tracepoint's field, by which the event's name ends: "/weight=FIELD/".
inline constexpr uint32_t kMarkWeighed = 16;
inline constexpr std::string_view kWeightTerm = "/weight=";

// Flags that the headers we build with do not name (include/uapi/linux/perf_event.h, Linux 6.19).
inline constexpr uint64_t kAttrDeferCallchain = uint64_t{1} << 38;
inline constexpr uint64_t kAttrDeferOutput = uint64_t{1} << 39;
/// All one-bit flags of an attribute, in the kernel's order from the lowest bit on.
uint64_t attr_flags(const perf_event_attr& attr);
void set_attr_flags(perf_event_attr& attr, uint64_t flags);

/// An event as recorded. `attr` is zero-extended or cut to the struct we were built with;
/// `recorded_size` is the size the file gave it.
struct EventAttr {
  perf_event_attr attr{};
  uint32_t recorded_size = sizeof(perf_event_attr);
  bool has_unknown = false;   // beyond what perf_event_attr had so far, something was set
  std::vector<uint64_t> ids;  // of the kernel: one a CPU or thread
  std::string name;           // "cycles:u"; from EVENT_DESC or EVENT_UPDATE, else made from attr

  bool has(uint64_t sample_bit) const { return (attr.sample_type & sample_bit) != 0; }
  bool is_marked(uint32_t mark) const {
    return (attr.wakeup_events & ~0xffu) == kOwnMarks && (attr.wakeup_events & mark) != 0;
  }
  bool counts_stacks() const { return is_marked(kMarkCounted) && has(PERF_SAMPLE_WEIGHT); }
  bool is_unwound() const { return is_marked(kMarkUnwound) && has(PERF_SAMPLE_CALLCHAIN); }
  bool is_wall_time() const { return is_marked(kMarkWallTime); }
  /// The field whose sum its periods are; empty if they are not.
  std::string_view weight_field() const;
  /// Chains may end by a cookie, for which a CALLCHAIN_DEFERRED has the rest.
  bool defers_callchains() const { return (attr_flags(attr) & kAttrDeferCallchain) != 0; }
  /// The user's call stack is in the branch stack (--call-graph lbr).
  bool has_branch_callchain() const {
    return has(PERF_SAMPLE_BRANCH_STACK) && has(PERF_SAMPLE_CALLCHAIN) &&
           (attr.branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK) != 0;
  }
  bool tells_woken() const { return is_marked(kMarkWoken) && has(PERF_SAMPLE_RAW); }
};

/// Adds one of prof's marks to those that are there.
void set_mark(perf_event_attr& attr, uint32_t mark);

/// Decodes an on-disk perf_event_attr of any size; consumes exactly attr.size bytes of `reader`, or
/// `available` bytes if the attr says 0 (VER0).
Result<EventAttr> decode_attr(ByteReader& reader, uint64_t available);

/// perf's name for an event that has none in the file: "cycles", "cpu-clock", "raw 0x1a".
std::string event_name_from(const perf_event_attr& attr);

/// The events of a recording and the way from a sample's id to its event.
class EventTable {
 public:
  /// Of events that are complete, with their ids.
  static EventTable of(std::span<const EventAttr> events);
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
