#include "record/perf_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/byte_reader.h"
#include "perfdata/record_walk.h"
#include "record/privileges.h"

namespace prof {

Result<std::unique_ptr<PerfSource>> PerfSource::open(const RecordOptions& options,
                                                     std::vector<EventSpec> specs,
                                                     const Sampling& sampling, Target& target,
                                                     std::vector<std::string>& notes,
                                                     const LoadPrograms& load) {
  std::unique_ptr<PerfSource> source(new PerfSource(options, std::move(specs), sampling));
  const auto size = prof::ring_size(options);
  if (!size) return tl::unexpected(size.error());
  source->ring_size_ = *size;
  source->configure(target);
  source->note_uninherited(target, notes);
  if (auto done = source->negotiate(target, notes); !done) return tl::unexpected(done.error());
  if (load) {
    auto programs = load(*source);
    if (!programs) return tl::unexpected(programs.error());
    source->programs_ = std::move(*programs);
  }
  if (auto done = source->open_rings(target, notes); !done) return tl::unexpected(done.error());
  if (auto done = source->open_rest(target); !done) return tl::unexpected(done.error());
  source->collect_ids();
  return source;
}

const std::vector<int>& PerfSource::cpus_of(size_t index, const Target& target) const {
  if (is_tracker(index)) return ring_cpus_;
  return specs_[index].cpus.empty() ? target.cpus : specs_[index].cpus;
}

size_t PerfSource::places_of(size_t index) const {
  return options_.samples_by_bpf() ? 1 : specs_[index].places();
}

PerfEvent PerfSource::open_attr(size_t index, pid_t tid, int cpu, int group_fd,
                                size_t place) const {
  perf_event_attr attr = events_[index].attr;
  const EventSpec& spec = specs_[index];
  const int cgroup = spec.cgroup_fd ? spec.cgroup_fd->get() : -1;
  if (options_.samples_by_bpf() && spec.is_hit()) {
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_DUMMY;
    attr.config2 = 0;
    return PerfEvent::open(attr, tid, cpu, {group_fd});
  }
  return PerfEvent::open(spec.opening(attr, place), tid, cpu, {group_fd, spec.config3, cgroup});
}

/// Leaves errno as what failed set it.
PerfEvent PerfSource::open_event(size_t index, pid_t tid, int cpu, size_t place) const {
  int group_fd = -1;
  if (const size_t leader = leader_of(index); leader != index) {
    const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const OpenEvent& open) {
      return open.index == leader && open.tid == tid && open.cpu == cpu && open.place == 0;
    });
    if (found == open_.rend()) {
      errno = ENODEV;  // as it had: the CPU went offline
      return {};
    }
    group_fd = found->event.fd();
  }
  auto event = open_attr(index, tid, cpu, group_fd, place);
  const std::string& filter = specs_[index].filter;
  if (event && !filter.empty() && !event.filter(filter)) {
    const int error = errno;
    event = {};
    errno = error;
  }
  const int program = index < programs_.size() ? programs_[index] : -1;
  if (event && program >= 0 && !event.attach(program)) {
    const int error = errno;
    event = {};
    errno = error;
  }
  return event;
}

Result<void> PerfSource::open_rings(Target& target, std::vector<std::string>& notes) {
  for (size_t i = 0; i < ring_cpus_.size(); ++i) ring_of_[ring_cpus_[i]] = i;
  for (;;) {
    open_.clear();
    auto opened = open_leaders(target);
    if (opened) break;
    // A thread that ended meanwhile; another may carry the rings.
    if (errno != ESRCH || target.threads.size() < 2) return opened;
    target.threads.erase(target.threads.begin());
  }
  return map_rings(notes);
}

/// Opens one event on each CPU that gets a ring: the first event, or the tracker where only that
/// is wanted. Leaves errno as the failed open set it.
Result<void> PerfSource::open_leaders(Target& target) {
  const pid_t tid = target.threads.empty() ? -1 : target.threads.front();
  for (int cpu : ring_cpus_) {
    const bool sampled = std::ranges::binary_search(cpus_of(0, target), cpu);
    const size_t index = sampled ? 0 : events_.size() - 1;
    auto event = open_event(index, tid, cpu);
    if (!event) {
      const int error = errno;
      auto failure = explain_open_failure(error, specs_[index], target);
      errno = error;
      return tl::unexpected(std::move(failure));
    }
    open_.push_back({std::move(event), index, cpu, tid, 0, 0});
  }
  return {};
}

