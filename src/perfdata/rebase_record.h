// RecordRebaser: records of one recording as records of another one: with its event ids, in its
// range of process ids, with the kernel where that one has it. Used by merge.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "perfdata/decode.h"
#include "perfdata/record.h"

namespace prof {

/// What is different there. Byte orders are the same.
struct Rebase {
  std::unordered_map<uint64_t, uint64_t> ids;      // of events; those not in it become 0
  std::vector<uint64_t> first_ids;                 // by event: for samples that have none
  std::unordered_map<uint64_t, uint16_t> formats;  // ids of tracepoints' formats that differ
  uint32_t pid_offset = 0;                         // for all but the idle task's and the kernel's
  std::string comm_suffix;                         // "@web2"
  uint64_t cgroup_offset = 0;
  // The kernel's text by the recording's kernel mapping moves by `text_delta`; all else in its half
  // of the address space by `rest_delta`. Both wrap.
  uint64_t text_start = 0, text_end = 0, text_delta = 0, rest_delta = 0;
  /// Of files that others have other files by the names of: put into their mappings, as far as
  /// these have room (MMAP2).
  std::map<std::string, BuildId, std::less<>> build_ids;
  std::string kernel_name;  // instead of "[kernel.kallsyms]…"; empty: as it is

  /// XORed with the cookies of deferred call chains: those of several boots may be equal.
  uint64_t cookies = 0;

  uint32_t pid(uint32_t old) const {
    return old == 0 || old == UINT32_MAX ? old : old + pid_offset;
  }
  uint64_t kernel_address(uint64_t address) const {
    if (address >> 63 == 0) return address;
    return address + (address >= text_start && address < text_end ? text_delta : rest_delta);
  }
};

class RecordRebaser {
 public:
  /// Both outlive this.
  RecordRebaser(const EventTable& events, const Decoder& decoder, Rebase rebase)
      : events_(events), decoder_(decoder), rebase_(std::move(rebase)) {}

  const Rebase& rebase() const { return rebase_; }
  /// The record with an identifier of its event in any case: at the start of a sample, at the end
  /// of others. False for what cannot be decoded, and for records that are not of the kernel. `out`
  /// is a view of a buffer that holds until the next call.
  bool rewrite(const RecordView& view, RecordView& out);

 private:
  bool rewrite_sample(const RecordView& view);
  bool rewrite_other(const RecordView& view);
  void rewrite_mapping(const MmapRecord& mmap, uint32_t type);
  void rewrite_comm(const CommRecord& comm);
  void rewrite_read(size_t at, size_t size, uint64_t format);
  void append_sample_id(const RecordView& view, const SampleId& id, const EventAttr& event);
  uint64_t new_id(uint64_t id) const {
    const auto found = rebase_.ids.find(id);
    return found == rebase_.ids.end() ? 0 : found->second;
  }
  uint32_t new_pid(uint32_t pid) const { return rebase_.pid(pid); }
  template <class T>
  T at(size_t offset) const;
  template <class T>
  void patch(size_t offset, T value);
  void patch_pid(size_t offset) { patch(offset, new_pid(at<uint32_t>(offset))); }
  void patch_id(size_t offset) { patch(offset, new_id(at<uint64_t>(offset))); }

  const EventTable& events_;
  const Decoder& decoder_;
  const Rebase rebase_;
  std::vector<std::byte> buffer_;
  uint16_t more_misc_ = 0;  // of the header
};

}  // namespace prof
