// The part of PerfSource that makes the attributes, and finds out what of them this kernel takes.
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "record/perf_source.h"
#include "record/privileges.h"

namespace prof {

namespace {

void set_tracking(perf_event_attr& attr) {
  attr.mmap = attr.mmap2 = 1;
  attr.comm = attr.comm_exec = 1;
  attr.task = 1;
  attr.ksymbol = attr.bpf_event = 1;
  attr.build_id = 1;
}

bool is_cycles(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_HARDWARE && attr.config == PERF_COUNT_HW_CPU_CYCLES;
}

bool is_missing_pmu(int error) {
  return error == ENOENT || error == EOPNOTSUPP || error == ENODEV || error == ENXIO;
}

}  // namespace

size_t PerfSource::leader_of(size_t index) const {
  if (specs_[index].group == 0) return index;
  const auto first = std::ranges::find(specs_, specs_[index].group, &EventSpec::group);
  return static_cast<size_t>(first - specs_.begin());
}

size_t PerfSource::members_of(size_t index) const {
  if (specs_[index].group == 0) return 1;
  return static_cast<size_t>(std::ranges::count(specs_, specs_[index].group, &EventSpec::group));
}

void PerfSource::configure(const Target& target) {
  by_exec_ = target.kind == TargetKind::Command;
  has_tracker_ = !by_exec_ || options_.switches_events() || !specs_.front().cpus.empty();
  several_ = has_tracker_ || specs_.size() > 1 || options_.off_cpu;
  // As perf has it: all samples of a recording with tracepoints say where they were taken.
  with_cpu_ = target.kind == TargetKind::Cpus || std::ranges::any_of(specs_, [](const auto& spec) {
                return !spec.tracepoint.empty() || is_bpf_output(spec.attr);
              });
  for (EventSpec& spec : specs_) {
    if (!options_.all_user && !options_.all_kernel) break;
    spec.attr.exclude_kernel = options_.all_user;
    spec.attr.exclude_user = options_.all_kernel;
  }
  if (has_tracker_) {
    EventSpec tracker;
    tracker.name = "dummy";
    tracker.attr.type = PERF_TYPE_SOFTWARE;
    tracker.attr.config = PERF_COUNT_SW_DUMMY;
    // It never counts anything, and excluding the kernel makes it open to everyone.
    tracker.attr.exclude_kernel = tracker.attr.exclude_hv = 1;
    specs_.push_back(std::move(tracker));
  }
  events_.resize(specs_.size());
  for (size_t i = 0; i < specs_.size(); ++i) configure_event(i);
  for (size_t i = 0; i < specs_.size(); ++i) configure_group(i);
}

void PerfSource::configure_event(size_t index) {
  EventAttr& event = events_[index];
  const bool tracker = is_tracker(index);
  event.attr = specs_[index].attr;
  event.name = specs_[index].name;
  sampling_.apply(options_, specs_[index], with_cpu_, several_, event.attr);
  if (tracker) event.attr.freq = 0, event.attr.sample_period = 0;
  if (tracker || (index == 0 && !has_tracker_)) track(event.attr);
  event.attr.inherit = wants_inherit(index) && inherits(index);
  event.attr.read_format = PERF_FORMAT_ID | kReadFormatLost;
  if (options_.thread_counts || options_.running_time) {
    event.attr.read_format |= PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  }
  event.attr.inherit_stat = options_.thread_counts;
  event.attr.disabled = !tracker || by_exec_;
  event.attr.enable_on_exec = by_exec_ && (tracker || options_.delay.begin == 0);
  event.attr.write_backward = options_.overwrite;
  if (specs_[index].precise_is_max) event.attr.precise_ip = 3;
  want_chain(event.attr);
}

/// The first event of a group takes the others with it: they are on while it is. Where its samples
/// have the counts of all, they have none of their own (evsel__config_leader_sampling of perf).
void PerfSource::configure_group(size_t index) {
  const EventSpec& spec = specs_[index];
  const size_t leader = leader_of(index);
  if (members_of(index) < 2) return;
  perf_event_attr& attr = events_[index].attr;
  if (spec.reads_group) attr.read_format |= PERF_FORMAT_GROUP;
  if (index == leader) return;
  attr.disabled = attr.enable_on_exec = 0;
  if (!spec.reads_group) return;
  attr.freq = 0;
  attr.sample_period = 0;
  attr.sample_type = events_[leader].attr.sample_type;
  attr.sample_regs_user = events_[leader].attr.sample_regs_user;
  attr.sample_stack_user = events_[leader].attr.sample_stack_user;
}

/// Has the event carry the records of processes and their mappings.
void PerfSource::track(perf_event_attr& attr) const {
  set_tracking(attr);
  attr.context_switch = options_.switch_events;
  // perf finds where a file begins in memory by its first mapping, which runs no code.
  const bool copies = !options_.live && std::ranges::any_of(specs_, [this](const EventSpec& spec) {
    return spec.terms.call_graph.value_or(options_.call_graph) == CallGraph::Dwarf;
  });
  attr.mmap_data = copies || options_.contents.address;
  attr.bpf_event = options_.bpf_events;
  attr.namespaces = options_.namespaces;
  attr.cgroup = options_.contents.cgroup;
}

bool PerfSource::wants_inherit(size_t index) const {
  return specs_[index].terms.inherit.value_or(options_.inherit);
}

/// A uprobe is made anew for each child, from the path in the attribute, which then is read in the
/// memory of the parent that forks: not there, and fork() fails (kernel/events/core.c). The counts
/// of a group are of the threads that it was opened for, and before Linux 6.12 of them only.
bool PerfSource::inherits(size_t index) const {
  if (specs_[index].reads_group && members_of(index) > 1) return false;
  return !specs_[index].is_probe() || options_.samples_by_bpf();
}

void PerfSource::note_uninherited(const Target& target, std::vector<std::string>& notes) const {
  if (target.kind == TargetKind::Cpus) return;
  size_t probes = 0;
  const EventSpec* first = nullptr;
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (inherits(i) || !wants_inherit(i) || leader_of(i) != i) continue;
    if (!specs_[i].reads_group) {
      if (probes++ == 0) first = &specs_[i];
      continue;
    }
    notes.push_back(
        fmt::format("'{}' is recorded of the threads that are there at the start, not of those "
                    "born later: -a has no such limit",
                    specs_[i].name));
  }
  if (probes == 0) return;
  const std::string others = probes > 1 ? fmt::format(" and {} others are", probes - 1) : " is";
  notes.push_back(
      fmt::format("'{}'{} recorded of the threads that are there at the start, not of "
                  "those born later: --bpf and -a have no such limit",
                  first->name, others));
}

