// The lines of `prof script` for records that are no samples: mappings, tasks, switches. Used by
// script where --show-mmap-events, --show-task-events or --show-switch-events asks for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/output.h"
#include "perfdata/record.h"

namespace prof {

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

/// "PERF_RECORD_MMAP2 11/11: [0x400000(0x1000) @ 0 08:01 5 0]: r-xp /bin/demo" and the like, with
/// the newline.
void write_sideband(Output& out, const Record& record);

}  // namespace prof
