#include "perfdata/attr.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "perfdata/format.h"

namespace prof {

namespace {

// The 64 one-bit flags follow read_format; C has no offset of a bit field.
constexpr size_t kFlagsOffset = offsetof(perf_event_attr, read_format) + sizeof(uint64_t);
// config3 and config4 follow what the headers we build with know: 136 and 144 bytes, of Linux 6.3
// and 6.19.
constexpr size_t kKnownSize = 144;
constexpr unsigned kPreciseIpBit = 15;  // two bits, the only field wider than one

constexpr uint8_t reversed_bits(uint8_t byte) {
  byte = static_cast<uint8_t>((byte & 0xf0) >> 4 | (byte & 0x0f) << 4);
  byte = static_cast<uint8_t>((byte & 0xcc) >> 2 | (byte & 0x33) << 2);
  return static_cast<uint8_t>((byte & 0xaa) >> 1 | (byte & 0x55) << 1);
}

/// Bit fields are allotted from the other end of each byte by a machine of the other byte order, so
/// the bytes stay where they are and their bits turn round; precise_ip's two bits turn back.
uint64_t flags_of(std::span<const std::byte> eight_bytes, bool swap) {
  uint64_t flags = 0;
  std::memcpy(&flags, eight_bytes.data(), sizeof flags);
  if (!swap) return flags;
  uint64_t turned = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    turned |= uint64_t{reversed_bits(static_cast<uint8_t>(flags >> shift))} << shift;
  }
  const uint64_t high = turned >> kPreciseIpBit & 1;
  const uint64_t low = turned >> (kPreciseIpBit + 1) & 1;
  turned &= ~(uint64_t{3} << kPreciseIpBit);
  return turned | low << kPreciseIpBit | high << (kPreciseIpBit + 1);
}

/// All fields, in the order of linux/perf_event.h; `bytes` is as long as our struct.
perf_event_attr fields_of(std::span<const std::byte> bytes, bool swap) {
  perf_event_attr attr{};
  ByteReader in(bytes, swap);
  attr.type = in.u32();
  attr.size = in.u32();
  attr.config = in.u64();
  attr.sample_period = in.u64();
  attr.sample_type = in.u64();
  attr.read_format = in.u64();
  const uint64_t flags = flags_of(in.bytes(sizeof(uint64_t)), swap);
  set_attr_flags(attr, flags);
  attr.wakeup_events = in.u32();
  attr.bp_type = in.u32();
  attr.config1 = in.u64();
  attr.config2 = in.u64();
  attr.branch_sample_type = in.u64();
  attr.sample_regs_user = in.u64();
  attr.sample_stack_user = in.u32();
  attr.clockid = in.i32();
  attr.sample_regs_intr = in.u64();
  attr.aux_watermark = in.u32();
  attr.sample_max_stack = in.u16();
  in.skip(sizeof(uint16_t));
  attr.aux_sample_size = in.u32();
  in.skip(sizeof(uint32_t));
  attr.sig_data = in.u64();
  return attr;
}

}  // namespace

uint64_t attr_flags(const perf_event_attr& attr) {
  uint64_t flags;
  std::memcpy(&flags, reinterpret_cast<const char*>(&attr) + kFlagsOffset, sizeof flags);
  return flags;
}

void set_attr_flags(perf_event_attr& attr, uint64_t flags) {
  std::memcpy(reinterpret_cast<char*>(&attr) + kFlagsOffset, &flags, sizeof flags);
}

std::string_view EventAttr::weight_field() const {
  const auto at = name.rfind(kWeightTerm);
  if (!is_marked(kMarkWeighed) || at == name.npos) return {};
  const auto field = std::string_view(name).substr(at + kWeightTerm.size());
  return field.substr(0, field.find('/'));
}

void set_mark(perf_event_attr& attr, uint32_t mark) {
  const bool marked = (attr.wakeup_events & ~0xffu) == kOwnMarks;
  attr.watermark = 0;
  attr.wakeup_events = (marked ? attr.wakeup_events : kOwnMarks) | mark;
}

Result<EventAttr> decode_attr(ByteReader& reader, uint64_t available) {
  const uint64_t limit = std::min<uint64_t>(available, reader.remaining());
  if (limit < PERF_ATTR_SIZE_VER0) {
    return fail(fmt::format("an event attribute has {} bytes, at least {} are needed", limit,
                            PERF_ATTR_SIZE_VER0));
  }
  ByteReader peek(reader.rest(), reader.swapped());
  peek.skip(sizeof(uint32_t));
  const uint32_t stated = peek.u32();
  const uint64_t size = stated == 0 ? available : stated;
  if (size < PERF_ATTR_SIZE_VER0 || size > limit) {
    return fail(fmt::format("an event attribute claims {} bytes where {} are left", size, limit));
  }
  const auto bytes = reader.bytes(size);
  std::array<std::byte, sizeof(perf_event_attr)> whole{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), whole.size()), whole.begin());
  EventAttr event;
  event.attr = fields_of(whole, reader.swapped());
  event.recorded_size = static_cast<uint32_t>(size);
  if (bytes.size() > kKnownSize) {
    event.has_unknown = std::ranges::any_of(bytes.subspan(kKnownSize),
                                            [](std::byte byte) { return byte != std::byte{0}; });
  }
  return event;
}

EventTable EventTable::of(std::span<const EventAttr> events) {
  EventTable table;
  for (size_t i = 0; i < events.size(); ++i) {
    table.add(events[i]);
    for (const uint64_t id : events[i].ids) table.map_id(id, i);
  }
  return table;
}

void EventTable::add(EventAttr event) {
  for (const uint64_t id : event.ids) map_id(id, events_.size());
  events_.push_back(std::move(event));
}

size_t EventTable::index_of(uint64_t id) const {
  if (events_.size() == 1) return 0;
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? events_.size() : found->second;
}

}  // namespace prof