/// A PMU may be of some CPUs only.
Result<void> PerfSource::choose_cpus(const Target& target) {
  for (EventSpec& spec : specs_) {
    if (spec.cpus.empty()) continue;
    if (spec.is_uncore && target.kind != TargetKind::Cpus) {
      return fail(fmt::format("'{}' counts for whole CPUs, not for threads: PMU '{}' has a cpumask",
                              spec.name, spec.pmu),
                  "record the system: -a", 2);
    }
    std::vector<int> both;
    std::ranges::set_intersection(spec.cpus, target.cpus, std::back_inserter(both));
    if (both.empty()) {
      std::string own;
      for (const int cpu : spec.cpus) own += (own.empty() ? "" : ",") + std::to_string(cpu);
      return fail(fmt::format("PMU '{}' counts on CPUs {} only", spec.pmu, own),
                  "-C leaves all of them out", 2);
    }
    spec.cpus = std::move(both);
  }
  return {};
}

/// Better told before thousands are open.
Result<void> PerfSource::check_descriptors(const Target& target) const {
  constexpr size_t kOthers = 64;  // files, pipes, programs
  const size_t threads = std::max<size_t>(1, target.threads.size());
  size_t needed = target.threads.size();  // see pin_context()
  for (size_t i = 0; i < specs_.size(); ++i) {
    needed += cpus_of(i, target).size() * threads * places_of(i);
  }
  const size_t limit = open_file_limit();
  if (needed + kOthers <= limit) return {};
  return tl::unexpected(explain_descriptors(needed, limit, sampled_events(), target));
}

