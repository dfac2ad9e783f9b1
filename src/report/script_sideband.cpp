#include "report/script_sideband.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <type_traits>
#include <variant>

#include "perfdata/format.h"

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

void write(std::string& out, const MmapRecord& mmap) {
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
  out += fmt::format("PERF_RECORD_{} {}/{}: [{}({}) @ {}{}]: {} {}\n",
                     mmap.version2 ? "MMAP2" : "MMAP", as_int(mmap.pid), as_int(mmap.tid),
                     hex(mmap.start), hex(mmap.length), hex(mmap.page_offset), identity, kind,
                     mmap.filename);
}

void write(std::string& out, const CommRecord& comm) {
  out += fmt::format("PERF_RECORD_COMM{}: {}:{}/{}\n", comm.exec ? " exec" : "", comm.comm,
                     as_int(comm.pid), as_int(comm.tid));
}

void write(std::string& out, const TaskRecord& task) {
  out +=
      fmt::format("PERF_RECORD_{}({}:{}):({}:{})\n", task.fork ? "FORK" : "EXIT", as_int(task.pid),
                  as_int(task.tid), as_int(task.parent_pid), as_int(task.parent_tid));
}

void write(std::string& out, const SwitchRecord& record) {
  out += fmt::format("PERF_RECORD_{} {}", record.cpu_wide ? "SWITCH_CPU_WIDE" : "SWITCH",
                     !record.out        ? "IN         "
                     : record.preempted ? "OUT preempt"
                                        : "OUT        ");
  if (record.cpu_wide) {
    out += fmt::format("  {} pid/tid: {:5}/{:<5}", record.out ? "next" : "prev",
                       as_int(record.next_prev_pid), as_int(record.next_prev_tid));
  }
  out += "\n";
}

void write(std::string& out, const LostRecord& lost) {
  out += fmt::format("PERF_RECORD_LOST lost {}\n", lost.lost);
}

void write(std::string& out, const LostSamplesRecord& lost) {
  out += fmt::format("PERF_RECORD_LOST_SAMPLES lost {}{}\n", lost.lost,
                     lost.by_filter ? " (by a filter)" : "");
}

void write(std::string& out, const NamespacesRecord& record) {
  // The kernel's order: include/uapi/linux/perf_event.h, NET_NS_INDEX and so on.
  constexpr std::array<std::string_view, 7> kNames = {"net",  "uts", "ipc",   "pid",
                                                      "user", "mnt", "cgroup"};
  constexpr size_t kInALine = 4;
  const U64View& pairs = record.dev_inode_pairs;
  const size_t count = pairs.size() / 2;
  out += fmt::format("PERF_RECORD_NAMESPACES {}/{} - nr_namespaces: {}\n", as_int(record.pid),
                     as_int(record.tid), count);
  for (size_t i = 0; i < count; ++i) {
    out += (i == 0 ? "\t\t[" : i % kInALine == 0 ? "\n\t\t " : "");
    out += fmt::format("{}/{}: {}/{}{}", i, i < kNames.size() ? kNames[i] : "", pairs[2 * i],
                       hex(pairs[2 * i + 1]), i + 1 == count ? "]\n" : ", ");
  }
}

void write(std::string& out, const KsymbolRecord& record) {
  out += fmt::format("PERF_RECORD_KSYMBOL addr {:x} len {} type {} flags 0x{:x} name {}\n",
                     record.addr, record.length, record.type, record.flags, record.name);
}

/// As perf's dump of bytes, sixteen in a row.
void write_bytes(std::string& out, std::string_view what, std::span<const std::byte> bytes) {
  constexpr size_t kInARow = 16;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kInARow == 0) out += fmt::format("            {} bytes:", what);
    out += fmt::format(" {:02x}", std::to_integer<unsigned>(bytes[i]));
    if (i % kInARow == kInARow - 1 || i + 1 == bytes.size()) out += '\n';
  }
}

void write_poke(std::string& out, const TextPokeRecord& record, std::string_view function) {
  out += fmt::format("PERF_RECORD_TEXT_POKE {:x} {} old len {} new len {}\n", record.addr, function,
                     record.old_bytes.size(), record.new_bytes.size());
  write_bytes(out, "Old", record.old_bytes);
  write_bytes(out, "New", record.new_bytes);
}

void write(std::string& out, const BpfEventRecord& record) {
  out += fmt::format("PERF_RECORD_BPF_EVENT type {}, flags {}, id {}\n", record.type, record.flags,
                     record.id);
}

void write(std::string& out, const CgroupRecord& record) {
  out += fmt::format("PERF_RECORD_CGROUP cgroup: {} {}\n", record.id, record.path);
}

void write(std::string& out, const FinishedRoundRecord&) {
  out += "PERF_RECORD_FINISHED_ROUND\n";
}

/// What else there is, is not printed.
template <class T>
void write(std::string&, const T&) {}

template <class T>
concept HasTask = requires(const T& record) {
  record.pid;
  record.tid;
};
template <class T>
concept HasSampleId = requires(const T& record) {
  record.sample_id;
};

}  // namespace

bool SidebandKinds::shows(uint32_t record_type) const {
  switch (record_type) {
    case kRecordMmap:
    case kRecordMmap2:
      return mmap;
    case kRecordComm:
    case kRecordFork:
    case kRecordExit:
      return task;
    case kRecordSwitch:
    case kRecordSwitchCpuWide:
      return switches;
    case kRecordLost:
    case kRecordLostSamples:
      return lost;
    case kRecordNamespaces:
      return namespaces;
    case kRecordCgroup:
      return cgroup;
    case kRecordKsymbol:
    case kRecordBpfEvent:
      return bpf;
    case kRecordTextPoke:
      return text_poke;
    case kRecordFinishedRound:
      return round;
    default:
      return false;
  }
}

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
  return std::visit(
      []<class T>(const T& body) -> SidebandOwner {
        if constexpr (std::is_same_v<T, TaskRecord>) {
          return {body.pid, body.tid, body.time, body.sample_id};
        } else if constexpr (HasTask<T> && HasSampleId<T>) {
          return {body.pid, body.tid, 0, body.sample_id};
        } else if constexpr (HasSampleId<T>) {
          return {body.sample_id.pid, body.sample_id.tid, body.sample_id.time, body.sample_id};
        } else {
          return {};
        }
      },
      record);
}

std::string_view misc_words(const Record& record) {
  if (const auto* mmap = std::get_if<MmapRecord>(&record); mmap && mmap->data) return "M";
  if (const auto* comm = std::get_if<CommRecord>(&record); comm && comm->exec) return "E";
  if (const auto* change = std::get_if<SwitchRecord>(&record); change && change->out) {
    return change->preempted ? "Sp" : "S";
  }
  return {};
}

std::string sideband_text(const Record& record, std::string_view function) {
  std::string out;
  if (const auto* poke = std::get_if<TextPokeRecord>(&record)) {
    write_poke(out, *poke, function);
    return out;
  }
  std::visit([&out](const auto& body) { write(out, body); }, record);
  return out;
}

}  // namespace prof
