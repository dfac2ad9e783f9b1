// ProcessTable: which code was mapped where, and what every thread was called, at any time of a
// recording. Filled in pass one from side-band records (in any order), asked in pass two.
// Knows fork, exec and exit; knows no record types.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/address.h"
#include "common/string_table.h"
#include "common/strong_id.h"
#include "object/dso.h"

namespace prof {

inline constexpr uint32_t kKernelPid = UINT32_MAX;

struct Mapping {
  VirtAddr start{}, end{};
  FileOffset offset{};  // of `start` in the file
  DsoId dso;
  bool absolute = false;  // the DSO's addresses are the process's own (kernel, JIT)

  bool contains(VirtAddr a) const { return a >= start && a < end; }
  /// perf's map_ip: the address relative to the DSO.
  uint64_t to_dso(VirtAddr a) const {
    return absolute ? raw(a) : raw(a) - raw(start) + raw(offset);
  }
};

/// A process between its birth and its end; pids are reused, processes are not.
using ProcessId = Id<struct ProcessTag>;

class ProcessTable {
 public:
  // Pass one. Times are those of the records; 0 means "before everything" (synthesized records).
  void add_mapping(uint32_t pid, uint64_t time, const Mapping& mapping);
  void add_comm(uint32_t pid, uint32_t tid, uint64_t time, StringId comm, bool exec);
  void add_fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid,
                uint64_t time);
  void add_exit(uint32_t pid, uint32_t tid, uint64_t time);
  /// Ends pass one: orders everything by time. Nothing may be added afterwards.
  void finish();

  // Pass two.
  /// The process that bore `pid` at `time`; invalid if the recording never mentioned it.
  ProcessId process_at(uint32_t pid, uint64_t time) const;
  /// A number that changes whenever the answers of find() change: equal (process, version) means
  /// equal address space. Valid processes only.
  uint32_t version_at(ProcessId process, uint64_t time) const;
  /// The newest mapping at `time` that holds `addr`; nullptr if none.
  const Mapping* find(ProcessId process, uint64_t time, VirtAddr addr) const;
  /// The same for the kernel's own mappings (pid kKernelPid).
  const Mapping* find_kernel(uint64_t time, VirtAddr addr) const;
  /// The name thread `tid` of `pid` had at `time`; invalid if never told. A thread without a name
  /// of its own has its parent's at the fork.
  StringId comm_at(uint32_t pid, uint32_t tid, uint64_t time) const;

 private:
  struct Impl;
  // Defined by the implementation.
  struct ProcessEvent {
    enum class Kind : uint8_t { Fork, Exec, Mapping, Exit } kind;
    uint64_t time;
    uint64_t sequence;
    uint32_t pid, parent_pid;
    Mapping mapping;
  };
  struct CommEvent {
    uint64_t time;
    uint64_t sequence;
    uint32_t pid, tid;
    uint32_t parent_pid, parent_tid;  // for forks; kKernelPid otherwise
    StringId comm;
  };
  struct TimedMapping {
    Mapping mapping;
    uint64_t begin;     // time from which it holds
    uint64_t sequence;  // breaks ties of `begin`
    uint64_t max_end;   // greatest end of this and all before it (sorted by start)
  };
  struct Process {
    uint32_t pid = 0;
    uint64_t birth = 0;
    ProcessId parent;  // whose mappings it inherited at birth
    uint32_t parent_version = 0;
    std::vector<TimedMapping> mappings;  // by start
    std::vector<uint64_t> changes;       // times at which the address space changed, ascending
    std::vector<uint64_t> execs;         // times, ascending
  };
  const Mapping* find_own(const Process& process, uint64_t time, VirtAddr addr) const;

  std::vector<ProcessEvent> process_events_;
  std::vector<CommEvent> comm_events_;
  uint64_t sequence_ = 0;
  std::vector<Process> processes_;
  std::unordered_map<uint32_t, std::vector<ProcessId>> by_pid_;  // by birth
  struct CommSpan {
    uint64_t begin;
    uint32_t pid;
    StringId comm;
  };
  std::unordered_map<uint32_t, std::vector<CommSpan>> comms_;  // by tid, each by begin
};

}  // namespace prof