/// Finds out, on one thread and CPU, what this kernel takes, before anything is opened for good:
/// all events must have the same clock and sample_type.
Result<void> PerfSource::negotiate(Target& target, std::vector<std::string>& notes) {
  ring_cpus_ = target.kind == TargetKind::Cpus && has_tracker_ ? online_cpus() : target.cpus;
  if (auto done = choose_cpus(target); !done) return done;
  if (auto done = check_descriptors(target); !done) return done;
  const size_t total = specs_.size();
  for (size_t i = 0; i < events_.size();) {
    auto done = negotiate_event(i, target, notes);
    // What a glob happens to match may be nothing that can be sampled.
    const bool others = sampled_events() > 1 && errno != ESRCH && errno != EMFILE;
    if (!done && !(specs_[i].is_of_glob && others)) return done;
    if (done) {
      ++i;
    } else {
      leave_out(i);
    }
  }
  if (!left_out_.empty()) note_left_out(total, notes);
  for (size_t i = 0; i < events_.size(); ++i) {
    if (leader_of(i) != i || members_of(i) < 2) continue;
    if (auto done = negotiate_group(i, target, notes); !done) return done;
  }
  return {};
}

void PerfSource::leave_out(size_t index) {
  left_out_.push_back(specs_[index].name);
  const auto at = static_cast<ptrdiff_t>(index);
  const bool leads = leader_of(index) == index;
  specs_.erase(specs_.begin() + at);
  events_.erase(events_.begin() + at);
  if (index == 0 && !has_tracker_) track(events_.front().attr);
  if (!leads || specs_[index].group == 0) return;
  // The next one leads what is left of the group.
  configure_event(index);
  configure_group(index);
}

void PerfSource::note_left_out(size_t total, std::vector<std::string>& notes) const {
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < std::min(kShown, left_out_.size()); ++i) {
    names += (i == 0 ? "" : ", ") + left_out_[i];
  }
  if (left_out_.size() > kShown) names += ", …";
  notes.push_back(fmt::format("{} of {} events do not open here, and are left out: {}",
                              left_out_.size(), total - (has_tracker_ ? 1 : 0), names));
}

Result<void> PerfSource::negotiate_event(size_t index, Target& target,
                                         std::vector<std::string>& notes) {
  for (;;) {
    const pid_t tid = target.threads.empty() ? -1 : target.threads.front();
    const int cpu = cpus_of(index, target).front();
    const auto event = open_attr(index, tid, cpu);
    bool whole = static_cast<bool>(event);
    for (size_t place = 1; whole && place < places_of(index); ++place) {
      whole = static_cast<bool>(open_attr(index, tid, cpu, -1, place));
    }
    if (whole) {
      const EventSpec& spec = specs_[index];
      if (spec.filter.empty() || event.filter(spec.filter)) return {};
      return tl::unexpected(explain_filter_failure(errno, spec));
    }
    const int error = errno;
    if (error == ESRCH && target.threads.size() > 1) {
      target.threads.erase(target.threads.begin());
      continue;
    }
    if (fall_back(index, error, notes)) continue;
    specs_[index].attr = events_[index].attr;
    auto failure = explain_open_failure(error, specs_[index], target);
    errno = error;
    return tl::unexpected(std::move(failure));
  }
}

/// Events that open one by one need not do so together.
Result<void> PerfSource::negotiate_group(size_t leader, const Target& target,
                                         std::vector<std::string>& notes) {
  const pid_t tid = target.threads.empty() ? -1 : target.threads.front();
  const int cpu = cpus_of(leader, target).front();
  const auto first = open_attr(leader, tid, cpu);
  std::vector<PerfEvent> others;
  for (size_t i = leader + 1; first && i < events_.size(); ++i) {
    if (leader_of(i) != leader) continue;
    others.push_back(open_attr(i, tid, cpu, first.fd()));
    if (others.back()) continue;
    const int error = errno;
    if (!specs_[i].is_weak)
      return tl::unexpected(explain_group_failure(error, specs_[i], specs_[leader]));
    notes.push_back(
        fmt::format("'{}' and the others of its group do not open together: each is "
                    "recorded by itself",
                    specs_[leader].name));
    break_up(leader);
    break;
  }
  return {};
}

