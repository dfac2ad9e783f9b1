// Records that are no samples: the kernel's side-band, and what perf itself puts into the stream
// (include/uapi/linux/perf_event.h, tools/lib/perf/include/perf/event.h of the kernel's tree).
#include <fmt/core.h>

#include <algorithm>

#include "perfdata/build_id_record.h"
#include "perfdata/decode.h"

namespace prof {

namespace {

/// Takes the build id that stands in place of a mapped file's numbers; or nothing, where these are
/// there after all: the kernel leaves the bit set for whoever records the same mapping without
/// build ids beside one with (kernel/events/core.c, perf_event_mmap_output), and so does a recorder
/// that died while it rewrote its records.
bool read_build_id(ByteReader& in, MmapRecord& out) {
  constexpr size_t kShortest = 16;  // of those that are not told apart from numbers by their size
  ByteReader ahead = in;
  const uint8_t size = ahead.u8();
  const auto reserved = ahead.bytes(3);
  const auto bytes = ahead.bytes(BuildId::kMaxSize);
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  if (size == 0 || size > bytes.size() || !std::ranges::all_of(reserved, is_zero) ||
      !std::ranges::all_of(bytes.subspan(size), is_zero)) {
    return false;
  }
  // A device of major 8 looks like a short id that begins with the minor number.
  if (size < kShortest && std::ranges::all_of(bytes.subspan(1, 3), is_zero)) return false;
  out.build_id = BuildId::from(bytes.first(size));
  in = ahead;
  return true;
}

MmapRecord read_mmap(ByteReader& in, const RecordView& view) {
  MmapRecord out;
  out.version2 = view.header.type == kRecordMmap2;
  out.data = (view.header.misc & kMiscMmapData) != 0;
  out.cpu_mode = view.cpu_mode();
  out.pid = in.u32();
  out.tid = in.u32();
  out.start = in.u64();
  out.length = in.u64();
  out.page_offset = in.u64();
  if (out.version2) {
    const bool by_build_id = (view.header.misc & kMiscMmapBuildId) != 0 && read_build_id(in, out);
    if (!by_build_id) {
      out.major = in.u32();
      out.minor = in.u32();
      out.inode = in.u64();
      out.inode_generation = in.u64();
    }
    out.protection = in.u32();
    out.flags = in.u32();
  }
  out.filename = in.c_string();
  return out;
}

CommRecord read_comm(ByteReader& in, const RecordView& view) {
  CommRecord out;
  out.pid = in.u32();
  out.tid = in.u32();
  out.exec = (view.header.misc & kMiscCommExec) != 0;
  out.comm = in.c_string();
  return out;
}

TaskRecord read_task(ByteReader& in, const RecordView& view) {
  TaskRecord out;
  out.fork = view.header.type == kRecordFork;
  out.misc = view.header.misc;
  out.pid = in.u32();
  out.parent_pid = in.u32();
  out.tid = in.u32();
  out.parent_tid = in.u32();
  out.time = in.u64();
  return out;
}

LostRecord read_lost(ByteReader& in) {
  LostRecord out;
  out.id = in.u64();
  out.lost = in.u64();
  return out;
}

LostSamplesRecord read_lost_samples(ByteReader& in, const RecordView& view) {
  LostSamplesRecord out;
  out.lost = in.u64();
  out.by_filter = (view.header.misc & kMiscLostSamplesBpf) != 0;
  return out;
}

ThrottleRecord read_throttle(ByteReader& in, const RecordView& view) {
  ThrottleRecord out;
  out.throttled = view.header.type == kRecordThrottle;
  out.time = in.u64();
  out.id = in.u64();
  out.stream_id = in.u64();
  return out;
}

ReadRecord read_read(ByteReader& in) {
  ReadRecord out;
  out.pid = in.u32();
  out.tid = in.u32();
  out.values = in.bytes(in.remaining());
  return out;
}

SwitchRecord read_switch(ByteReader& in, const RecordView& view) {
  SwitchRecord out;
  out.cpu_wide = view.header.type == kRecordSwitchCpuWide;
  out.out = (view.header.misc & kMiscSwitchOut) != 0;
  out.preempted = (view.header.misc & kMiscSwitchOutPreempt) != 0;
  if (out.cpu_wide) {
    out.next_prev_pid = in.u32();
    out.next_prev_tid = in.u32();
  }
  return out;
}

/// The bytes of `count` elements of `size` each; a count that cannot fit fails without overflow.
std::span<const std::byte> array(ByteReader& in, uint64_t count, size_t size) {
  const bool fits = count <= in.remaining() / size;
  return in.bytes(fits ? count * size : UINT64_MAX);
}

NamespacesRecord read_namespaces(ByteReader& in) {
  NamespacesRecord out;
  out.pid = in.u32();
  out.tid = in.u32();
  const uint64_t count = in.u64();
  out.dev_inode_pairs = U64View(array(in, count, 16), in.swapped());
  return out;
}

KsymbolRecord read_ksymbol(ByteReader& in) {
  KsymbolRecord out;
  out.addr = in.u64();
  out.length = in.u32();
  out.type = in.u16();
  out.flags = in.u16();
  out.name = in.c_string();
  return out;
}

/// {u64 addr, u16 old_len, u16 new_len, bytes of both}
TextPokeRecord read_text_poke(ByteReader& in) {
  TextPokeRecord out;
  out.addr = in.u64();
  const uint16_t old_size = in.u16();
  const uint16_t new_size = in.u16();
  out.old_bytes = in.bytes(old_size);
  out.new_bytes = in.bytes(new_size);
  return out;
}

BpfEventRecord read_bpf_event(ByteReader& in) {
  BpfEventRecord out;
  out.type = in.u16();
  out.flags = in.u16();
  out.id = in.u32();
  const auto tag = in.bytes(out.tag.size());
  std::ranges::copy(tag, out.tag.begin());
  return out;
}

CgroupRecord read_cgroup(ByteReader& in) {
  CgroupRecord out;
  out.id = in.u64();
  out.path = in.c_string();
  return out;
}

AuxRecord read_aux(ByteReader& in) {
  AuxRecord out;
  out.offset = in.u64();
  out.size = in.u64();
  out.flags = in.u64();
  return out;
}

IdIndexRecord read_id_index(ByteReader& in) {
  const uint64_t count = in.u64();
  IdIndexRecord out;
  out.entries = U64View(array(in, count, 32), in.swapped());
  if (count != 0 && in.remaining() / 16 >= count) {
    out.guests = U64View(array(in, count, 16), in.swapped());
  }
  return out;
}

CallchainDeferredRecord read_callchain_deferred(ByteReader& in) {
  CallchainDeferredRecord out;
  out.cookie = in.u64();
  const uint64_t count = in.u64();
  out.callchain = U64View(array(in, count, 8), in.swapped());
  return out;
}

ThreadMapRecord read_thread_map(ByteReader& in) {
  const uint64_t count = in.u64();
  return {array(in, count, 24)};
}

CpuMapRecord read_cpu_map(ByteReader& in) {
  CpuMapRecord out;
  out.type = in.u16();
  out.data = in.bytes(in.remaining());
  return out;
}

EventUpdateRecord read_event_update(ByteReader& in) {
  EventUpdateRecord out;
  out.type = in.u64();
  out.id = in.u64();
  out.data = in.bytes(in.remaining());
  return out;
}

/// A record of the kernel, its sample_id already cut off.
Record read_kernel_record(ByteReader& in, const RecordView& view, const SampleId& sample_id) {
  const auto with_id = [&sample_id](auto record) -> Record {
    record.sample_id = sample_id;
    return record;
  };
  switch (view.header.type) {
    case kRecordMmap:
    case kRecordMmap2:
      return with_id(read_mmap(in, view));
    case kRecordComm:
      return with_id(read_comm(in, view));
    case kRecordFork:
    case kRecordExit:
      return with_id(read_task(in, view));
    case kRecordLost:
      return with_id(read_lost(in));
    case kRecordLostSamples:
      return with_id(read_lost_samples(in, view));
    case kRecordThrottle:
    case kRecordUnthrottle:
      return with_id(read_throttle(in, view));
    case kRecordRead:
      return with_id(read_read(in));
    case kRecordSwitch:
    case kRecordSwitchCpuWide:
      return with_id(read_switch(in, view));
    case kRecordNamespaces:
      return with_id(read_namespaces(in));
    case kRecordKsymbol:
      return with_id(read_ksymbol(in));
    case kRecordTextPoke:
      return with_id(read_text_poke(in));
    case kRecordBpfEvent:
      return with_id(read_bpf_event(in));
    case kRecordCgroup:
      return with_id(read_cgroup(in));
    case kRecordAux:
      return with_id(read_aux(in));
    case kRecordCallchainDeferred:
      return with_id(read_callchain_deferred(in));
    default:
      return UnknownRecord{view.header.type};
  }
}

/// A record that perf or prof made: no sample_id.
Record read_tool_record(ByteReader& in, const RecordView& view) {
  switch (view.header.type) {
    case kRecordHeaderBuildId:
      return read_build_id_record(in, view.header.misc);
    case kRecordIdIndex:
      return read_id_index(in);
    case kRecordThreadMap:
      return read_thread_map(in);
    case kRecordCpuMap:
      return read_cpu_map(in);
    case kRecordEventUpdate:
      return read_event_update(in);
    case kRecordFinishedRound:
      return FinishedRoundRecord{};
    case kRecordFinishedInit:
      return FinishedInitRecord{};
    default:
      return UnknownRecord{view.header.type};
  }
}

tl::unexpected<Error> too_short(const RecordView& view) {
  const char* name = record_type_name(view.header.type);
  return fail(fmt::format("{} record at offset {} is too short ({} bytes)",
                          name != nullptr ? name : "unknown", view.offset, view.header.size));
}

}  // namespace

Result<Record> Decoder::decode(const RecordView& view) const {
  if (view.header.type == kRecordSample) {
    SampleRecord record;
    if (sample(view, record)) return record;
    return fail(
        fmt::format("SAMPLE record at offset {} does not fit its event's format", view.offset));
  }
  if (view.header.type >= kRecordHeaderAttr) {
    ByteReader in(view.payload, swap_);
    Record record = read_tool_record(in, view);
    if (!in.ok()) return too_short(view);
    return record;
  }
  SampleId sample_id;
  size_t trailing = 0;
  if (!events_.empty()) {
    const perf_event_attr& attr = events_[event_of(view)].attr;
    trailing = sample_id_size(attr);
    if (trailing > view.payload.size()) return too_short(view);
    sample_id = decode_sample_id(view.payload, attr, swap_);
  }
  ByteReader in(view.payload.first(view.payload.size() - trailing), swap_);
  Record record = read_kernel_record(in, view, sample_id);
  if (!in.ok()) return too_short(view);
  return record;
}

}  // namespace prof
