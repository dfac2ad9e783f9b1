// The lines of `prof script` for records that are no samples: mappings, tasks, switches,
// losses, namespaces, cgroups, BPF programs. Used by script where --show-…-events asks for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "perfdata/record.h"

namespace prof {

/// Which records that are no samples are to be shown.
struct SidebandKinds {
  bool mmap = false, task = false, switches = false, lost = false, namespaces = false,
       cgroup = false, bpf = false, round = false, text_poke = false;
  /// Whether it is to be shown of records of this type.
  bool shows(uint32_t record_type) const;
  bool any() const {
    return mmap || task || switches || lost || namespaces || cgroup || bpf || round || text_poke;
  }
};

/// What each thread is called at the record that is being printed. Fed with every COMM and FORK in
/// the order of printing, because most of them (those of processes that were there already) have no
/// time by which to ask a ProcessTable.
class ThreadNames {
 public:
  void apply(const Record& record);
  std::string name(uint32_t tid) const;

 private:
  std::unordered_map<uint32_t, std::string> names_ = {{0, "swapper"}};
};

/// Whose record it is by its body, the time if the body has one, and what the kernel appended.
struct SidebandOwner {
  uint32_t pid = 0, tid = 0;
  uint64_t time = 0;
  SampleId sample_id;
};
SidebandOwner sideband_owner(const Record& record);

/// perf's letters for the bits of misc that are a record's own: "E" of a COMM by exec, "Sp" of a
/// SWITCH that was preempted.
std::string_view misc_words(const Record& record);

/// `function`: where the kernel changed its code, "read_tsc+0x4"; empty if that is not known.
/// "PERF_RECORD_MMAP2 11/11: [0x400000(0x1000) @ 0 08:01 5 0]: r-xp /bin/demo" and the like, with
/// the newline; empty for records that have no text.
std::string sideband_text(const Record& record, std::string_view function = {});

}  // namespace prof
