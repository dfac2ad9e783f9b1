// Record: what a recording's data section is made of, as views into the file. Made by decode.h.
#pragma once

#include <linux/perf_event.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "common/build_id.h"
#include "common/byte_reader.h"
#include "perfdata/format.h"

namespace prof {

/// One record as it lies in the file, header already in host byte order. Valid until the next
/// next() of the cursor that gave it.
struct RecordView {
  perf_event_header header{};
  std::span<const std::byte> payload;  // header.size - 8 bytes
  uint64_t offset = 0;  // of the header in the file, or of the enclosing compressed record
  CpuMode cpu_mode() const { return static_cast<CpuMode>(header.misc & kMiscCpumodeMask); }
};

/// What perf appends to every record that is no sample (sample_id_all); absent fields are 0,
/// and `time` is 0 for records that perf made itself.
struct SampleId {
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint64_t time = 0;
  uint64_t id = 0;
  uint64_t stream_id = 0;
  uint32_t cpu = 0;
};

/// PERF_RECORD_SAMPLE, every field; which are present is in the event's sample_type.
struct SampleRecord {
  uint32_t event = 0;  // index in the EventTable
  uint16_t misc = 0;
  uint64_t ip = 0;
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint64_t time = 0;  // ns of the recording's clock
  uint64_t addr = 0;
  uint64_t id = 0;
  uint64_t stream_id = 0;
  uint32_t cpu = 0;
  uint64_t period = 1;
  std::span<const std::byte> read;  // as read_format lays it out
  U64View callchain;                // leaf first, with context markers
  std::span<const std::byte> raw;
  std::span<const std::byte> branch_stack;  // entries of 24 bytes
  uint64_t branch_hw_index = 0;
  std::span<const std::byte> branch_counters;
  uint64_t user_abi = 0;
  U64View user_registers;
  std::span<const std::byte> user_stack;  // already cut to dyn_size
  uint64_t weight = 0;
  uint64_t data_src = 0;
  uint64_t transaction = 0;
  uint64_t interrupt_abi = 0;
  U64View interrupt_registers;
  uint64_t phys_addr = 0;
  uint64_t cgroup = 0;
  uint64_t data_page_size = 0;
  uint64_t code_page_size = 0;
  std::span<const std::byte> aux;

  CpuMode cpu_mode() const { return static_cast<CpuMode>(misc & kMiscCpumodeMask); }
};

/// MMAP and MMAP2.
struct MmapRecord {
  bool version2 = false;
  bool data = false;  // not executable
  CpuMode cpu_mode = CpuMode::Unknown;
  uint32_t pid = 0;  // UINT32_MAX for the kernel's own
  uint32_t tid = 0;
  uint64_t start = 0;
  uint64_t length = 0;
  uint64_t page_offset = 0;
  uint32_t major = 0, minor = 0;
  uint64_t inode = 0, inode_generation = 0;
  BuildId build_id;  // instead of the inode, where the file has it
  uint32_t protection = 0, flags = 0;
  std::string_view filename;
  SampleId sample_id;
};

struct CommRecord {
  uint32_t pid = 0, tid = 0;
  bool exec = false;
  std::string_view comm;
  SampleId sample_id;
};

/// FORK and EXIT.
struct TaskRecord {
  bool fork = false;
  uint16_t misc = 0;
  uint32_t pid = 0, parent_pid = 0, tid = 0, parent_tid = 0;
  uint64_t time = 0;
  SampleId sample_id;
};

struct LostRecord {
  uint64_t id = 0, lost = 0;
  SampleId sample_id;
};

struct LostSamplesRecord {
  uint64_t lost = 0;
  bool by_filter = false;  // dropped on purpose, no loss
  SampleId sample_id;
};

struct ThrottleRecord {
  bool throttled = false;  // false: unthrottled
  uint64_t time = 0, id = 0, stream_id = 0;
  SampleId sample_id;
};

struct ReadRecord {
  uint32_t pid = 0, tid = 0;
  std::span<const std::byte> values;
  SampleId sample_id;
};

struct SwitchRecord {
  bool cpu_wide = false, out = false, preempted = false;
  uint32_t next_prev_pid = 0, next_prev_tid = 0;
  SampleId sample_id;
};

struct NamespacesRecord {
  uint32_t pid = 0, tid = 0;
  U64View dev_inode_pairs;
  SampleId sample_id;
};

struct KsymbolRecord {
  uint64_t addr = 0;
  uint32_t length = 0;
  uint16_t type = 0, flags = 0;  // flags bit 0: unregistered
  std::string_view name;
  SampleId sample_id;
};

/// That the kernel changed its own code.
struct TextPokeRecord {
  uint64_t addr = 0;
  std::span<const std::byte> old_bytes, new_bytes;
  SampleId sample_id;
};

struct BpfEventRecord {
  uint16_t type = 0, flags = 0;
  uint32_t id = 0;
  std::array<std::byte, 8> tag{};
  SampleId sample_id;
};

struct CgroupRecord {
  uint64_t id = 0;
  std::string_view path;
  SampleId sample_id;
};

struct AuxRecord {
  uint64_t offset = 0, size = 0, flags = 0;  // flags bit 0: truncated
  SampleId sample_id;
};

/// The user's part of call chains, taken when the kernel was about to return to it.
struct CallchainDeferredRecord {
  uint64_t cookie = 0;  // as in the chains that it belongs to
  U64View callchain;    // leaf first, with its context marker
  SampleId sample_id;
};

struct BuildIdRecord {
  uint16_t misc = 0;
  int32_t pid = 0;
  BuildId build_id;
  std::string_view filename;
};

struct IdIndexRecord {
  U64View entries;  // {id, idx, cpu, tid} each
  U64View guests;   // {machine_pid, vcpu} of each, if any of them is a guest's; else empty
};

struct ThreadMapRecord {
  std::span<const std::byte> entries;  // {u64 pid; char comm[16]} each
};

struct CpuMapRecord {
  uint16_t type = 0;
  std::span<const std::byte> data;
};

struct EventUpdateRecord {
  uint64_t type = 0, id = 0;
  std::span<const std::byte> data;
};

struct FinishedRoundRecord {};
struct FinishedInitRecord {};

/// A record whose body prof has no use for, or a type it does not know: skipped by size, counted.
struct UnknownRecord {
  uint32_t type = 0;
};

using Record =
    std::variant<UnknownRecord, SampleRecord, MmapRecord, CommRecord, TaskRecord, LostRecord,
                 LostSamplesRecord, ThrottleRecord, ReadRecord, SwitchRecord, NamespacesRecord,
                 KsymbolRecord, TextPokeRecord, BpfEventRecord, CgroupRecord, AuxRecord,
                 CallchainDeferredRecord, BuildIdRecord, IdIndexRecord, ThreadMapRecord,
                 CpuMapRecord, EventUpdateRecord, FinishedRoundRecord, FinishedInitRecord>;

}  // namespace prof
