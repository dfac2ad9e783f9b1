// ProcessTable: which code was mapped where, and what every thread was called, at any time of a
// recording. Filled in pass one from side-band records (in any order), asked in pass two.
// Knows fork, exec and exit; knows no record types.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/address.h"
#include "common/string_table.h"
#include "common/strong_id.h"
#include "object/dso.h"

namespace prof {

inline constexpr uint32_t kKernelPid = UINT32_MAX;
/// Under which the kernels of virtual machines are kept: no process has it.
inline constexpr uint32_t kGuestKernelPid = UINT32_MAX - 1;

/// Whose a mapping's bytes are, as far as recordings of data say.
enum class Backing : uint8_t {
  File,       // a file's, or unknown
  Anonymous,  // the process's alone
  Shared,     // a file's that others write, too; without code
};

struct Mapping {
  VirtAddr start{}, end{};
  FileOffset offset{};  // of `start` in the file
  DsoId dso;
  bool absolute = false;  // the DSO's addresses are the process's own (kernel, JIT)
  Backing backing = Backing::File;

  bool contains(VirtAddr a) const { return a >= start && a < end; }
  /// perf's map_ip: the address relative to the DSO.
  uint64_t to_dso(VirtAddr a) const {
    return absolute ? raw(a) : raw(a) - raw(start) + raw(offset);
  }
};

/// A process between its birth and its end; pids are reused, processes are not.
using ProcessId = Id<struct ProcessTag>;

/// What holds for a thread in the time span [valid_from, valid_until).
struct ThreadState {
  ProcessId process;     // invalid if the recording never mentioned the pid
  uint32_t version = 0;  // equal (process, version) means an equal address space
  StringId comm;         // invalid if never told
  uint64_t valid_from = 0;
  uint64_t valid_until = UINT64_MAX;
};

class ProcessTable {
 public:
  // Pass one. Times are those of the records; 0 means "before everything" (synthesized records).
  void add_mapping(uint32_t pid, uint64_t time, const Mapping& mapping);
  void add_comm(uint32_t pid, uint32_t tid, uint64_t time, StringId comm, bool exec);
  /// A new process (pid != parent_pid) inherits its parent's mappings unless `inherits` is false,
  /// which recorders say of processes whose mappings they list themselves. A new thread has its
  /// parent's name.
  void add_fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid, uint64_t time,
                bool inherits);
  /// Code that a JIT compiler put somewhere, from `time` on. It lies on top of the mappings, whose
  /// changes (mprotect is told as a new one) do not end it; only newer code does.
  void add_code(uint32_t pid, uint64_t time, const Mapping& code);
  /// Ends pass one: orders everything by time. Nothing may be added afterwards.
  void finish();

  // Pass two.
  ThreadState state_at(uint32_t pid, uint32_t tid, uint64_t time) const;
  /// The newest mapping at `time` that holds `addr`; nullptr if none, or for an invalid process.
  /// Where the image of the last exec has none, those before it are asked.
  const Mapping* find(ProcessId process, uint64_t time, VirtAddr addr) const;
  /// The newest code of add_code() at `time` that holds `addr`, or the first one later: before it
  /// was told nothing else can have been there. nullptr if there is none.
  const Mapping* find_code(ProcessId process, uint64_t time, VirtAddr addr) const;
  /// All of add_code(), by process, then by address.
  void for_each_code(
      const std::function<void(uint32_t pid, uint64_t time, const Mapping&)>& visit) const;
  /// find(), and how far around `addr` that is the answer, at least: up to the next beginning or
  /// end of any mapping that the process ever had there.
  struct Extent {
    const Mapping* mapping = nullptr;
    VirtAddr begin{}, end{};
  };
  Extent find_extent(ProcessId process, uint64_t time, VirtAddr addr) const;
  /// The same of find_code(). Where that is nullptr, the extent is of addresses that have no code.
  Extent find_code_extent(ProcessId process, uint64_t time, VirtAddr addr) const;
  /// The same for the kernel's own mappings (pid kKernelPid).
  const Mapping* find_kernel(uint64_t time, VirtAddr addr) const {
    return find_of(kKernelPid, time, addr);
  }
  /// Of the first process of this pid.
  const Mapping* find_of(uint32_t pid, uint64_t time, VirtAddr addr) const;

 private:
  struct TimedMapping {
    Mapping mapping;
    uint64_t begin;      // time from which it holds
    uint64_t ordinal;    // position among all events by time: the newest wins
    VirtAddr max_end{};  // greatest end of this and all before it in the array
  };
  struct Exec {
    uint64_t time;
    uint64_t ordinal;
  };
  struct Process {
    uint64_t birth = 0;
    ProcessId parent;                    // whose mappings it inherited at birth; always a lower id
    std::vector<TimedMapping> mappings;  // by start
    std::vector<TimedMapping> code;      // of add_code(), by start
    std::vector<uint64_t> changes;       // times at which the address space changed, ascending
    std::vector<Exec> execs;             // ascending
  };
  struct Birth {
    uint64_t time;
    ProcessId process;
  };
  struct CommSpan {
    uint64_t begin;
    StringId comm;
  };
  struct Event;
  struct Replay;

  enum class Images : bool { Current, All };  // since the last exec, or those before it, too
  const Mapping* find_in(ProcessId id, uint64_t time, VirtAddr addr, Images images) const;
  const Mapping* find_own(const Process& process, uint64_t time, VirtAddr addr,
                          Images images) const;

  std::vector<Event> events_;  // of pass one
  std::vector<Process> processes_;
  std::unordered_map<uint32_t, std::vector<Birth>> by_pid_;    // ascending
  std::unordered_map<uint32_t, std::vector<CommSpan>> comms_;  // by tid, ascending
};

/// What add_* noted: one kind of event of one process or thread.
struct ProcessTable::Event {
  enum class Kind : uint8_t { Mapping, Code, Comm, Exec, Fork };
  Kind kind = Kind::Comm;
  bool inherits = false;
  uint64_t time = 0;
  uint32_t pid = 0, tid = 0, parent_pid = 0, parent_tid = 0;
  StringId comm;
  Mapping mapping;
};

}  // namespace prof
