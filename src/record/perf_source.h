// PerfSource: the events of a recording, open on every thread and CPU, with a ring for each CPU.
// Opened and drained by the recorder.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/encode.h"
#include "record/event_source.h"
#include "record/event_spec.h"
#include "record/options.h"
#include "record/perf_event.h"
#include "record/ring_buffer.h"
#include "record/sampling.h"
#include "record/target.h"

namespace prof {

/// Side-band records (mmap, comm, fork, exit) come with the first event where that is enabled as
/// soon as there is something to follow. Otherwise a dummy event carries them, which never samples
/// and is on from the moment it is opened: no process can change between its description in the
/// file and the first sample. It also watches the CPUs that -C leaves out, where processes that are
/// sampled later may start.
///
/// An event whose hits a BPF program takes by itself (EventSpec::is_hit()) is not opened: a dummy
/// stands in for it, so that there are rings, and ends to be seen.
class PerfSource final : public EventSource {
 public:
  /// Gives the descriptors of the BPF programs that get the samples of the first so many events;
  /// -1 for an event that has its program elsewhere.
  using LoadPrograms = std::function<Result<std::vector<int>>(const PerfSource& source)>;

  /// Opens everything, disabled except for the dummy. What had to be done differently from what was
  /// asked for is told in `notes`. `load` is asked when it is known how the events can be opened,
  /// and before they are: a thread that is born between has neither event nor program.
  static Result<std::unique_ptr<PerfSource>> open(const RecordOptions& options,
                                                  std::vector<EventSpec> specs,
                                                  const Sampling& sampling, Target& target,
                                                  std::vector<std::string>& notes,
                                                  const LoadPrograms& load = {});

  Result<void> start() override;
  void pause() override;
  void stop() override;
  std::vector<int> poll_fds() const override;
  /// With --overwrite, nothing until settle() or stop().
  size_t drain(std::vector<std::byte>& out) override;
  void settle() override { settles_ = true; }
  uint64_t lost() const override;

  /// start() and pause() of the events that have this name; false if none has.
  bool switch_event(std::string_view name, bool on);
  /// The names of the events, those of a group as one: "{a,b}".
  std::vector<std::string> groups() const;

  /// The events as opened, with names and ids.
  std::span<const EventAttr> events() const { return events_; }
  /// What they were asked for as, one for each.
  std::span<const EventSpec> specs() const { return specs_; }
  std::vector<IdIndexEntry> id_index() const;
  size_t ring_size() const { return ring_size_; }
  size_t ring_count() const { return rings_.size(); }
  /// The clock of the time stamps, if it is one that has a number.
  bool has_clock() const { return events_.front().attr.use_clockid; }
  clockid_t clock() const { return sampling_.clock; }
  /// Events that sample: the first so many of events().
  size_t sampled_events() const { return events_.size() - (has_tracker_ ? 1 : 0); }
  /// Whether the kernel was excluded because that was not permitted.
  bool user_only() const { return user_only_; }

 private:
  struct OpenEvent {
    PerfEvent event;
    size_t index;  // in events_
    int cpu;
    pid_t tid;
    size_t place;  // of the event's, see EventSpec::Site
    uint64_t id;
  };

  PerfSource(const RecordOptions& options, std::vector<EventSpec> specs, const Sampling& sampling)
      : options_(options), specs_(std::move(specs)), sampling_(sampling) {}

  // perf_source_setup.cpp
  void configure(const Target& target);
  void configure_event(size_t index);
  void configure_group(size_t index);
  void track(perf_event_attr& attr) const;
  bool wants_inherit(size_t index) const;
  bool inherits(size_t index) const;
  Result<void> choose_cpus(const Target& target);
  Result<void> check_descriptors(const Target& target) const;
  Result<void> negotiate_group(size_t leader, const Target& target,
                               std::vector<std::string>& notes);
  void break_up(size_t leader);
  void leave_out(size_t index);
  void note_left_out(size_t total, std::vector<std::string>& notes) const;
  /// The first event of its group; itself if it has none.
  size_t leader_of(size_t index) const;
  size_t members_of(size_t index) const;
  void note_uninherited(const Target& target, std::vector<std::string>& notes) const;
  Result<void> negotiate(Target& target, std::vector<std::string>& notes);
  Result<void> negotiate_event(size_t index, Target& target, std::vector<std::string>& notes);
  bool drop_newest_feature();
  void want_chain(perf_event_attr& attr) const;
  bool fall_back(size_t index, int error, std::vector<std::string>& notes);
  const std::vector<int>& cpus_of(size_t index, const Target& target) const;
  bool is_tracker(size_t index) const { return has_tracker_ && index + 1 == events_.size(); }

  PerfEvent open_attr(size_t index, pid_t tid, int cpu, int group_fd = -1, size_t place = 0) const;
  PerfEvent open_event(size_t index, pid_t tid, int cpu, size_t place = 0) const;
  /// Where a program takes the hits, it is in all of them.
  size_t places_of(size_t index) const;
  Result<void> open_rings(Target& target, std::vector<std::string>& notes);
  Result<void> open_leaders(Target& target);
  Result<void> map_rings(std::vector<std::string>& notes);
  Result<void> open_rest(Target& target);
  Result<void> open_thread(pid_t tid, const Target& target);
  Result<void> open_place(size_t index, pid_t tid, int cpu, size_t place, const Target& target);
  Result<void> open_late_threads(Target& target);
  void pin_context(pid_t tid);
  void note_forks(size_t begin);
  void collect_ids();
  void drain_rings(std::vector<std::byte>& out);
  size_t drain_overwritten(std::vector<std::byte>& out);

  RecordOptions options_;
  std::vector<EventSpec> specs_;
  Sampling sampling_;
  std::vector<EventAttr> events_;  // of specs_, then the tracker
  std::vector<int> programs_;      // by event; none without BPF
  bool has_tracker_ = false;
  bool by_exec_ = false;                     // a command's exec turns the events on
  bool several_ = false, with_cpu_ = false;  // see Sampling::apply
  std::vector<std::string> left_out_;        // events of globs that do not open
  bool user_only_ = false;
  std::vector<int> ring_cpus_;
  std::vector<OpenEvent> open_;    // the first ring_cpus_.size() own a ring each
  std::map<int, size_t> ring_of_;  // CPU → index in rings_ and open_
  std::vector<RingBuffer> rings_;
  std::vector<PerfEvent> pins_;  // see pin_context()
  size_t ring_size_ = 0;
  bool settles_ = false;               // what is in rings that are overwritten is wanted
  std::vector<std::byte> early_;       // drained while still opening
  std::unordered_set<uint32_t> born_;  // threads seen to be born into our events
};

}  // namespace prof