void PerfSource::break_up(size_t leader) {
  const perf_event_attr first = events_[leader].attr;
  const unsigned group = specs_[leader].group;
  for (size_t i = leader; i < events_.size(); ++i) {
    if (specs_[i].group != group) continue;
    perf_event_attr& attr = events_[i].attr;
    attr.read_format &= ~uint64_t{PERF_FORMAT_GROUP};
    attr.sample_type &= ~uint64_t{PERF_SAMPLE_READ};
    attr.disabled = first.disabled;
    attr.enable_on_exec = first.enable_on_exec;
    if (specs_[i].reads_group && i != leader) sampling_.apply_rate(options_, specs_[i], attr);
    specs_[i].group = 0;
    specs_[i].reads_group = false;
    attr.inherit = wants_inherit(i) && inherits(i);
  }
}

/// Changes event `index`, or all of them, so that they may open; false if nothing is left to try.
bool PerfSource::fall_back(size_t index, int error, std::vector<std::string>& notes) {
  perf_event_attr& attr = events_[index].attr;
  EventSpec& spec = specs_[index];
  const auto take = [&](auto&& change) {  // changes the spec, and what it says in the attribute
    change(spec);
    attr.type = spec.attr.type;
    attr.config = spec.attr.config;
    attr.precise_ip = spec.attr.precise_ip & 3;
    attr.exclude_kernel = spec.attr.exclude_kernel;
    attr.exclude_hv = spec.attr.exclude_hv;
    events_[index].name = spec.name;
    want_chain(attr);
  };
  if (spec.precise_is_max && attr.precise_ip != 0 && error != EACCES && error != EPERM) {
    attr.precise_ip = (attr.precise_ip - 1) & 3;
    want_chain(attr);
    return true;
  }
  if (spec.is_default && is_cycles(attr) && is_missing_pmu(error)) {
    take(become_cpu_clock);
    notes.push_back("no hardware counters here: sampling by 'cpu-clock' instead of 'cycles'");
    return true;
  }
  const bool denied = error == EACCES || error == EPERM;
  if (denied && !attr.exclude_kernel && !attr.exclude_user && !spec.is_hit()) {
    take(exclude_kernel);
    if (!user_only_) {
      notes.push_back(fmt::format("kernel.perf_event_paranoid is {}: recording user space only",
                                  perf_event_paranoid()));
    }
    user_only_ = true;
    return true;
  }
  return error == EINVAL && drop_newest_feature();
}

/// A BPF program can take the stack of a precise sample only if the kernel did so before: by then
/// the registers are those of a later instruction (perf_event_set_bpf_handler). Others need not be
/// walked twice.
void PerfSource::want_chain(perf_event_attr& attr) const {
  if (!options_.samples_by_bpf() || options_.call_graph == CallGraph::None) return;
  attr.sample_type &= ~uint64_t{PERF_SAMPLE_CALLCHAIN};
  if (attr.precise_ip != 0) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
}

/// Gives up what older kernels do not know, newest first, for all events alike.
bool PerfSource::drop_newest_feature() {
  const auto drop = [this](auto&& has, auto&& clear) {
    const bool any = std::ranges::any_of(events_, [&](EventAttr& e) { return has(e.attr); });
    for (EventAttr& event : events_) clear(event.attr);
    return any;
  };
  using Attr = perf_event_attr;
  return drop([](Attr& a) { return (a.read_format & kReadFormatLost) != 0; },  // 6.0
              [](Attr& a) { a.read_format &= ~kReadFormatLost; }) ||
         drop([](Attr& a) { return a.build_id != 0; },  // 5.12
              [](Attr& a) { a.build_id = 0; }) ||
         drop([](Attr& a) { return a.ksymbol || a.bpf_event; },  // 5.1
              [](Attr& a) { a.ksymbol = a.bpf_event = 0; }) ||
         (!sampling_.clock_given &&
          drop([](Attr& a) { return a.use_clockid != 0; },  // 4.1, and not for every PMU
               [](Attr& a) { a.use_clockid = 0, a.clockid = 0; }));
}

}  // namespace prof
