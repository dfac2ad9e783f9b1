// PerfEvent: one open perf_event_open descriptor. Used by perf_source, which owns many.
#pragma once

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/unique_fd.h"

namespace prof {

class PerfEvent {
 public:
  /// What an attribute does not say.
  struct Place {
    int group_fd = -1;     // of the first event of its group
    uint64_t config3 = 0;  // newer than the struct that files have
    int cgroup_fd = -1;    // of the cgroup whose threads are meant, instead of one thread
  };

  /// Opens `attr` for thread `tid` (-1: all) on `cpu` (-1: any). On failure an event that is not
  /// open, and errno says why.
  static PerfEvent open(const perf_event_attr& attr, pid_t tid, int cpu) {
    return open(attr, tid, cpu, Place{});
  }
  static PerfEvent open(const perf_event_attr& attr, pid_t tid, int cpu, Place place);

  explicit operator bool() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }
  bool enable() const;
  bool disable() const;
  /// Has only those hits of a tracepoint recorded that `filter` says.
  bool filter(const std::string& filter) const;
  /// Runs a BPF program, given by its descriptor, at each sample, also at those of events that
  /// inherit from this one. The program says whether the sample is recorded besides.
  bool attach(int program) const;
  /// Has its ring, if it has one, take no records until it is told otherwise.
  bool pause_output(bool paused) const;
  /// Sends the records to the ring of `other`, which is of the same CPU.
  bool redirect_to(const PerfEvent& other) const;
  /// The kernel's id, as in samples; 0 if it does not tell.
  uint64_t id() const;
  /// Records that found no room in the ring, for a `read_format` with ID and LOST, and with any but
  /// them. Of a group of `members`, whose first this is, it is the first one's.
  std::optional<uint64_t> lost(uint64_t read_format, size_t members) const;

 private:
  UniqueFd fd_;
};

}  // namespace prof
