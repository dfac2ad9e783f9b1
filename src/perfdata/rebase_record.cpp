#include "perfdata/rebase_record.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/byte_writer.h"

namespace prof {

namespace {

size_t words(uint64_t bits, uint64_t mask) {
  return static_cast<size_t>(std::popcount(bits & mask));
}

}  // namespace

template <class T>
T RecordRebaser::at(size_t offset) const {
  T value{};
  if (offset <= buffer_.size() && buffer_.size() - offset >= sizeof value) {
    std::memcpy(&value, buffer_.data() + offset, sizeof value);
  }
  return value;
}

template <class T>
void RecordRebaser::patch(size_t offset, T value) {
  if (offset <= buffer_.size() && buffer_.size() - offset >= sizeof value) {
    std::memcpy(buffer_.data() + offset, &value, sizeof value);
  }
}

bool RecordRebaser::rewrite(const RecordView& view, RecordView& out) {
  buffer_.clear();
  more_misc_ = 0;
  const bool done = view.header.type == kRecordSample ? rewrite_sample(view) : rewrite_other(view);
  if (!done) return false;
  out.header = view.header;
  out.header.misc |= more_misc_;
  out.payload = buffer_;
  out.offset = view.offset;
  return true;
}

/// PERF_SAMPLE_READ: {value, enabled, running, id, lost} or {nr, enabled, running, {value, id,
/// lost}…}.
void RecordRebaser::rewrite_read(size_t begin, size_t size, uint64_t format) {
  if (!(format & PERF_FORMAT_ID)) return;
  const size_t times =
      words(format, PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
  if (!(format & PERF_FORMAT_GROUP)) {
    patch_id(begin + (1 + times) * 8);
    return;
  }
  const size_t per_counter = 2 + words(format, kReadFormatLost);
  for (size_t word = 1 + times; (word + per_counter) * 8 <= size; word += per_counter) {
    patch_id(begin + (word + 1) * 8);
  }
}

bool RecordRebaser::rewrite_sample(const RecordView& view) {
  SampleRecord sample;
  if (!decoder_.sample(view, sample)) return false;
  const EventAttr& event = events_[sample.event];
  const uint64_t type = event.attr.sample_type;
  const bool has_id = (type & (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ID)) != 0;
  const uint64_t id = has_id ? new_id(sample.id) : rebase_.first_ids[sample.event];
  const bool identified = (type & PERF_SAMPLE_IDENTIFIER) != 0;
  // The views lie in the record: where they do is where they will be, one word further.
  const size_t shift = identified ? 0 : 8;
  const auto place_of = [&](std::span<const std::byte> part) {
    return static_cast<size_t>(part.data() - view.payload.data()) + shift;
  };
  buffer_.resize(shift);
  buffer_.insert(buffer_.end(), view.payload.begin(), view.payload.end());
  patch(0, id);
  size_t offset = 8;
  if (type & PERF_SAMPLE_IP) {
    patch(offset, rebase_.kernel_address(sample.ip));
    offset += 8;
  }
  if (type & PERF_SAMPLE_TID) {
    patch_pid(offset);
    patch_pid(offset + 4);
    offset += 8;
  }
  offset += 8 * words(type, PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR);
  if (type & PERF_SAMPLE_ID) patch(offset, id);
  if (type & PERF_SAMPLE_READ && !sample.read.empty()) {
    rewrite_read(place_of(sample.read), sample.read.size(), event.attr.read_format);
  }
  for (size_t i = 0; i < sample.callchain.size(); ++i) {
    const uint64_t ip = sample.callchain[i];
    if (i > 0 && sample.callchain[i - 1] == kContextUserDeferred) {
      patch(place_of(sample.callchain.bytes()) + 8 * i, ip ^ rebase_.cookies);
      continue;
    }
    if (ip >> 63 == 0 || ip >= kContextMax) continue;
    patch(place_of(sample.callchain.bytes()) + 8 * i, rebase_.kernel_address(ip));
  }
  const U64View branches(sample.branch_stack, false);
  for (size_t i = 0; i < branches.size(); ++i) {
    if (i % 3 == 2) continue;  // the word of flags
    patch(place_of(sample.branch_stack) + 8 * i, rebase_.kernel_address(branches[i]));
  }
  if (event.attr.type == PERF_TYPE_TRACEPOINT && sample.raw.size() >= 2) {
    const auto format = rebase_.formats.find(event.attr.config);
    if (format != rebase_.formats.end()) patch(place_of(sample.raw), format->second);
  }
  if (type & PERF_SAMPLE_CGROUP && rebase_.cgroup_offset != 0) {
    // From the end, since what lies before has no fixed size.
    size_t behind = 8 * words(type, PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE);
    if (type & PERF_SAMPLE_AUX) behind += 8 + sample.aux.size();
    if (buffer_.size() < behind + 8) return false;
    const size_t place = buffer_.size() - behind - 8;
    if (at<uint64_t>(place) != sample.cgroup) return false;
    patch(place, sample.cgroup + rebase_.cgroup_offset);
  }
  return true;
}

/// What the kernel appends to each record that is no sample, of the event's sample_type.
void RecordRebaser::append_sample_id(const RecordView& view, const SampleId& id,
                                     const EventAttr& event) {
  const uint64_t type = event.attr.sample_type;
  ByteWriter out;
  if (type & PERF_SAMPLE_TID) out.u32(new_pid(id.pid)).u32(new_pid(id.tid));
  if (type & PERF_SAMPLE_TIME) out.u64(id.time);
  // perf's own records have no event, but the layout of one: which, must be said where recordings
  // of several layouts are one.
  const bool has_id = (type & (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ID)) != 0;
  uint64_t own = event.attr.sample_id_all && has_id ? new_id(id.id) : 0;
  if (own == 0) own = rebase_.first_ids[decoder_.event_of(view)];
  if (type & PERF_SAMPLE_ID) out.u64(own);
  if (type & PERF_SAMPLE_STREAM_ID) out.u64(id.stream_id);
  if (type & PERF_SAMPLE_CPU) out.u32(id.cpu).u32(0);
  out.u64(own);  // IDENTIFIER
  const auto bytes = out.view();
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void RecordRebaser::rewrite_mapping(const MmapRecord& mmap, uint32_t type) {
  const bool kernel = mmap.pid == UINT32_MAX || mmap.cpu_mode == CpuMode::Kernel;
  if (!kernel) {
    patch_pid(0);
    patch_pid(4);
    const auto own = rebase_.build_ids.find(mmap.filename);
    constexpr size_t kInode = 32, kInodeSize = 24;  // which gives way
    if (type != kRecordMmap2 || !mmap.build_id.empty() || own == rebase_.build_ids.end() ||
        buffer_.size() < kInode + kInodeSize) {
      return;
    }
    std::fill_n(buffer_.begin() + kInode, kInodeSize, std::byte{0});
    patch(kInode, own->second.size);
    std::ranges::copy(own->second.view(), buffer_.begin() + kInode + 4);
    more_misc_ = kMiscMmapBuildId;
    return;
  }
  constexpr size_t kStart = 8, kPageOffset = 24;
  const uint64_t end = mmap.start + mmap.length;
  patch(kStart, rebase_.kernel_address(mmap.start));
  const bool core = mmap.filename.starts_with("[kernel.kallsyms]");
  // There it is the address of the symbol that the name ends with.
  if (core) patch(kPageOffset, rebase_.kernel_address(mmap.page_offset));
  if (!core || rebase_.kernel_name.empty() || end < mmap.start) return;
  const size_t name = type == kRecordMmap2 ? 64 : 32;
  buffer_.resize(std::min(name, buffer_.size()));
  ByteWriter out;
  out.padded_string(rebase_.kernel_name);
  buffer_.insert(buffer_.end(), out.view().begin(), out.view().end());
  patch(kPageOffset, uint64_t{0});
}

void RecordRebaser::rewrite_comm(const CommRecord& comm) {
  patch_pid(0);
  patch_pid(4);
  if (rebase_.comm_suffix.empty()) return;
  buffer_.resize(8);
  ByteWriter out;
  out.padded_string(std::string(comm.comm) + rebase_.comm_suffix);
  buffer_.insert(buffer_.end(), out.view().begin(), out.view().end());
}

bool RecordRebaser::rewrite_other(const RecordView& view) {
  const uint32_t type = view.header.type;
  if (type >= kRecordHeaderAttr) return false;
  const auto record = decoder_.decode(view);
  if (!record) return false;
  const EventAttr& event = events_[decoder_.event_of(view)];
  const size_t tail = sample_id_size(event.attr);
  if (view.payload.size() < tail) return false;
  buffer_.assign(view.payload.begin(), view.payload.end() - static_cast<ptrdiff_t>(tail));
  switch (type) {
    case kRecordMmap:
    case kRecordMmap2:
      rewrite_mapping(std::get<MmapRecord>(*record), type);
      break;
    case kRecordComm:
      rewrite_comm(std::get<CommRecord>(*record));
      break;
    case kRecordFork:
    case kRecordExit:
      for (size_t offset = 0; offset < 16; offset += 4) patch_pid(offset);
      break;
    case kRecordNamespaces:
    case kRecordSwitchCpuWide:
    case kRecordItraceStart:
      patch_pid(0);
      patch_pid(4);
      break;
    case kRecordRead:
      patch_pid(0);
      patch_pid(4);
      rewrite_read(8, buffer_.size() - 8, event.attr.read_format);
      break;
    case kRecordLost:
      patch_id(0);
      break;
    case kRecordThrottle:
    case kRecordUnthrottle:
      patch_id(8);
      break;
    case kRecordKsymbol:
    case kRecordTextPoke:
      patch(0, rebase_.kernel_address(at<uint64_t>(0)));
      break;
    case kRecordCgroup:
      patch(0, at<uint64_t>(0) + rebase_.cgroup_offset);
      break;
    case kRecordCallchainDeferred:  // of the user's addresses alone
      patch(0, at<uint64_t>(0) ^ rebase_.cookies);
      break;
    case kRecordBpfEvent:
    case kRecordLostSamples:
    case kRecordSwitch:
      break;
    default:
      return false;  // traces, and what is not known
  }
  append_sample_id(view, decode_sample_id(view.payload, event.attr, false), event);
  return true;
}

}  // namespace prof
