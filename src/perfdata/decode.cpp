// Samples and sample ids: the fields that sample_type turns on, in the kernel's fixed order
// (include/uapi/linux/perf_event.h, "PERF_RECORD_SAMPLE"). Other records: decode_sideband.cpp.
#include "perfdata/decode.h"

#include <algorithm>
#include <bit>

namespace prof {

namespace {

// Newer than the headers we build with.
constexpr uint64_t kBranchCounters = 1u << 19;  // PERF_SAMPLE_BRANCH_COUNTERS
constexpr size_t kBranchEntrySize = 24;         // from, to, flags

constexpr uint64_t kSampleIdBits = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
                                   PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

constexpr size_t words(uint64_t sample_type, uint64_t of_bits) {
  return static_cast<size_t>(std::popcount(sample_type & of_bits));
}

uint64_t word_at(std::span<const std::byte> payload, size_t word, bool swap) {
  return U64View(payload, swap)[word];
}

/// The bytes of `count` elements of `size` each; a count that cannot fit fails without overflow.
std::span<const std::byte> array(ByteReader& in, uint64_t count, size_t size) {
  if (count > in.remaining() / size) {
    in.skip(UINT64_MAX);
    return {};
  }
  return in.bytes(count * size);
}

/// The event a sample belongs to. Samples of all events carry their id in one place (perf sees to
/// that), so the first event tells where. Null if the sample is too short or nobody owns its id.
const EventAttr* event_of_sample(const EventTable& events, std::span<const std::byte> payload,
                                 bool swap, uint32_t& index) {
  index = 0;
  if (events.size() == 1) [[likely]]
    return &events[0];
  if (events.empty()) return nullptr;
  const uint64_t type = events[0].attr.sample_type;
  size_t position = 0;
  if (!(type & PERF_SAMPLE_IDENTIFIER)) {
    if (!(type & PERF_SAMPLE_ID)) return &events[0];
    position = words(type, PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR);
  }
  if (payload.size() / 8 <= position) return nullptr;
  const size_t found = events.index_of(word_at(payload, position, swap));
  if (found >= events.size()) return nullptr;
  index = static_cast<uint32_t>(found);
  return &events[found];
}

/// PERF_SAMPLE_READ: one counter, or a group's with a leading count.
std::span<const std::byte> read_values(ByteReader& in, uint64_t format) {
  const size_t times =
      words(format, PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
  const size_t per_counter = 1 + words(format, PERF_FORMAT_ID | kReadFormatLost);
  if (!(format & PERF_FORMAT_GROUP)) return in.bytes((times + per_counter) * 8);
  ByteReader peek(in.rest(), in.swapped());
  const uint64_t counters = peek.u64();
  if (counters > in.remaining() / 8) {
    in.skip(UINT64_MAX);
    return {};
  }
  return in.bytes((1 + times + counters * per_counter) * 8);
}

void read_branch_stack(ByteReader& in, uint64_t branch_type, SampleRecord& out) {
  const uint64_t count = in.u64();
  if (branch_type & PERF_SAMPLE_BRANCH_HW_INDEX) out.branch_hw_index = in.u64();
  out.branch_stack = array(in, count, kBranchEntrySize);
  if (branch_type & kBranchCounters) out.branch_counters = array(in, count, 8);
}

/// {abi, registers}: no registers follow an abi of 0 (the thread has no user state).
U64View read_registers(ByteReader& in, uint64_t mask, uint64_t& abi) {
  abi = in.u64();
  if (abi == PERF_SAMPLE_REGS_ABI_NONE) return {};
  return {in.bytes(words(mask, ~uint64_t{0}) * 8), in.swapped()};
}

/// {size, bytes, dyn_size}: dyn_size, the part that was really copied, is there unless size is 0.
std::span<const std::byte> read_user_stack(ByteReader& in) {
  const uint64_t size = in.u64();
  if (size == 0) return {};
  const auto dump = in.bytes(size);
  const uint64_t copied = in.u64();
  return dump.first(static_cast<size_t>(std::min<uint64_t>(copied, dump.size())));
}

/// The fields up to PERIOD: one word each, and in nearly every sample.
void read_fixed_fields(ByteReader& in, uint64_t type, SampleRecord& out) {
  if (type & PERF_SAMPLE_IDENTIFIER) out.id = in.u64();
  if (type & PERF_SAMPLE_IP) out.ip = in.u64();
  if (type & PERF_SAMPLE_TID) {
    out.pid = in.u32();
    out.tid = in.u32();
  }
  if (type & PERF_SAMPLE_TIME) out.time = in.u64();
  if (type & PERF_SAMPLE_ADDR) out.addr = in.u64();
  if (type & PERF_SAMPLE_ID) out.id = in.u64();
  if (type & PERF_SAMPLE_STREAM_ID) out.stream_id = in.u64();
  if (type & PERF_SAMPLE_CPU) {
    out.cpu = in.u32();
    in.skip(sizeof(uint32_t));
  }
  if (type & PERF_SAMPLE_PERIOD) out.period = in.u64();
}

/// The fields after CALLCHAIN, which most recordings have none of.
void read_rare_fields(ByteReader& in, const perf_event_attr& attr, SampleRecord& out) {
  const uint64_t type = attr.sample_type;
  if (type & PERF_SAMPLE_RAW) out.raw = in.bytes(in.u32());
  if (type & PERF_SAMPLE_BRANCH_STACK) read_branch_stack(in, attr.branch_sample_type, out);
  if (type & PERF_SAMPLE_REGS_USER) {
    out.user_registers = read_registers(in, attr.sample_regs_user, out.user_abi);
  }
  if (type & PERF_SAMPLE_STACK_USER) out.user_stack = read_user_stack(in);
  if (type & (PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)) out.weight = in.u64();
  if (type & PERF_SAMPLE_DATA_SRC) out.data_src = in.u64();
  if (type & PERF_SAMPLE_TRANSACTION) out.transaction = in.u64();
  if (type & PERF_SAMPLE_REGS_INTR) {
    out.interrupt_registers = read_registers(in, attr.sample_regs_intr, out.interrupt_abi);
  }
  if (type & PERF_SAMPLE_PHYS_ADDR) out.phys_addr = in.u64();
  if (type & PERF_SAMPLE_CGROUP) out.cgroup = in.u64();
  if (type & PERF_SAMPLE_DATA_PAGE_SIZE) out.data_page_size = in.u64();
  if (type & PERF_SAMPLE_CODE_PAGE_SIZE) out.code_page_size = in.u64();
  if (type & PERF_SAMPLE_AUX) out.aux = in.bytes(in.u64());
}

/// Every field to its default, one by one: assigning a whole SampleRecord becomes `rep stos`, which
/// takes longer to start than all the rest of the decoding.
void clear(SampleRecord& out) {
  out.event = 0;
  out.misc = 0;
  out.ip = out.time = out.addr = out.id = out.stream_id = 0;
  out.pid = out.tid = out.cpu = 0;
  out.period = 1;
  out.callchain = out.user_registers = out.interrupt_registers = {};
  out.read = out.raw = out.branch_stack = out.branch_counters = out.user_stack = out.aux = {};
  out.branch_hw_index = out.user_abi = out.weight = out.data_src = out.transaction = 0;
  out.interrupt_abi = out.phys_addr = out.cgroup = 0;
  out.data_page_size = out.code_page_size = 0;
}

constexpr uint64_t kRareBits =
    PERF_SAMPLE_RAW | PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |
    PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT | PERF_SAMPLE_DATA_SRC |
    PERF_SAMPLE_TRANSACTION | PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_CGROUP |
    PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE | PERF_SAMPLE_AUX;

}  // namespace

bool Decoder::sample(const RecordView& view, SampleRecord& out) const {
  clear(out);
  const EventAttr* event = event_of_sample(events_, view.payload, swap_, out.event);
  if (event == nullptr) return false;
  const perf_event_attr& attr = event->attr;
  const uint64_t type = attr.sample_type;
  out.misc = view.header.misc;
  if (!attr.freq && attr.sample_period != 0) out.period = attr.sample_period;

  ByteReader in(view.payload, swap_);
  read_fixed_fields(in, type, out);
  if (type & PERF_SAMPLE_READ) out.read = read_values(in, attr.read_format);
  if (type & PERF_SAMPLE_CALLCHAIN) {
    const uint64_t count = in.u64();
    out.callchain = U64View(array(in, count, 8), swap_);
  }
  if (type & kRareBits) read_rare_fields(in, attr, out);
  return in.ok();
}

std::optional<uint64_t> Decoder::time_of(const RecordView& view) const {
  if (view.header.type >= kRecordHeaderAttr || events_.empty()) return std::nullopt;
  const auto payload = view.payload;
  if (view.header.type == kRecordSample) {
    uint32_t index = 0;
    const EventAttr* event = event_of_sample(events_, payload, swap_, index);
    if (event == nullptr || !event->has(PERF_SAMPLE_TIME)) return std::nullopt;
    const size_t position =
        words(event->attr.sample_type, PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID);
    if (payload.size() / 8 <= position) return std::nullopt;
    return word_at(payload, position, swap_);
  }
  const perf_event_attr& attr = events_[event_of(view)].attr;
  if (attr.sample_id_all && (attr.sample_type & PERF_SAMPLE_TIME)) {
    const size_t size = sample_id_size(attr);
    if (payload.size() < size) return std::nullopt;
    return word_at(payload.last(size), words(attr.sample_type, PERF_SAMPLE_TID), swap_);
  }
  // Some records have a time of their own, from before there was sample_id_all.
  switch (view.header.type) {
    case kRecordFork:
    case kRecordExit:
      if (payload.size() >= 24) return word_at(payload, 2, swap_);
      return std::nullopt;
    case kRecordThrottle:
    case kRecordUnthrottle:
      if (payload.size() >= 8) return word_at(payload, 0, swap_);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

size_t Decoder::event_of(const RecordView& view) const {
  if (events_.size() <= 1 || !events_[0].attr.sample_id_all) return 0;
  const uint64_t type = events_[0].attr.sample_type;
  size_t from_end = 1;
  if (!(type & PERF_SAMPLE_IDENTIFIER)) {
    if (!(type & PERF_SAMPLE_ID)) return 0;
    from_end += words(type, PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU);
  }
  if (view.payload.size() / 8 < from_end) return 0;
  const size_t index = events_.index_of(word_at(view.payload.last(from_end * 8), 0, swap_));
  return index < events_.size() ? index : 0;
}

size_t sample_id_size(const perf_event_attr& attr) {
  return attr.sample_id_all ? words(attr.sample_type, kSampleIdBits) * 8 : 0;
}

SampleId decode_sample_id(std::span<const std::byte> payload, const perf_event_attr& attr,
                          bool swap) {
  SampleId out;
  const size_t size = sample_id_size(attr);
  if (size > payload.size()) return out;
  const uint64_t type = size == 0 ? 0 : attr.sample_type;
  ByteReader in(payload.last(size), swap);
  if (type & PERF_SAMPLE_TID) {
    out.pid = in.u32();
    out.tid = in.u32();
  }
  if (type & PERF_SAMPLE_TIME) out.time = in.u64();
  if (type & PERF_SAMPLE_ID) out.id = in.u64();
  if (type & PERF_SAMPLE_STREAM_ID) out.stream_id = in.u64();
  if (type & PERF_SAMPLE_CPU) {
    out.cpu = in.u32();
    in.skip(sizeof(uint32_t));
  }
  if (type & PERF_SAMPLE_IDENTIFIER) out.id = in.u64();
  return out;
}

Decoder::Decoder(const EventTable& events, bool swap) : events_(events), swap_(swap) {}

}  // namespace prof