/// Maps a ring on each leader, all of one size: the size is halved until the memory this user may
/// lock suffices.
Result<void> PerfSource::map_rings(std::vector<std::string>& notes) {
  constexpr size_t kSmallest = 4096;
  const size_t wanted = ring_size_;
  for (;;) {
    rings_.clear();
    int error = 0;
    for (const OpenEvent& leader : open_) {
      auto ring = options_.overwrite ? RingBuffer::map_overwritten(leader.event.fd(), ring_size_)
                                     : RingBuffer::map(leader.event.fd(), ring_size_);
      error = ring.valid() ? 0 : errno;
      if (error != 0) break;
      rings_.push_back(std::move(ring));
    }
    if (error == 0) break;
    if ((error != EPERM && error != ENOMEM) || ring_size_ <= kSmallest) {
      return tl::unexpected(explain_map_failure(error, ring_size_));
    }
    ring_size_ /= 2;
  }
  if (ring_size_ != wanted) {
    notes.push_back(fmt::format(
        "ring buffers are {} KiB instead of {}: kernel.perf_event_mlock_kb allows no more",
        ring_size_ >> 10, wanted >> 10));
  }
  return {};
}

Result<void> PerfSource::open_rest(Target& target) {
  if (target.threads.empty()) return open_thread(-1, target);
  for (pid_t tid : target.threads) {
    if (auto done = open_thread(tid, target); !done) return done;
  }
  if (target.kind != TargetKind::Threads) return {};
  return open_late_threads(target);
}

/// Keeps the kernel from swapping the events of a thread with those of its children. Instead of
/// stopping and starting equal sets of events at a context switch, it exchanges them between the
/// two threads; a thread that makes many short-lived ones then goes on with fresh events each time,
/// whose first period never ends, and is hardly sampled at all. Sets are not equal when one has an
/// event that is not inherited.
void PerfSource::pin_context(pid_t tid) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.exclude_kernel = attr.exclude_hv = 1;
  auto event = PerfEvent::open(attr, tid, -1);
  if (event) pins_.push_back(std::move(event));
}

/// Opens all events of one thread that are not open yet. A thread that has ended is no error.
Result<void> PerfSource::open_thread(pid_t tid, const Target& target) {
  if (tid != -1 && options_.inherit) pin_context(tid);
  for (size_t index = 0; index < events_.size(); ++index) {
    for (int cpu : cpus_of(index, target)) {
      for (size_t place = 0; place < places_of(index); ++place) {
        auto done = open_place(index, tid, cpu, place, target);
        if (!done && errno == ESRCH) return {};
        if (!done) return done;
      }
    }
  }
  return {};
}

/// Leaves errno as the failed open set it.
Result<void> PerfSource::open_place(size_t index, pid_t tid, int cpu, size_t place,
                                    const Target& target) {
  const OpenEvent& ring = open_[ring_of_.at(cpu)];
  if (ring.index == index && ring.tid == tid && place == 0) return {};  // it has the ring
  auto event = open_event(index, tid, cpu, place);
  if (!event && errno == ENODEV && tid == -1) return {};  // the CPU went offline
  if (!event) {
    const int error = errno;
    auto failure = explain_open_failure(error, specs_[index], target);
    errno = error;
    return tl::unexpected(std::move(failure));
  }
  if (!event.redirect_to(ring.event)) {
    auto failure = fail_errno(fmt::format("cannot share the ring buffer of CPU {}", cpu));
    errno = 0;
    return failure;
  }
  open_.push_back({std::move(event), index, cpu, tid, place, 0});
  return {};
}

/// Threads that were born while we were opening: children of threads that already had their events
/// inherited them, and the FORK record in our rings says so; the others are opened now.
Result<void> PerfSource::open_late_threads(Target& target) {
  constexpr int kMaxScans = 100;  // of a process that never stops making threads
  std::unordered_set<pid_t> known(target.threads.begin(), target.threads.end());
  for (int scan = 0; scan < kMaxScans; ++scan) {
    std::vector<pid_t> found;
    for (pid_t process : target.processes) {
      for (pid_t tid : threads_of(process)) {
        if (known.insert(tid).second) found.push_back(tid);
      }
    }
    if (found.empty()) break;
    const size_t seen = early_.size();
    drain_rings(early_);
    note_forks(seen);
    for (pid_t tid : found) {
      target.threads.push_back(tid);
      if (options_.inherit && born_.contains(static_cast<uint32_t>(tid))) continue;
      if (auto done = open_thread(tid, target); !done) return done;
    }
  }
  return {};
}

