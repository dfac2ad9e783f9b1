#include "perfdata/encode.h"

#include <algorithm>

namespace prof {

namespace {

constexpr size_t kMaxNameLength = 4095;  // PATH_MAX with its NUL
constexpr size_t kCommSize = 16;         // TASK_COMM_LEN

}  // namespace

void encode_attr(ByteWriter& out, const perf_event_attr& attr) {
  perf_event_attr copy = attr;
  copy.size = kWrittenAttrSize;
  out.bytes(std::as_bytes(std::span(&copy, 1)).first(kWrittenAttrSize));
}

void RecordEncoder::begin(uint32_t type, uint16_t misc) {
  start_ = out_.size();
  out_.u32(type).u16(misc).u16(0);
}

void RecordEncoder::end() {
  out_.patch(start_ + 6, static_cast<uint16_t>(out_.size() - start_));
}

void RecordEncoder::end_with_sample_id() {
  out_.zeros(id_size_);
  end();
}

void RecordEncoder::empty(uint32_t type) {
  begin(type);
  end();
}

void RecordEncoder::comm(uint32_t pid, uint32_t tid, std::string_view comm) {
  begin(kRecordComm);
  out_.u32(pid).u32(tid).padded_string(comm.substr(0, kCommSize - 1));
  end_with_sample_id();
}

void RecordEncoder::fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid) {
  begin(kRecordFork);
  out_.u32(pid).u32(parent_pid).u32(tid).u32(parent_tid).u64(0);
  end_with_sample_id();
}

void RecordEncoder::mmap2(const Mmap2Fields& fields) {
  const bool by_build_id = !fields.build_id.empty();
  const auto mode = static_cast<uint16_t>(fields.cpu_mode);
  begin(kRecordMmap2, static_cast<uint16_t>(mode | (by_build_id ? kMiscMmapBuildId : 0) |
                                            (fields.data ? kMiscMmapData : 0)));
  out_.u32(fields.pid).u32(fields.tid);
  out_.u64(fields.start).u64(fields.length).u64(fields.page_offset);
  if (by_build_id) {
    out_.u8(fields.build_id.size)
        .u8(0)
        .u16(0)
        .bytes(std::as_bytes(std::span(fields.build_id.bytes)));
  } else {
    out_.u32(fields.major).u32(fields.minor).u64(fields.inode).u64(0);
  }
  out_.u32(fields.protection).u32(fields.flags);
  out_.padded_string(fields.filename.substr(0, kMaxNameLength));
  end_with_sample_id();
}

void RecordEncoder::lost_samples(uint64_t lost) {
  begin(kRecordLostSamples);
  out_.u64(lost);
  end_with_sample_id();
}

void RecordEncoder::ksymbol(uint64_t addr, uint32_t length, uint16_t type, std::string_view name) {
  begin(kRecordKsymbol);
  out_.u64(addr).u32(length).u16(type).u16(0).padded_string(name.substr(0, 255));
  end_with_sample_id();
}

void RecordEncoder::namespaces(uint32_t pid, uint32_t tid,
                               std::span<const uint64_t> dev_inode_pairs) {
  begin(kRecordNamespaces);
  out_.u32(pid).u32(tid).u64(dev_inode_pairs.size() / 2).bytes(std::as_bytes(dev_inode_pairs));
  end_with_sample_id();
}

void RecordEncoder::cgroup(uint64_t id, std::string_view path) {
  begin(kRecordCgroup);
  out_.u64(id).padded_string(path.substr(0, kMaxNameLength));
  end_with_sample_id();
}

void RecordEncoder::bpf_event(uint16_t type, uint32_t id, std::span<const std::byte> tag) {
  begin(kRecordBpfEvent);
  out_.u16(type).u16(0).u32(id).bytes(tag.first(std::min<size_t>(tag.size(), 8))).align(8);
  end_with_sample_id();
}

void RecordEncoder::header_attr(const perf_event_attr& attr, std::span<const uint64_t> ids) {
  begin(kRecordHeaderAttr);
  encode_attr(out_, attr);
  out_.bytes(std::as_bytes(ids));
  end();
}

void RecordEncoder::header_feature(uint64_t feature, std::span<const std::byte> payload) {
  begin(kRecordHeaderFeature);
  out_.u64(feature).bytes(payload).zeros((8 - payload.size() % 8) % 8);
  end();
}

void RecordEncoder::header_tracing_data(std::span<const std::byte> data) {
  const size_t padding = (8 - data.size() % 8) % 8;
  begin(kRecordHeaderTracingData);
  out_.u32(static_cast<uint32_t>(data.size() + padding)).u32(0);
  end();
  out_.bytes(data).zeros(padding);
}

void RecordEncoder::event_update_name(uint64_t id, std::string_view name) {
  constexpr uint64_t kUpdateName = 2;
  begin(kRecordEventUpdate);
  out_.u64(kUpdateName).u64(id).padded_string(name);
  end();
}

void RecordEncoder::id_index(std::span<const IdIndexEntry> entries) {
  constexpr size_t kMaxEntries = (kMaxRecordSize - kRecordHeaderSize - 8) / sizeof(IdIndexEntry);
  while (!entries.empty()) {
    const auto part = entries.first(std::min(entries.size(), kMaxEntries));
    entries = entries.subspan(part.size());
    begin(kRecordIdIndex);
    out_.u64(part.size());
    for (const IdIndexEntry& entry : part) {
      out_.u64(entry.id).u64(entry.index).u64(entry.cpu).u64(entry.tid);
    }
    end();
  }
}

void RecordEncoder::thread_map(std::span<const ThreadMapEntry> entries) {
  constexpr size_t kMaxEntries = (kMaxRecordSize - kRecordHeaderSize - 8) / (8 + kCommSize);
  entries = entries.first(std::min(entries.size(), kMaxEntries));
  begin(kRecordThreadMap);
  out_.u64(entries.size());
  for (const ThreadMapEntry& entry : entries) {
    const auto comm = entry.comm.substr(0, kCommSize - 1);
    out_.u64(entry.tid).text(comm).zeros(kCommSize - comm.size());
  }
  end();
}

void RecordEncoder::cpu_map(std::span<const uint16_t> cpus) {
  constexpr uint16_t kTypeCpus = 0;
  begin(kRecordCpuMap);
  out_.u16(kTypeCpus).u16(static_cast<uint16_t>(cpus.size())).bytes(std::as_bytes(cpus));
  out_.zeros((8 - (out_.size() - start_) % 8) % 8);
  end();
}

}  // namespace prof
