#include "object/address_space.h"

#include <algorithm>
#include <map>

namespace prof {

namespace {
// A child without exec shares its parent's mappings, as that one may its own parent's. Real chains
// are short; a longer one is an attack.
constexpr int kMaxInheritance = 256;

bool same(const Mapping& a, const Mapping& b) {
  return a.start == b.start && a.end == b.end && a.offset == b.offset && a.dso == b.dso &&
         a.absolute == b.absolute;
}
}  // namespace

void ProcessTable::add_mapping(uint32_t pid, uint64_t time, const Mapping& mapping) {
  if (mapping.end <= mapping.start) return;
  Event event;
  event.kind = Event::Kind::Mapping;
  event.time = time;
  event.pid = pid;
  event.mapping = mapping;
  events_.push_back(event);
}

void ProcessTable::add_code(uint32_t pid, uint64_t time, const Mapping& code) {
  if (code.end <= code.start) return;
  Event event;
  event.kind = Event::Kind::Code;
  event.time = time;
  event.pid = pid;
  event.mapping = code;
  events_.push_back(event);
}

void ProcessTable::add_comm(uint32_t pid, uint32_t tid, uint64_t time, StringId comm, bool exec) {
  Event event;
  event.kind = exec ? Event::Kind::Exec : Event::Kind::Comm;
  event.time = time;
  event.pid = pid;
  event.tid = tid;
  event.comm = comm;
  events_.push_back(event);
}

void ProcessTable::add_fork(uint32_t pid, uint32_t parent_pid, uint32_t tid, uint32_t parent_tid,
                            uint64_t time, bool inherits) {
  Event event;
  event.kind = Event::Kind::Fork;
  event.time = time;
  event.pid = pid;
  event.tid = tid;
  event.parent_pid = parent_pid;
  event.parent_tid = parent_tid;
  event.inherits = inherits;
  events_.push_back(event);
}

/// The state while the events are played in the order of time.
struct ProcessTable::Replay {
  ProcessTable& table;
  // The mappings of each process that nothing has covered since, by start: a mapping that is told
  // again, unchanged (mprotect does that), changes nothing.
  std::vector<std::map<VirtAddr, size_t>> live = {};
  // The same of code, of which the ends matter.
  std::vector<std::map<VirtAddr, VirtAddr>> live_code = {};
  std::unordered_map<uint32_t, ProcessId> current = {};  // by pid

