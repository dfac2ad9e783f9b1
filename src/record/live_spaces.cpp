#include "record/live_spaces.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "common/text_file.h"
#include "record/target.h"

namespace prof {

namespace {

constexpr uint64_t kPageSize = 4096;

bool has_threads(uint32_t pid) {
  return threads_of(static_cast<pid_t>(pid)).size() > 1;
}

}  // namespace

// The kernel tells it in two parts, in KiB (fs/proc/task_mmu.c).
uint64_t exec_pages_of(uint32_t pid) {
  const auto status = read_text_file(fmt::format("/proc/{}/status", pid));
  if (!status) return 0;
  uint64_t kib = 0;
  for (const std::string_view name : {"VmExe:", "VmLib:"}) {
    const size_t at = status->find(name);
    if (at == std::string::npos) return 0;
    kib += std::strtoull(status->c_str() + at + name.size(), nullptr, 10);
  }
  return kib * 1024 / kPageSize;
}

void LiveSpace::add(const LiveMapping& mapping) {
  std::vector<LiveMapping> kept;
  kept.reserve(mappings_.size() + 2);
  for (const LiveMapping& old : mappings_) {
    if (old.end <= mapping.begin || old.begin >= mapping.end) {
      kept.push_back(old);
      continue;
    }
    // What lies beside the new one is still there.
    if (old.begin < mapping.begin) {
      kept.push_back(old);
      kept.back().end = mapping.begin;
    }
    if (old.end > mapping.end) {
      kept.push_back(old);
      kept.back().begin = mapping.end;
      kept.back().offset += mapping.end - old.begin;
    }
  }
  auto at =
      kept.insert(std::ranges::upper_bound(kept, mapping.begin, {}, &LiveMapping::begin), mapping);
  // Compilers map memory without a file piece by piece.
  const auto joins = [](const LiveMapping& a, const LiveMapping& b) {
    return a.end == b.begin && !a.module.valid() && !b.module.valid();
  };
  if (std::next(at) != kept.end() && joins(*at, *std::next(at))) {
    at->end = std::next(at)->end;
    kept.erase(std::next(at));
  }
  if (at != kept.begin() && joins(*std::prev(at), *at)) {
    std::prev(at)->end = at->end;
    kept.erase(at);
  }
  mappings_ = std::move(kept);
}

/// A mapping begins with a page, in which the segment before may end: what is asked for is the one
/// with code.
uint64_t LiveSpace::bias_of(const LiveMapping& mapping, const UnwindModule& module) {
  for (const ElfSegment& segment : module.file().segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
    const uint64_t begin = segment.offset & ~(kPageSize - 1);
    if (mapping.offset < begin || mapping.offset - begin >= segment.filesz + kPageSize) continue;
    if (mapping.offset >= segment.offset + segment.filesz) continue;
    return mapping.begin - (segment.vaddr - segment.offset + mapping.offset);
  }
  const FileOffset offset{mapping.offset};
  const auto in_file = module.file().elf_addr(offset);
  return mapping.begin - (in_file ? raw(*in_file) : raw(offset));
}

std::optional<CodeRange> LiveSpace::find(VirtAddr addr) {
  const auto after = std::ranges::upper_bound(mappings_, raw(addr), {}, &LiveMapping::begin);
  if (after == mappings_.begin() || raw(addr) >= std::prev(after)->end) return std::nullopt;
  const LiveMapping& mapping = *std::prev(after);
  CodeRange range;
  range.begin = VirtAddr{mapping.begin};
  range.end = VirtAddr{mapping.end};
  if (mapping.module.valid()) {
    range.module = &modules_->table_of(mapping.module);
    range.bias = bias_of(mapping, *range.module);
  }
  return range;
}

LiveSpace& LiveSpaces::space(uint32_t pid) {
  LiveSpace& space = spaces_.try_emplace(pid, modules_).first->second;
  space.version_ = ++versions_;
  return space;
}

LiveSpace* LiveSpaces::find(uint32_t pid) {
  const auto found = spaces_.find(pid);
  return found == spaces_.end() ? nullptr : &found->second;
}

uint32_t LiveSpaces::map(const MmapRecord& mapping) {
  const bool ours = mapping.cpu_mode == CpuMode::User && !mapping.data;
  if (!ours || mapping.length == 0 || mapping.start + mapping.length < mapping.start) return 0;
  LiveMapping code;
  code.begin = mapping.start;
  code.end = mapping.start + mapping.length;
  code.offset = mapping.page_offset;
  code.module = modules_.of(mapping);
  space(mapping.pid).add(code);
  return mapping.pid;
}

uint32_t LiveSpaces::apply(const Record& record) {
  if (const auto* mapping = std::get_if<MmapRecord>(&record)) return map(*mapping);
  if (const auto* comm = std::get_if<CommRecord>(&record)) {
    if (!comm->exec) return 0;
    space(comm->pid).mappings_.clear();
    return comm->pid;
  }
  const auto* task = std::get_if<TaskRecord>(&record);
  if (!task) return 0;
  if (!task->fork) {
    if (const LiveSpace* known = task->pid == task->tid ? find(task->pid) : nullptr) {
      ending_.emplace_back(task->pid, known->version_);
    }
    return 0;
  }
  if (task->pid == task->parent_pid) return 0;  // a thread
  // prof lists the mappings of processes that ran before, and says so.
  const bool inherits = (task->misc & kMiscForkExec) == 0;
  const LiveSpace* parent = inherits ? find(task->parent_pid) : nullptr;
  auto mappings = parent ? parent->mappings_ : std::vector<LiveMapping>{};
  space(task->pid).mappings_ = std::move(mappings);
  return task->pid;
}

std::vector<uint32_t> LiveSpaces::forget_ended() {
  std::vector<uint32_t> gone;
  for (const auto& [pid, version] : ended_) {
    const LiveSpace* space = find(pid);
    if (!space || space->version_ != version) continue;  // another has its number
    // The first thread of a process may end before the others.
    if (has_threads(pid)) {
      ending_.emplace_back(pid, version);
      continue;
    }
    spaces_.erase(pid);
    gone.push_back(pid);
  }
  ended_ = std::exchange(ending_, {});
  return gone;
}

}  // namespace prof
