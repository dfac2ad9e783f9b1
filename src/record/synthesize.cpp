#include "record/synthesize.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "common/text_file.h"
#include "common/unique_fd.h"
#include "object/build_id_reader.h"
#include "record/cgroup.h"

namespace prof {

namespace {

constexpr size_t kEmitSize = 32 << 10;

struct TaskStat {
  std::string comm;
  pid_t parent = 0;
};

/// From /proc/PID/stat: "1234 (a name) with) R 1 …". The name may hold anything but its last ')'.
std::optional<TaskStat> read_task_stat(const std::string& directory) {
  const auto text = read_text_file(directory + "/stat", 4096);
  if (!text) return std::nullopt;
  const auto open = text->find('(');
  const auto close = text->rfind(')');
  if (open == text->npos || close == text->npos || close + 4 >= text->size()) return std::nullopt;
  TaskStat stat;
  stat.comm = text->substr(open + 1, close - open - 1);
  std::from_chars(text->data() + close + 4, text->data() + text->size(), stat.parent);
  return stat;
}

/// The kernel prints a newline in a file name as \012; everything else stands as it is.
std::string unescape(std::string_view name) {
  std::string text(name);
  for (auto at = text.find("\\012"); at != text.npos; at = text.find("\\012", at + 1)) {
    text[at] = '\n';
    text.erase(at + 1, 3);
  }
  return text;
}

uint32_t protection_of(const ProcMapsEntry& entry) {
  return static_cast<uint32_t>((entry.readable ? PROT_READ : 0) |
                               (entry.writable ? PROT_WRITE : 0) |
                               (entry.executable ? PROT_EXEC : 0));
}

uint32_t as_u32(pid_t pid) {
  return static_cast<uint32_t>(pid);
}

}  // namespace

Synthesizer::Synthesizer(size_t id_size, bool data, Emit emit)
    : records_(id_size), data_(data), emit_(std::move(emit)) {
  vdso_build_id_ = vdso_build_id(vdso_size_);
}

void Synthesizer::flush_if_large() {
  if (records_.size() < kEmitSize) return;
  emit_(records_.view());
  records_.clear();
}

void Synthesizer::finish() {
  if (records_.size() != 0) emit_(records_.view());
  records_.clear();
}

void Synthesizer::kernel() {
  const auto text = find_kernel_text();
  if (!text) return;
  const std::string name = "[kernel.kallsyms]" + text->symbol;
  Mmap2Fields fields;
  fields.cpu_mode = CpuMode::Kernel;
  fields.pid = UINT32_MAX;
  fields.start = text->start;
  fields.length = text->end - text->start;
  fields.page_offset = text->start;  // by which readers learn where the symbol was
  fields.build_id = kernel_build_id();
  fields.protection = PROT_EXEC;
  fields.filename = name;
  records_.mmap2(fields);
  modules();
}

void Synthesizer::maps_of(const Target& target, std::span<const int> cpus) {
  std::vector<std::string> comms;
  std::vector<ThreadMapEntry> threads;
  comms.reserve(target.threads.size());  // views into it must stay valid
  for (pid_t tid : target.threads) {
    comms.push_back(read_first_line(fmt::format("/proc/{}/comm", tid)));
    threads.push_back({static_cast<uint64_t>(tid), comms.back()});
  }
  if (threads.empty()) threads.push_back({UINT64_MAX, {}});
  records_.thread_map(threads);
  std::vector<uint16_t> numbers;
  for (int cpu : cpus) numbers.push_back(static_cast<uint16_t>(cpu));
  records_.cpu_map(numbers);
}

void Synthesizer::processes(const Target& target) {
  if (target.kind == TargetKind::Command) {
    process(target.threads.front(), true);
    return;
  }
  if (target.kind == TargetKind::Cpus) {
    for (pid_t pid : numeric_entries("/proc")) process(pid, false);
    return;
  }
  processes(recorded_processes(target));
}

void Synthesizer::processes(const std::set<pid_t>& pids) {
  for (pid_t pid : pids) process(pid, false);
}

void Synthesizer::process(pid_t pid, bool only_comm) {
  const auto directory = fmt::format("/proc/{}", pid);
  const auto stat = read_task_stat(directory);
  if (!stat) return;  // it has ended
  if (!only_comm)
    records_.fork(as_u32(pid), as_u32(stat->parent), as_u32(pid), as_u32(stat->parent));
  records_.comm(as_u32(pid), as_u32(pid), stat->comm);
  namespaces_of(pid, pid);
  if (only_comm) return;
  for (pid_t tid : threads_of(pid)) {
    if (tid == pid) continue;
    const auto comm = read_first_line(fmt::format("{}/task/{}/comm", directory, tid));
    if (comm.empty()) continue;
    records_.fork(as_u32(pid), as_u32(pid), as_u32(tid), as_u32(pid));
    records_.comm(as_u32(pid), as_u32(tid), comm);
    namespaces_of(pid, tid);
    flush_if_large();
  }
  mappings(pid);
  flush_if_large();
}

/// The kernel's order (NET_NS_INDEX and those after it, include/uapi/linux/perf_event.h).
void Synthesizer::namespaces_of(pid_t pid, pid_t tid) {
  constexpr std::array kKinds = {"net", "uts", "ipc", "pid", "user", "mnt", "cgroup"};
  if (!namespaces_) return;
  std::array<uint64_t, 2 * kKinds.size()> pairs{};
  for (size_t i = 0; i < kKinds.size(); ++i) {
    struct stat status {};
    const auto path = fmt::format("/proc/{}/task/{}/ns/{}", pid, tid, kKinds[i]);
    if (::stat(path.c_str(), &status) != 0) continue;
    pairs[2 * i] = status.st_dev;
    pairs[2 * i + 1] = status.st_ino;
  }
  records_.namespaces(as_u32(pid), as_u32(tid), pairs);
}

void Synthesizer::cgroups() {
  const auto tree = CgroupTree::find();
  if (!tree) return;
  tree->for_each([this](uint64_t id, const std::string& path) {
    records_.cgroup(id, path);
    flush_if_large();
  });
}

void Synthesizer::mappings(pid_t pid) {
  const auto text = read_text_file(fmt::format("/proc/{}/maps", pid));
  if (!text) return;
  for_each_proc_map(*text, [&](const ProcMapsEntry& entry) {
    const bool file = entry.inode != 0 && entry.name.starts_with('/');
    if (!entry.executable && !(data_ && file && entry.readable)) return;
    const auto name = entry.name.empty() ? "//anon" : unescape(entry.name);
    Mmap2Fields fields;
    fields.pid = fields.tid = as_u32(pid);
    fields.start = entry.start;
    fields.length = entry.end - entry.start;
    fields.page_offset = entry.offset;
    fields.major = entry.major;
    fields.minor = entry.minor;
    fields.inode = entry.inode;
    fields.build_id = build_id_of(pid, entry);
    fields.protection = protection_of(entry);
    fields.flags = entry.shared ? MAP_SHARED : MAP_PRIVATE;
    fields.data = !entry.executable;
    fields.filename = name;
    records_.mmap2(fields);
    flush_if_large();
  });
}

/// Reads the notes of each distinct file once. The file is the one that is mapped, whatever now has
/// its name and whichever mount namespace the process lives in.
BuildId Synthesizer::build_id_of(pid_t pid, const ProcMapsEntry& entry) {
  if (entry.name == "[vdso]") {
    // A 32-bit process has another vdso, below 4 GiB.
    const bool ours = entry.end - entry.start == vdso_size_ && entry.start > UINT32_MAX;
    return ours ? vdso_build_id_ : BuildId{};
  }
  // Opening a device may do things; a file on a real file system cannot.
  if (entry.inode == 0 || !entry.name.starts_with('/') || entry.name.starts_with("/dev/"))
    return {};
  const FileKey key{entry.major, entry.minor, entry.inode};
  if (const auto known = build_ids_.find(key); known != build_ids_.end()) return known->second;

  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const auto link = fmt::format("/proc/{}/map_files/{:x}-{:x}", pid, entry.start, entry.end);
  UniqueFd fd(::open(link.c_str(), kFlags));
  struct stat status {};
  if (!fd) {  // following that link takes privileges that opening the file by its name does not
    fd.reset(::open(fmt::format("/proc/{}/root{}", pid, unescape(entry.name)).c_str(), kFlags));
    if (!fd) fd.reset(::open(unescape(entry.name).c_str(), kFlags));
    if (fd && (::fstat(fd.get(), &status) != 0 || status.st_ino != entry.inode)) fd.reset();
  }
  const bool regular = fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
  return build_ids_[key] = regular ? build_id_of_file(fd.get()) : BuildId{};
}

}  // namespace prof