  ProcessId process_of(uint32_t pid, uint64_t birth) {
    auto [it, added] = current.try_emplace(pid);
    if (added) it->second = create(pid, birth);
    return it->second;
  }
  ProcessId create(uint32_t pid, uint64_t birth) {
    const ProcessId id{static_cast<uint32_t>(table.processes_.size())};
    table.processes_.emplace_back().birth = birth;
    live.emplace_back();
    live_code.emplace_back();
    table.by_pid_[pid].push_back({birth, id});
    return id;
  }
  void fork(const Event& event) {
    if (event.pid != event.parent_pid) {
      const ProcessId parent = process_of(event.parent_pid, 0);
      const ProcessId child = create(event.pid, event.time);
      current[event.pid] = child;
      if (event.inherits) table.processes_[child.value].parent = parent;
    }
    auto& names = table.comms_;
    const auto parent_names = names.find(event.parent_tid);
    const StringId comm = parent_names == names.end() || parent_names->second.empty()
                              ? StringId{}
                              : parent_names->second.back().comm;
    names[event.tid].push_back({event.time, comm});
  }
  void exec(const Event& event, uint64_t ordinal) {
    const ProcessId id = process_of(event.pid, 0);
    Process& process = table.processes_[id.value];
    process.execs.push_back({event.time, ordinal});
    process.changes.push_back(event.time);
    live[id.value].clear();
    live_code[id.value].clear();
  }
  /// Code at a fresh place changes nothing for any sample before it: find_code() gives it for all
  /// times. So a compiler at work does not tear the stacks of its program apart.
  void code(const Event& event, uint64_t ordinal) {
    const ProcessId id = process_of(event.pid, 0);
    Process& process = table.processes_[id.value];
    auto& open = live_code[id.value];
    const Mapping& code = event.mapping;
    auto first = open.upper_bound(code.start);
    if (first != open.begin() && std::prev(first)->second > code.start) --first;
    auto last = first;
    while (last != open.end() && last->first < code.end) ++last;
    if (first != last) process.changes.push_back(event.time);
    open.erase(first, last);
    open.emplace(code.start, code.end);
    process.code.push_back({code, event.time, ordinal, {}});
  }
  void map(const Event& event, uint64_t ordinal) {
    const ProcessId id = process_of(event.pid, 0);
    Process& process = table.processes_[id.value];
    auto& open = live[id.value];
    const Mapping& mapping = event.mapping;
    auto first = open.upper_bound(mapping.start);
    if (first != open.begin()) {
      const auto before = std::prev(first);
      if (process.mappings[before->second].mapping.end > mapping.start) first = before;
    }
    if (first != open.end() && same(process.mappings[first->second].mapping, mapping)) return;
    auto last = first;
    while (last != open.end() && last->first < mapping.end) ++last;
    open.erase(first, last);
    open.emplace(mapping.start, process.mappings.size());
    process.mappings.push_back({mapping, event.time, ordinal, {}});
    process.changes.push_back(event.time);
  }
};

void ProcessTable::finish() {
  std::ranges::stable_sort(events_, {}, &Event::time);
  Replay replay{*this};
  uint64_t ordinal = 0;
  for (const Event& event : events_) {
    ++ordinal;
    switch (event.kind) {
      case Event::Kind::Mapping:
        replay.map(event, ordinal);
        break;
      case Event::Kind::Code:
        replay.code(event, ordinal);
        break;
      case Event::Kind::Fork:
        replay.fork(event);
        break;
      case Event::Kind::Exec:
        replay.exec(event, ordinal);
        [[fallthrough]];
      case Event::Kind::Comm:
        replay.process_of(event.pid, 0);
        comms_[event.tid].push_back({event.time, event.comm});
        break;
    }
  }
  events_ = {};
  const auto index = [](std::vector<TimedMapping>& mappings) {
    std::ranges::stable_sort(mappings, {}, [](const TimedMapping& m) { return m.mapping.start; });
    VirtAddr max_end{};
    for (TimedMapping& mapping : mappings) {
      max_end = std::max(max_end, mapping.mapping.end);
      mapping.max_end = max_end;
    }
  };
  for (Process& process : processes_) {
    index(process.mappings);
    index(process.code);
  }
}

ThreadState ProcessTable::state_at(uint32_t pid, uint32_t tid, uint64_t time) const {
  ThreadState state;
  const auto narrow = [&](const auto& spans, const auto& begin_of) {
    // The last span that begins at or before `time`; bounds the validity by its neighbours.
    const auto next = std::ranges::upper_bound(spans, time, {}, begin_of);
    if (next != spans.end()) state.valid_until = std::min(state.valid_until, begin_of(*next));
    if (next == spans.begin()) return static_cast<size_t>(0);
    state.valid_from = std::max(state.valid_from, begin_of(*std::prev(next)));
    return static_cast<size_t>(next - spans.begin());
  };
  if (const auto births = by_pid_.find(pid); births != by_pid_.end()) {
    const size_t count = narrow(births->second, [](const Birth& b) { return b.time; });
    if (count > 0) {
      state.process = births->second[count - 1].process;
      const Process& process = processes_[state.process.value];
      state.version =
          static_cast<uint32_t>(narrow(process.changes, [](uint64_t change) { return change; }));
    }
  }
  if (const auto names = comms_.find(tid); names != comms_.end()) {
    const size_t count = narrow(names->second, [](const CommSpan& s) { return s.begin; });
    if (count > 0) state.comm = names->second[count - 1].comm;
  }
  return state;
}

const Mapping* ProcessTable::find_own(const Process& process, uint64_t time, VirtAddr addr,
                                      Images images) const {
  const auto exec = std::ranges::upper_bound(process.execs, time, {}, &Exec::time);
  const bool all_images = images == Images::All || exec == process.execs.begin();
  const uint64_t oldest = all_images ? 0 : std::prev(exec)->ordinal;
  const auto& all = process.mappings;
  auto it = std::ranges::upper_bound(all, addr, {},
                                     [](const TimedMapping& m) { return m.mapping.start; });
  const TimedMapping* newest = nullptr;
  while (it != all.begin()) {
    --it;
    if (it->max_end <= addr) break;  // nothing further left reaches as far as addr
    const bool holds = it->mapping.contains(addr) && it->begin <= time && it->ordinal > oldest;
    if (holds && (!newest || it->ordinal > newest->ordinal)) newest = &*it;
  }
  return newest ? &newest->mapping : nullptr;
}

const Mapping* ProcessTable::find(ProcessId id, uint64_t time, VirtAddr addr) const {
  const Mapping* mapping = find_in(id, time, addr, Images::Current);
  // While execve is at work, the task's user-space address still lies in the image it came from.
  // perf keeps old mappings where no new ones cover them, and so can name the caller.
  return mapping ? mapping : find_in(id, time, addr, Images::All);
}

const Mapping* ProcessTable::find_in(ProcessId id, uint64_t time, VirtAddr addr,
                                     Images images) const {
  for (int depth = 0; id.valid() && depth < kMaxInheritance; ++depth) {
    const Process& process = processes_[id.value];
    if (const Mapping* mapping = find_own(process, time, addr, images)) return mapping;
    const bool execed = !process.execs.empty() && process.execs.front().time <= time;
    if (execed && images == Images::Current) return nullptr;
    time = process.birth;
    id = process.parent;
  }
  return nullptr;
}

const Mapping* ProcessTable::find_code(ProcessId id, uint64_t time, VirtAddr addr) const {
  for (int depth = 0; id.valid() && depth < kMaxInheritance; ++depth) {
    const Process& process = processes_[id.value];
    const auto exec = std::ranges::upper_bound(process.execs, time, {}, &Exec::time);
    const uint64_t oldest = exec == process.execs.begin() ? 0 : std::prev(exec)->ordinal;
    const uint64_t newest = exec == process.execs.end() ? UINT64_MAX : exec->ordinal;
    const TimedMapping* found = nullptr;  // at or before `time`
    const TimedMapping* later = nullptr;
    auto it = std::ranges::upper_bound(process.code, addr, {},
                                       [](const TimedMapping& m) { return m.mapping.start; });
    while (it != process.code.begin() && (--it)->max_end > addr) {
      if (!it->mapping.contains(addr) || it->ordinal <= oldest || it->ordinal > newest) continue;
      if (it->begin > time) {
        if (!later || it->ordinal < later->ordinal) later = &*it;
      } else if (!found || it->ordinal > found->ordinal) {
        found = &*it;
      }
    }
    if (found) return &found->mapping;
    if (later && depth == 0) return &later->mapping;
    if (exec != process.execs.begin()) return nullptr;  // what was inherited is gone
    time = process.birth;
    id = process.parent;
  }
  return nullptr;
}

void ProcessTable::for_each_code(
    const std::function<void(uint32_t pid, uint64_t time, const Mapping&)>& visit) const {
  std::vector<uint32_t> pids(processes_.size());
  for (const auto& [pid, births] : by_pid_) {
    for (const Birth& birth : births) pids[birth.process.value] = pid;
  }
  for (size_t i = 0; i < processes_.size(); ++i) {
    for (const TimedMapping& code : processes_[i].code) visit(pids[i], code.begin, code.mapping);
  }
}

ProcessTable::Extent ProcessTable::find_extent(ProcessId id, uint64_t time, VirtAddr addr) const {
  const Mapping* mapping = find(id, time, addr);
  if (!mapping) return {};
  Extent extent{mapping, mapping->start, mapping->end};
  const auto bound = [&](VirtAddr edge) {
    if (edge <= addr) {
      extent.begin = std::max(extent.begin, edge);
    } else {
      extent.end = std::min(extent.end, edge);
    }
  };
  for (int depth = 0; id.valid() && depth < kMaxInheritance; ++depth) {
    const Process& process = processes_[id.value];
    auto it = std::ranges::lower_bound(process.mappings, extent.end, {},
                                       [](const TimedMapping& m) { return m.mapping.start; });
    while (it != process.mappings.begin() && std::prev(it)->max_end > extent.begin) {
      --it;
      bound(it->mapping.start);
      bound(it->mapping.end);
    }
    id = process.parent;
  }
  return extent;
}

ProcessTable::Extent ProcessTable::find_code_extent(ProcessId id, uint64_t time,
                                                    VirtAddr addr) const {
  Extent extent{find_code(id, time, addr), VirtAddr{0}, VirtAddr{UINT64_MAX}};
  for (int depth = 0; id.valid() && depth < kMaxInheritance; ++depth) {
    const Process& process = processes_[id.value];
    auto it = std::ranges::upper_bound(process.code, addr, {},
                                       [](const TimedMapping& m) { return m.mapping.start; });
    if (it != process.code.end()) extent.end = std::min(extent.end, it->mapping.start);
    while (it != process.code.begin() && std::prev(it)->max_end > extent.begin) {
      --it;
      extent.begin = std::max(extent.begin, it->mapping.start);
      if (it->mapping.end <= addr) {
        extent.begin = std::max(extent.begin, it->mapping.end);
      } else {
        extent.end = std::min(extent.end, it->mapping.end);
      }
    }
    id = process.parent;
  }
  return extent;
}

const Mapping* ProcessTable::find_of(uint32_t pid, uint64_t time, VirtAddr addr) const {
  const auto births = by_pid_.find(pid);
  if (births == by_pid_.end()) return nullptr;
  return find(births->second.front().process, time, addr);
}

}  // namespace prof
