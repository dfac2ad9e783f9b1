#include "report/script_sideband.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <variant>

namespace prof {

namespace {

/// perf prints pids as int: the kernel's own is -1.
int32_t as_int(uint32_t pid) {
  return static_cast<int32_t>(pid);
}

/// "%#lx", which has no prefix for 0.
std::string hex(uint64_t value) {
  return value == 0 ? "0" : fmt::format("0x{:x}", value);
}

void write(Output& out, const MmapRecord& mmap) {
  std::string identity;
  std::string kind(1, mmap.data ? 'r' : 'x');
  if (mmap.version2) {
    identity = mmap.build_id.empty() ? fmt::format(" {:02x}:{:02x} {} {}", mmap.major, mmap.minor,
                                                   mmap.inode, mmap.inode_generation)
                                     : fmt::format(" <{}>", mmap.build_id.hex());
    kind = {(mmap.protection & PROT_READ) != 0 ? 'r' : '-',
            (mmap.protection & PROT_WRITE) != 0 ? 'w' : '-',
            (mmap.protection & PROT_EXEC) != 0 ? 'x' : '-',
            (mmap.flags & MAP_SHARED) != 0 ? 's' : 'p'};
  }
  out << fmt::format("PERF_RECORD_{} {}/{}: [{}({}) @ {}{}]: {} {}\n",
                     mmap.version2 ? "MMAP2" : "MMAP", as_int(mmap.pid), as_int(mmap.tid),
                     hex(mmap.start), hex(mmap.length), hex(mmap.page_offset), identity, kind,
                     mmap.filename);
}

void write(Output& out, const CommRecord& comm) {
  out << fmt::format("PERF_RECORD_COMM{}: {}:{}/{}\n", comm.exec ? " exec" : "", comm.comm,
                     as_int(comm.pid), as_int(comm.tid));
}

void write(Output& out, const TaskRecord& task) {
  out << fmt::format("PERF_RECORD_{}({}:{}):({}:{})\n", task.fork ? "FORK" : "EXIT",
                     as_int(task.pid), as_int(task.tid), as_int(task.parent_pid),
                     as_int(task.parent_tid));
}

void write(Output& out, const SwitchRecord& record) {
  out << fmt::format("PERF_RECORD_{} {}", record.cpu_wide ? "SWITCH_CPU_WIDE" : "SWITCH",
                     !record.out        ? "IN         "
                     : record.preempted ? "OUT preempt"
                                        : "OUT        ");
  if (record.cpu_wide) {
    out << fmt::format("  {} pid/tid: {:5}/{:<5}", record.out ? "next" : "prev",
                       as_int(record.next_prev_pid), as_int(record.next_prev_tid));
  }
  out << "\n";
}

}  // namespace

void ThreadNames::apply(const Record& record) {
  if (const auto* comm = std::get_if<CommRecord>(&record)) {
    names_[comm->tid] = comm->comm;
  } else if (const auto* task = std::get_if<TaskRecord>(&record); task && task->fork) {
    const auto parent = names_.find(task->parent_tid);
    if (parent == names_.end()) {
      names_.erase(task->tid);
    } else {
      names_[task->tid] = std::string(parent->second);
    }
  }
}

std::string ThreadNames::name(uint32_t tid) const {
  const auto found = names_.find(tid);
  return found == names_.end() ? fmt::format(":{}", as_int(tid)) : found->second;
}

SidebandOwner sideband_owner(const Record& record) {
  if (const auto* mmap = std::get_if<MmapRecord>(&record)) {
    return {mmap->pid, mmap->tid, 0, mmap->sample_id};
  }
  if (const auto* comm = std::get_if<CommRecord>(&record)) {
    return {comm->pid, comm->tid, 0, comm->sample_id};
  }
  if (const auto* task = std::get_if<TaskRecord>(&record)) {
    return {task->pid, task->tid, task->time, task->sample_id};
  }
  if (const auto* change = std::get_if<SwitchRecord>(&record)) {
    return {change->sample_id.pid, change->sample_id.tid, change->sample_id.time,
            change->sample_id};
  }
  return {};
}

void write_sideband(Output& out, const Record& record) {
  if (const auto* mmap = std::get_if<MmapRecord>(&record)) write(out, *mmap);
  if (const auto* comm = std::get_if<CommRecord>(&record)) write(out, *comm);
  if (const auto* task = std::get_if<TaskRecord>(&record)) write(out, *task);
  if (const auto* change = std::get_if<SwitchRecord>(&record)) write(out, *change);
}

}  // namespace prof
