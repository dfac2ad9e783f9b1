// RecordEncoder: builds the records that no kernel writes: what already ran when a recording began.
// Called by record's synthesis and by the writer; tests use it to make files.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/build_id.h"
#include "common/byte_writer.h"
#include "perfdata/format.h"

namespace prof {

/// How much of perf_event_attr is written: VER7. perf 6.1 refuses a longer one, and nothing that
/// prof sets lies behind it.
inline constexpr uint32_t kWrittenAttrSize = PERF_ATTR_SIZE_VER7;
static_assert(sizeof(perf_event_attr) >= kWrittenAttrSize);

/// A record's size is 16 bits wide, and perf wants it to be a multiple of 8.
inline constexpr size_t kMaxRecordSize = 65528;

/// `attr` cut to kWrittenAttrSize, its size field saying so.
void encode_attr(ByteWriter& out, const perf_event_attr& attr);

/// What an MMAP2 record says. With a build id it carries that, else device and inode.
struct Mmap2Fields {
  CpuMode cpu_mode = CpuMode::User;
  uint32_t pid = 0, tid = 0;
  uint64_t start = 0, length = 0, page_offset = 0;
  uint32_t major = 0, minor = 0;
  uint64_t inode = 0;
  BuildId build_id;
  uint32_t protection = 0, flags = 0;  // PROT_*, MAP_*
  bool data = false;                   // not executable
  std::string_view filename;
};

struct IdIndexEntry {
  uint64_t id = 0, index = 0;
  uint64_t cpu = 0, tid = 0;  // UINT64_MAX: any
};

struct ThreadMapEntry {
  uint64_t tid = 0;  // UINT64_MAX: all threads
  std::string_view comm;
};

/// Appends whole records to a buffer. Records of kernel types get a trailing sample_id of zeros,
/// which readers take for "before everything".
class RecordEncoder {
 public:
  /// `id_size` is sample_id_size() (decode.h) of the recording's events.
  explicit RecordEncoder(size_t id_size) : id_size_(id_size) {}

  void comm(uint32_t pid, uint32_t tid, std::string_view comm);
  void fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid);
  void mmap2(const Mmap2Fields& fields);
  void lost_samples(uint64_t lost);
  void ksymbol(uint64_t addr, uint32_t length, uint16_t type, std::string_view name);
  /// `dev_inode_pairs` has two for each kind of namespace, in the kernel's order.
  void namespaces(uint32_t pid, uint32_t tid, std::span<const uint64_t> dev_inode_pairs);
  void cgroup(uint64_t id, std::string_view path);
  void bpf_event(uint16_t type, uint32_t id, std::span<const std::byte> tag);

  // perf's own types, without a sample_id.
  void header_attr(const perf_event_attr& attr, std::span<const uint64_t> ids);
  void header_feature(uint64_t feature, std::span<const std::byte> payload);
  /// TRACING_DATA, which is not a part of the record itself.
  void header_tracing_data(std::span<const std::byte> data);
  void event_update_name(uint64_t id, std::string_view name);
  /// As many records as the entries need.
  void id_index(std::span<const IdIndexEntry> entries);
  void thread_map(std::span<const ThreadMapEntry> entries);
  void cpu_map(std::span<const uint16_t> cpus);
  void finished_init() { empty(kRecordFinishedInit); }
  void finished_round() { empty(kRecordFinishedRound); }

  std::span<const std::byte> view() const { return out_.view(); }
  size_t size() const { return out_.size(); }
  void clear() { out_.clear(); }

 private:
  void begin(uint32_t type, uint16_t misc = 0);
  /// Fills in the size of the record that begin() opened.
  void end();
  void end_with_sample_id();
  void empty(uint32_t type);

  ByteWriter out_;
  size_t start_ = 0;  // of the record being built
  size_t id_size_;
};

}  // namespace prof
