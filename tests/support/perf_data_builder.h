// PerfDataBuilder: makes perf.data byte by byte, in file or pipe form and either byte order. Used
// by unit tests, and by the program that writes the fuzzers' seeds.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_writer.h"
#include "perfdata/attr.h"
#include "perfdata/format.h"
#include "perfdata/record.h"

namespace prof::test {

/// Integers in this machine's byte order or the other one.
class EndianWriter {
 public:
  explicit EndianWriter(bool swap = false) : swap_(swap) {}
  EndianWriter& u8(uint8_t v) { return put(v); }
  EndianWriter& u16(uint16_t v) { return put(v); }
  EndianWriter& u32(uint32_t v) { return put(v); }
  EndianWriter& u64(uint64_t v) { return put(v); }
  EndianWriter& words(std::span<const uint64_t> values);
  EndianWriter& words(std::initializer_list<uint64_t> values) {
    return words(std::span(values.begin(), values.size()));
  }
  EndianWriter& bytes(std::span<const std::byte> data);
  EndianWriter& text(std::string_view data);
  EndianWriter& zeros(size_t count);
  /// A record's name: NUL-terminated, padded to 8.
  EndianWriter& name(std::string_view value);
  /// A feature's string: {u32 length, bytes padded to 64}, as perf writes it.
  EndianWriter& string(std::string_view value);
  EndianWriter& attr(const perf_event_attr& attr, uint32_t disk_size);

  bool swapped() const { return swap_; }
  size_t size() const { return out_.size(); }
  std::span<const std::byte> view() const { return out_.view(); }
  std::vector<std::byte> take() { return out_.take(); }

 private:
  template <std::integral T>
  EndianWriter& put(T value) {
    out_.put(swap_ ? byte_swapped(value) : value);
    return *this;
  }
  ByteWriter out_;
  bool swap_;
};

/// An event. The defaults are those of `record -F 99 -g` of cpu-clock on a whole machine.
struct AttrSpec {
  AttrSpec();
  perf_event_attr attr{};
  uint32_t disk_size = 128;  // bytes the attribute takes in the file
  std::vector<uint64_t> ids;
  std::string name = "cpu-clock";
};

/// Whose and when: the sample_id of records that are no samples.
struct When {
  uint32_t pid = 0, tid = 0;
  uint64_t time = 0;
  uint32_t cpu = 0;
  size_t event = 0;
};

/// A sample with every field; those that the event's sample_type has are written.
struct SampleSpec {
  size_t event = 0;
  uint16_t misc = PERF_RECORD_MISC_USER;
  uint64_t ip = 0;
  uint32_t pid = 0, tid = 0;
  uint64_t time = 0, addr = 0;
  std::optional<uint64_t> id;  // the event's first id
  uint64_t stream_id = 0;
  uint32_t cpu = 0;
  uint64_t period = 1;
  std::vector<uint64_t> read;
  std::vector<uint64_t> callchain;
  std::string raw;
  std::vector<std::array<uint64_t, 3>> branches;
  uint64_t branch_hw_index = 0;
  std::vector<uint64_t> branch_counters;
  uint64_t user_abi = 0;
  std::vector<uint64_t> user_registers;
  std::string user_stack;
  std::optional<uint64_t> user_stack_copied;  // dyn_size; all of it
  uint64_t weight = 0, data_src = 0, transaction = 0;
  uint64_t interrupt_abi = 0;
  std::vector<uint64_t> interrupt_registers;
  uint64_t phys_addr = 0, cgroup = 0, data_page_size = 0, code_page_size = 0;
  std::string aux;
};

struct MmapSpec {
  uint32_t pid = 0, tid = 0;
  uint64_t start = 0, length = 0, page_offset = 0;
  uint32_t major = 0, minor = 0;
  uint64_t inode = 0, generation = 0;
  std::vector<std::byte> build_id;  // MMAP2 only: replaces the inode
  uint32_t protection = 5, flags = 2;
  std::string filename;
  uint16_t misc = PERF_RECORD_MISC_USER;
  When when;
};

/// Order of calls: form (pipe(), swapped()) first, then attributes, then records and features.
class PerfDataBuilder {
 public:
  PerfDataBuilder& pipe();
  PerfDataBuilder& swapped();
  /// Records from here on go into COMPRESSED records of at most `chunk` bytes of input each, whole
  /// or not, in one zstd stream; with `version` 2, into COMPRESSED2. Rounds stay outside.
  PerfDataBuilder& compressed(int level = 3, size_t chunk = 64, int version = 1);

  PerfDataBuilder& attr(AttrSpec spec = {});
  PerfDataBuilder& mmap(const MmapSpec& spec);
  PerfDataBuilder& mmap2(const MmapSpec& spec);
  PerfDataBuilder& comm(uint32_t pid, uint32_t tid, std::string_view name, bool exec = false,
                        When when = {});
  PerfDataBuilder& fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid,
                        When when = {});
  PerfDataBuilder& exit(uint32_t pid, uint32_t tid, When when = {});
  PerfDataBuilder& lost(uint64_t id, uint64_t count, When when = {});
  PerfDataBuilder& lost_samples(uint64_t count, bool by_filter = false, When when = {});
  PerfDataBuilder& throttle(bool throttled, When when);
  PerfDataBuilder& ksymbol(uint64_t addr, uint32_t length, std::string_view name, When when = {});
  PerfDataBuilder& sample(const SampleSpec& spec);
  PerfDataBuilder& round();
  /// Any record: the body is followed by a sample_id if `when` is given.
  PerfDataBuilder& record(uint32_t type, uint16_t misc, std::span<const std::byte> body,
                          std::optional<When> when = {});
  PerfDataBuilder& feature(uint32_t bit, std::vector<std::byte> payload);
  PerfDataBuilder& feature(uint32_t bit, std::string_view text);
  /// EVENT_DESC of all attributes so far: where a file keeps their names.
  PerfDataBuilder& event_desc();

  /// A body of the right byte order to fill for record() and feature().
  EndianWriter body() const { return EndianWriter(swap_); }
  /// The whole recording.
  std::vector<std::byte> bytes();
  /// The data section alone.
  std::vector<std::byte> data();
  bool is_swapped() const { return swap_; }
  /// The attributes as a reader would have them.
  EventTable events() const;

 private:
  void put_record(uint32_t type, uint16_t misc, std::span<const std::byte> body);
  std::vector<std::byte> as_record(uint32_t type, uint16_t misc,
                                   std::span<const std::byte> body) const;
  void put_sample_id(EndianWriter& out, const When& when) const;
  void flush_compressed();
  std::vector<std::byte> file_bytes();
  std::vector<std::byte> pipe_bytes();

  struct Compression;
  bool pipe_ = false;
  bool swap_ = false;
  std::vector<AttrSpec> attrs_;
  ByteWriter data_;
  ByteWriter pending_;  // to be compressed
  std::shared_ptr<Compression> compression_;
  std::vector<std::pair<uint32_t, std::vector<std::byte>>> features_;
};

/// The records of an uncompressed data section, as a cursor gives them. `data` outlives them.
std::vector<RecordView> split_records(std::span<const std::byte> data, bool swap);

}  // namespace prof::test