void PerfSource::note_forks(size_t begin) {
  for_each_record(std::span<const std::byte>(early_).subspan(begin),
                  [this](const perf_event_header& header, std::span<const std::byte> payload) {
                    if (header.type != kRecordFork) return;
                    ByteReader reader(payload);
                    reader.skip(8);  // pid, ppid
                    born_.insert(reader.u32());
                  });
}

void PerfSource::collect_ids() {
  for (OpenEvent& open : open_) {
    open.id = open.event.id();
    events_[open.index].ids.push_back(open.id);
  }
}

std::vector<IdIndexEntry> PerfSource::id_index() const {
  std::vector<IdIndexEntry> entries;
  entries.reserve(open_.size());
  for (const OpenEvent& open : open_) {
    entries.push_back({open.id, ring_of_.at(open.cpu), static_cast<uint64_t>(open.cpu),
                       static_cast<uint64_t>(static_cast<int64_t>(open.tid))});
  }
  return entries;
}

Result<void> PerfSource::start() {
  for (const OpenEvent& open : open_) {
    if (!is_tracker(open.index) && !open.event.enable()) {
      return fail_errno("cannot enable '" + events_[open.index].name + "'");
    }
  }
  return {};
}

void PerfSource::pause() {
  for (const OpenEvent& open : open_) {
    if (!is_tracker(open.index)) open.event.disable();
  }
}

std::vector<std::string> PerfSource::groups() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < events_.size(); ++i) {
    if (leader_of(i) != i) continue;
    std::string name = events_[i].name;
    for (size_t k = i + 1; k < events_.size(); ++k) {
      if (leader_of(k) == i) name += "," + events_[k].name;
    }
    names.push_back(members_of(i) > 1 ? "{" + name + "}" : name);
  }
  return names;
}

bool PerfSource::switch_event(std::string_view name, bool on) {
  bool found = false;
  for (const OpenEvent& open : open_) {
    if (is_tracker(open.index) || events_[open.index].name != name) continue;
    // A program that takes the hits asks for no event whether it is on.
    if (options_.samples_by_bpf() && specs_[open.index].is_hit()) continue;
    found |= on ? open.event.enable() : open.event.disable();
  }
  return found;
}

void PerfSource::stop() {
  for (const OpenEvent& open : open_) open.event.disable();
  settles_ = true;
}

std::vector<int> PerfSource::poll_fds() const {
  std::vector<int> fds;
  fds.reserve(open_.size());
  for (const OpenEvent& open : open_) fds.push_back(open.event.fd());
  return fds;
}

void PerfSource::drain_rings(std::vector<std::byte>& out) {
  for (size_t i = 0; i < rings_.size(); ++i) {
    if (!options_.overwrite) {
      rings_[i].drain(out);
      continue;
    }
    rings_[i].drain_overwritten(out,
                                [this, i](bool paused) { open_[i].event.pause_output(paused); });
  }
}

/// What comes while a ring is read is lost: the next file begins after it.
size_t PerfSource::drain_overwritten(std::vector<std::byte>& out) {
  if (!std::exchange(settles_, false)) return 0;
  const size_t before = out.size();
  out.insert(out.end(), early_.begin(), early_.end());
  early_ = {};
  drain_rings(out);
  return out.size() - before;
}

size_t PerfSource::drain(std::vector<std::byte>& out) {
  if (options_.overwrite) return drain_overwritten(out);
  size_t size = early_.size();
  out.insert(out.end(), early_.begin(), early_.end());
  early_ = {};
  const size_t before = out.size();
  drain_rings(out);
  return size + out.size() - before;
}

uint64_t PerfSource::lost() const {
  uint64_t lost = 0;
  if ((events_.front().attr.read_format & kReadFormatLost) == 0) return 0;
  for (const OpenEvent& open : open_) {
    if (leader_of(open.index) != open.index && specs_[open.index].reads_group) continue;
    const uint64_t format = events_[open.index].attr.read_format;
    lost += open.event.lost(format, members_of(open.index)).value_or(0);
  }
  return lost;
}

}  // namespace prof
