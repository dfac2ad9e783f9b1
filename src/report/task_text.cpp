#include "report/task_text.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include "report/script_sideband.h"

namespace prof {

namespace {

struct TaskMap {
  uint64_t start = 0, end = 0, page_offset = 0, inode = 0;
  uint32_t protection = 0, flags = 0;
  StringId name;
};

struct Task {
  uint32_t pid = 0, tid = 0;
  int64_t parent = -1;  // tid
};

/// What a file can make grow by forks alone: further maps are not inherited.
constexpr size_t kMostMaps = size_t{1} << 20;

class Tasks {
 public:
  explicit Tasks(StringTable& strings) : strings_(strings) { tasks_[0]; }

  void apply(const Record& record) {
    names_.apply(record);
    if (const auto* comm = std::get_if<CommRecord>(&record)) find(comm->pid, comm->tid);
    if (const auto* task = std::get_if<TaskRecord>(&record); task && task->fork) fork(*task);
    if (const auto* mmap = std::get_if<MmapRecord>(&record); mmap && mmap->pid != kKernel) {
      find(mmap->pid, mmap->tid);
      add(*mmap);
    }
  }

  void print(bool with_maps, Output& out) const {
    out << "#      pid      tid     ppid  comm\n";
    std::multimap<int64_t, uint32_t> below;
    for (const auto& [tid, task] : tasks_) below.emplace(parent_of(task), tid);
    std::vector<std::pair<uint32_t, size_t>> waiting;  // with their depth
    const auto push = [&](int64_t parent, size_t depth) {
      const auto [begin, end] = below.equal_range(parent);
      for (auto at = end; at != begin;) waiting.emplace_back((--at)->second, depth);
    };
    std::map<uint32_t, bool> printed;  // a thread that is its own forefather is a root
    const auto print_waiting = [&] {
      while (!waiting.empty()) {
        const auto [tid, depth] = waiting.back();
        waiting.pop_back();
        if (std::exchange(printed[tid], true)) continue;
        print_one(tasks_.at(tid), depth, with_maps, out);
        push(tid, depth + 1);
      }
    };
    push(-1, 0);
    print_waiting();
    for (const auto& [tid, task] : tasks_) {
      waiting.emplace_back(tid, 0);
      print_waiting();
    }
    if (not_inherited_ > 0)
      out << fmt::format("# {} mappings were not inherited\n", not_inherited_);
  }

 private:
  static constexpr uint32_t kKernel = UINT32_MAX;
  using Maps = std::map<uint64_t, TaskMap>;  // by start

  Task& find(uint32_t pid, uint32_t tid) {
    Task& task = tasks_[tid];
    if (task.pid != pid || task.tid != tid) task = {pid, tid, -1};
    return task;
  }

  int64_t parent_of(const Task& task) const {
    return task.parent >= 0 && tasks_.contains(static_cast<uint32_t>(task.parent)) ? task.parent
                                                                                   : -1;
  }

  void fork(const TaskRecord& fork) {
    find(fork.parent_pid, fork.parent_tid);
    tasks_[fork.tid] = {fork.pid, fork.tid, fork.parent_tid};
    if (fork.pid == fork.parent_pid) return;
    const auto parent = maps_.find(fork.parent_pid);
    if (parent == maps_.end()) return;
    if (map_count_ + parent->second.size() > kMostMaps) {
      not_inherited_ += parent->second.size();
      return;
    }
    Maps& maps = maps_[fork.pid];
    map_count_ += parent->second.size() - maps.size();
    maps = parent->second;
  }

  /// What was there before is cut to what remains of it.
  void add(const MmapRecord& mmap) {
    TaskMap map{
        mmap.start, mmap.start + mmap.length,      mmap.page_offset, mmap.inode, mmap.protection,
        mmap.flags, strings_.intern(mmap.filename)};
    if (map.end <= map.start) return;
    if (!mmap.version2) map.protection = mmap.data ? 0 : PROT_EXEC;
    Maps& maps = maps_[mmap.pid];
    map_count_ -= maps.size();
    auto at = maps.upper_bound(map.start);
    if (at != maps.begin()) --at;
    while (at != maps.end() && at->second.start < map.end) {
      const TaskMap old = at->second;
      if (old.end <= map.start) {
        ++at;
        continue;
      }
      at = maps.erase(at);
      if (old.end > map.end) {
        TaskMap after = old;
        after.start = map.end;
        after.page_offset += map.end - old.start;
        at = maps.emplace(after.start, after).first;
      }
      if (old.start < map.start) {
        TaskMap before = old;
        before.end = map.start;
        maps.emplace(before.start, before);
      }
    }
    maps[map.start] = map;
    map_count_ += maps.size();
  }

  void print_one(const Task& task, size_t depth, bool with_maps, Output& out) const {
    const std::string name = task.tid == 0 ? "swapper" : names_.name(task.tid);
    const std::string head = fmt::format("  {:8} {:8} {:8} |", static_cast<int32_t>(task.pid),
                                         static_cast<int32_t>(task.tid), task.parent);
    out << fmt::format("{}{:{}}{}\n", head, "", depth, name);
    const auto maps = maps_.find(task.pid);
    if (!with_maps || maps == maps_.end()) return;
    for (const auto& [start, map] : maps->second) {
      const uint32_t may = map.protection;
      const auto has = [may](uint32_t bit, char c) { return (may & bit) != 0 ? c : '-'; };
      out << fmt::format("{:{}}  {:x}-{:x} {}{}{}{} {:08x} {} {}\n", "", head.size() + depth, start,
                         map.end, has(PROT_READ, 'r'), has(PROT_WRITE, 'w'), has(PROT_EXEC, 'x'),
                         (map.flags & MAP_SHARED) != 0 ? 's' : 'p', map.page_offset, map.inode,
                         strings_[map.name]);
    }
  }

  StringTable& strings_;
  ThreadNames names_;
  std::map<uint32_t, Task> tasks_;  // by tid
  std::map<uint32_t, Maps> maps_;   // by pid
  size_t map_count_ = 0, not_inherited_ = 0;
};

}  // namespace

void print_tasks(Recording& recording, bool maps, Output& out) {
  Tasks tasks(recording.strings());
  const Decoder decoder(recording.events(), recording.reader().swapped());
  recording.for_each_in_order([&](const RecordView& view, uint64_t) {
    const uint32_t type = view.header.type;
    if (type != kRecordComm && type != kRecordFork && type != kRecordMmap && type != kRecordMmap2) {
      return;
    }
    if (const auto record = decoder.decode(view)) tasks.apply(*record);
  });
  tasks.print(maps, out);
}

}  // namespace prof
