#include "report/pipeline.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <tuple>

#include "perfdata/woken.h"
#include "report/callchain.h"
#include "report/filter.h"
#include "report/frame_table.h"
#include "report/group_frame.h"
#include "report/idle.h"
#include "report/raw_stacks.h"
#include "report/sample_text.h"
#include "report/stack_tree.h"
#include "report/stack_walker.h"
#include "report/timeline_builder.h"
#include "report/trace_columns.h"
#include "report/wall_time.h"
#include "report/weight_field.h"
#include "report/woken_stacks.h"

namespace prof {

namespace {

/// Who took a sample, and in which address space: what equal stacks must share to be one.
struct Context {
  uint32_t group = 0;
  uint32_t space = 0;
  ThreadState state;
  uint64_t time = 0;  // of a sample in it
  bool hidden = false;
  bool idle_task = false;
};

/// Between where a thread waited and who woke it.
constexpr std::string_view kWokenBy = "[woken by]";

/// Finds each sample's context; what holds for a thread is kept for as long as it holds.
class Contexts {
 public:
  Contexts(Recording& recording, const SampleFilter& filter, GroupBy by, const WallTime& wall,
           Profile& profile)
      : recording_(recording),
        filter_(filter),
        by_(by),
        wall_(wall),
        profile_(profile),
        cache_(kCacheSize) {}

  /// `fields`: as Group has them; -1 for all samples alike.
  SampleContext of(const SampleRecord& sample, int32_t fields = -1) {
    Cached& cached = cache_[(sample.tid * 31u + sample.cpu) % kCacheSize];
    if (fields < 0 && cached.tid == sample.tid && cached.pid == sample.pid &&
        cached.cpu == sample.cpu && cached.event == sample.event && sample.time >= cached.from &&
        sample.time < cached.until) {
      return cached.context;
    }
    const ThreadState state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
    if (fields >= 0) return find(sample, state, fields);
    cached = {
        sample.tid,       sample.pid,       sample.cpu, sample.event, find(sample, state, fields),
        state.valid_from, state.valid_until};
    return cached.context;
  }
  bool hides(SampleContext context) const { return contexts_[context.index].hidden; }
  const Context& operator[](uint32_t index) const { return contexts_[index]; }

 private:
  static constexpr size_t kCacheSize = 4096;
  struct Cached {
    uint32_t tid = 0, pid = UINT32_MAX - 1, cpu = 0, event = 0;
    SampleContext context;
    uint64_t from = 0, until = 0;
  };

  SampleContext find(const SampleRecord& sample, const ThreadState& state, int32_t fields) {
    const StringId comm = recording_.comm_of(state, sample.pid, sample.tid);
    const bool hidden = filter_.hides(sample, comm);
    Group group;
    group.event = sample.event;
    group.fields = fields;
    if (wall_.has(sample.event)) {
      group.event = static_cast<uint32_t>(wall_.event());
      group.wall_part = static_cast<int32_t>(wall_.part(sample.event));
    }
    if (by_.comm) group.comm = comm;
    const EventAttr& event = recording_.events()[sample.event];
    if (by_.pid) group.pid = static_cast<int32_t>(sample.pid);
    if (by_.tid) group.tid = static_cast<int32_t>(sample.tid);
    if (by_.cpu && event.has(PERF_SAMPLE_CPU)) group.cpu = static_cast<int32_t>(sample.cpu);
    const uint32_t group_index = group_of(group, hidden);
    const auto [space, ignored] =
        spaces_.try_emplace({state.process.value, state.version}, spaces_.size());
    const auto key = std::tuple(group_index, space->second, hidden);
    const auto [it, added] = by_key_.try_emplace(key, static_cast<uint32_t>(contexts_.size()));
    if (added) {
      contexts_.push_back({group_index, static_cast<uint32_t>(space->second), state, sample.time,
                           hidden, sample.pid == 0});
    }
    return {it->second, static_cast<uint32_t>(space->second)};
  }

  uint32_t group_of(Group group, bool hidden) {
    if (hidden) return 0;  // counted, never drawn
    if (group.comm.valid()) {
      group.comm = profile_.strings.intern(recording_.strings()[group.comm]);
    }
    const auto [it, added] =
        groups_.try_emplace(group, static_cast<uint32_t>(profile_.groups.size()));
    if (added) profile_.groups.push_back(group);
    return it->second;
  }

  Recording& recording_;
  const SampleFilter& filter_;
  GroupBy by_;
  const WallTime& wall_;
  Profile& profile_;
  std::vector<Cached> cache_;
  std::vector<Context> contexts_;
  std::map<Group, uint32_t> groups_;
  std::map<std::pair<uint32_t, uint32_t>, size_t> spaces_;
  std::map<std::tuple<uint32_t, size_t, bool>, uint32_t> by_key_;
};

/// Puts each distinct stack into the tree, root first.
class TreeBuilder {
 public:
  TreeBuilder(Recording& recording, const RawStacks& stacks, const WokenStacks& woken,
              const Contexts& contexts, bool inlined, const LoadOptions& options, Profile& profile,
              StackQuality* quality)
      : recording_(recording),
        stacks_(stacks),
        woken_(woken),
        inlined_(inlined),
        lines_(options.with_lines),
        full_paths_(options.full_paths),
        without_idle_(options.without_idle),
        contexts_(contexts),
        profile_(profile),
        quality_(quality),
        table_(recording, profile) {}

  void build() {
    std::vector<FrameId> group_frames;
    group_frames.reserve(profile_.groups.size());
    for (const Group& group : profile_.groups) group_frames.push_back(group_frame(profile_, group));
    for (const AddressTable::Entry& entry : stacks_.addresses().all()) {
      const Context& context = contexts_[entry.context];
      table_.add(context.state, context.time, entry.mode, entry.address);
    }
    table_.finish(inlined_, lines_, full_paths_);
    for (size_t i = 0; i < kWallParts; ++i) {
      part_frames_[i] = named_frame(profile_, kWallPartNames[i], FrameKind::WallPart);
    }
    tree_.reserve(stacks_.all().size() + woken_.all().size(),
                  stacks_.total_length() + woken_.total_length());
    for (const RawStack& stack : stacks_.all()) add(stack);
    for (const WokenStacks::Stack& stack : woken_.all()) add(stack);
    tree_.finish(group_frames, profile_, &leaves_);
  }

  /// After build(): the node that a stack of RawStacks::all() ends in; kNoNode if it was left out.
  uint32_t node_of(uint32_t raw) const {
    return places_[raw] == kNoNode ? kNoNode : leaves_[places_[raw]];
  }

 private:
  static constexpr uint32_t kNoNode = TimelineBuilder::kNoNode;

  void add(const RawStack& stack) {
    const auto addresses = stacks_.addresses_of(stack);
    frames_.clear();
    const Group& of = profile_.groups[contexts_[stack.context].group];
    if (of.wall_part >= 0) frames_.push_back(part_frames_[static_cast<size_t>(of.wall_part)]);
    uint64_t unknown = 0;
    const Frame* unnamed = nullptr;
    for (size_t i = addresses.size(); i-- > 0;) {
      const auto frames = table_.frames_of(addresses[i]);
      frames_.insert(frames_.end(), frames.begin(), frames.end());
      if (profile_.frame(frames.front()).kind != FrameKind::Unknown) continue;
      ++unknown;
      unnamed = &profile_.frame(frames.front());
    }
    if (contexts_[stack.context].idle_task && of.wall_part < 0 && is_idle(profile_, frames_)) {
      ProfileEvent& event = profile_.events[of.event];
      event.idle_samples += stack.samples;
      event.idle_period += stack.period;
      if (without_idle_) {
        places_.push_back(kNoNode);
        ++left_out_;
        return;
      }
    }
    places_.push_back(static_cast<uint32_t>(places_.size() - left_out_));
    put(contexts_[stack.context].group, unknown, stack.samples, stack.period);
    if (quality_) judge(stack, unnamed);
  }

  /// Up from the root: the woken thread's stack, a mark, the waker's stack leaf first, its name.
  void add(const WokenStacks::Stack& stack) {
    frames_.clear();
    uint64_t unknown = 0;
    for (size_t i = stack.woken.size(); i-- > 0;) {
      const auto frames = table_.frames_of(stack.woken[i]);
      frames_.insert(frames_.end(), frames.begin(), frames.end());
      unknown += profile_.frame(frames.front()).kind == FrameKind::Unknown;
    }
    frames_.push_back(named_frame_once(kWokenBy, FrameKind::WallPart));
    for (const uint32_t number : stack.waker) {
      const auto frames = table_.frames_of(number);
      frames_.insert(frames_.end(), frames.rbegin(), frames.rend());
      unknown += profile_.frame(frames.front()).kind == FrameKind::Unknown;
    }
    frames_.push_back(named_frame_once(recording_.strings()[stack.waker_comm], FrameKind::Process));
    put(contexts_[stack.context].group, unknown, stack.samples, stack.period);
  }

  void put(uint32_t group, uint64_t unknown, uint64_t samples, uint64_t period) {
    profile_.total_frames += samples * frames_.size();
    profile_.unresolved_frames += samples * unknown;
    ProfileEvent& event = profile_.events[profile_.groups[group].event];
    event.samples += samples;
    event.period += period;
    tree_.add(group, frames_, samples, period);
  }

  FrameId named_frame_once(std::string_view name, FrameKind kind) {
    const auto [known, added] = waker_frames_.try_emplace(std::string(name));
    if (added) known->second = named_frame(profile_, name, kind);
    return known->second;
  }

  void judge(const RawStack& raw, const Frame* unnamed) {
    StackQuality::Stack stack;
    stack.comm = profile_.groups[contexts_[raw.context].group].comm;
    stack.end = raw.end;
    stack.joined = raw.joined;
    stack.length = raw.length;
    const auto addresses = stacks_.addresses_of(raw);
    if (!addresses.empty()) {
      stack.has_user = stacks_.addresses().all()[addresses.back()].mode == CpuMode::User;
      // The frame that stands for what was not copied is no place where a stack ends.
      const bool cut = raw.end == StackEnd::StackTruncated && addresses.size() > 1;
      const size_t parts = profile_.groups[contexts_[raw.context].group].wall_part >= 0;
      stack.root = &profile_.frame(frames_[parts + (cut ? 1 : 0)]);
    }
    if (unnamed) {
      stack.unnamed = unnamed;
      stack.miss = table_.miss_of(FrameId{static_cast<uint32_t>(unnamed - profile_.frames.data())});
    }
    quality_->add(profile_, stack, raw.samples);
  }

  Recording& recording_;
  const RawStacks& stacks_;
  const WokenStacks& woken_;
  const bool inlined_;
  const bool lines_;
  const bool full_paths_;
  const bool without_idle_;
  const Contexts& contexts_;
  Profile& profile_;
  StackQuality* quality_;
  FrameTable table_;
  std::array<FrameId, kWallParts> part_frames_;
  StackTree tree_;
  std::map<std::string, FrameId> waker_frames_;  // marks and names of wakers
  std::vector<FrameId> frames_;                  // of the stack at hand
  std::vector<uint32_t> places_;                 // by raw stack: its number in tree_
  uint32_t left_out_ = 0;
  std::vector<uint32_t> leaves_;  // by number in tree_
};

/// What the periods of an event count: its clock's time, or its occurrences.
std::string unit_of(const EventAttr& event) {
  const bool clock =
      event.attr.type == PERF_TYPE_SOFTWARE && (event.attr.config == PERF_COUNT_SW_CPU_CLOCK ||
                                                event.attr.config == PERF_COUNT_SW_TASK_CLOCK);
  return clock || is_time_away(event) ? "ns" : "events";
}

/// Merges the equal stacks of a recording, by context, before anything is named.
class Gathering {
 public:
  Gathering(Recording& recording, const LoadOptions& options, const SampleFilter& filter,
            StackWalker& walker, TraceColumns columns, WeightField weight)
      : recording_(recording),
        options_(options),
        filter_(filter),
        walker_(walker),
        columns_(std::move(columns)),
        weight_(std::move(weight)),
        wall_(recording.events().all(), options.input.filter.event),
        contexts_(recording, filter, options.group, wall_, profile_),
        stacks_(recording.in_place() && !walker.needed()) {
    stacks_.set_max_stack(options.max_stack);
    if (options.with_timeline) stacks_.keep_sequence();
    for (const EventAttr& event : recording.events().all()) {
      profile_.events.push_back({event.name, unit_of(event)});
      profile_.events.back().in_periods = is_time_away(event);
      if (event.attr.freq != 0) profile_.events.back().frequency = event.attr.sample_freq;
      if (const auto field = event.weight_field(); !field.empty()) {
        profile_.events.back().in_periods = true;
        profile_.events.back().unit = profile_.events.back().weight_field = field;
      }
      if (options.weigh_accesses) {
        profile_.events.back().in_periods = true;
        profile_.events.back().unit = "weight";
      }
      if (!weight_) continue;
      profile_.events.back().in_periods = true;
      profile_.events.back().unit = profile_.events.back().weight_field = weight_.name();
    }
    if (wall_.is_whole()) {
      profile_.events[wall_.event()].name = kWallTimeName;
      profile_.events[wall_.event()].in_periods = true;
    }
  }

  /// Ends early where the walker finds that it should join stacks.
  void run(bool in_order) {
    const auto take = [this](const SampleRecord& sample) {
      add(sample);
      return !walker_.should_join();
    };
    if (in_order) {
      recording_.for_each_sample_in_order(take);
    } else {
      recording_.for_each_sample(take);
    }
    stacks_.finish();
    columns_.set_widths(profile_);
  }

  Profile& profile() { return profile_; }
  const Contexts& contexts() const { return contexts_; }
  const RawStacks& stacks() const { return stacks_; }
  const WokenStacks& woken() const { return woken_; }
  /// Its samples are in the order of stacks().sequence().
  TimelineBuilder& timeline() { return timeline_; }
  std::vector<std::string> warnings() const { return weight_.warnings(recording_); }

 private:
  void add(const SampleRecord& sample) {
    if (filter_.drops(sample)) {
      if (options_.with_callchain) walker_.pass_over(sample);
      return;
    }
    U64View chain;
    bool has_chain = false;
    if (WhereFilter* where = filter_.where()) {
      const ThreadState state =
          recording_.processes().state_at(sample.pid, sample.tid, sample.time);
      has_chain = options_.with_callchain || where->uses_stack();
      if (has_chain) chain = walker_.needed() ? walker_.chain(sample, state) : sample.callchain;
      const StringId comm = recording_.comm_of(state, sample.pid, sample.tid);
      if (!where->takes(sample, recording_.strings()[comm], state, chain)) return;
      if (!options_.with_callchain) chain = {};
    }
    uint64_t period = sample.period;
    if (options_.weigh_accesses) {
      period = std::max<uint64_t>(weight_of(sample, recording_.events()[sample.event]).weight, 1);
    }
    if (weight_) {
      const auto weight = weight_.of(sample);
      if (!weight) return;
      period = *weight;
    }
    ProfileEvent& event = profile_.events[wall_.has(sample.event) ? wall_.event() : sample.event];
    const bool counted = recording_.events()[sample.event].counts_stacks();
    const uint64_t samples = counted ? std::max<uint64_t>(sample.weight, 1) : 1;
    event.total_samples += samples;
    event.counted_stacks += counted;
    event.total_period += period;
    if (options_.join_wakers && recording_.events()[sample.event].tells_woken() &&
        add_woken(sample, samples)) {
      return;
    }
    const SampleContext context = contexts_.of(sample, columns_.take(sample, profile_));
    if (contexts_.hides(context)) return;
    if (options_.with_callchain && !has_chain) {
      chain = walker_.needed() ? walker_.chain(sample, contexts_[context.index].state)
                               : sample.callchain;
    }
    if (!has_address(chain)) {  // the sampled address stands for it
      ips_[at_] = sample.ip;
      chain = {std::as_bytes(std::span(&ips_[at_], 1)), false};
      at_ = (at_ + 1) % ips_.size();
    }
    stacks_.add(context, sample.cpu_mode(), chain, period, samples);
    if (options_.with_timeline) add_moment(sample, context, period, samples);
  }

  void add_moment(const SampleRecord& sample, SampleContext context, uint64_t period,
                  uint64_t samples) {
    const Context& of = contexts_[context.index];
    timeline_.add(sample, profile_.groups[of.group].event, period, samples, context.index, [&] {
      const StringId comm = recording_.comm_of(of.state, sample.pid, sample.tid);
      return profile_.strings.intern(recording_.strings()[comm]);
    });
  }

  /// A sample of a waker, to be shown as one of the thread that it woke.
  bool add_woken(const SampleRecord& sample, uint64_t samples) {
    const auto woken = decode_woken(sample.raw, sample.callchain.swapped());
    if (!woken) return false;
    SampleRecord slept = sample;
    slept.pid = woken->pid;
    slept.tid = woken->tid;
    const SampleContext context = contexts_.of(slept);
    if (contexts_.hides(context)) return true;
    const ThreadState waker = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
    const StringId comm = recording_.comm_of(waker, sample.pid, sample.tid);
    woken_.add({context, CpuMode::User, woken->chain},
               {contexts_.of(sample), sample.cpu_mode(), sample.callchain}, comm,
               stacks_.addresses(), sample.period, samples);
    return true;
  }

  Recording& recording_;
  const LoadOptions& options_;
  const SampleFilter& filter_;
  StackWalker& walker_;
  TraceColumns columns_;
  WeightField weight_;
  const WallTime wall_;
  Profile profile_;
  Contexts contexts_;
  RawStacks stacks_;
  WokenStacks woken_;
  TimelineBuilder timeline_;
  std::array<uint64_t, RawStacks::kQueue + 1> ips_{};  // while their samples are in the queue
  size_t at_ = 0;
};

}  // namespace

Result<Profile> build_profile(Recording& recording, const LoadOptions& options,
                              StackQuality* quality) {
  auto filter = SampleFilter::make(options.input.filter, recording);
  if (!filter) return tl::unexpected(filter.error());
  StackWalker walker(recording, options.input.join_stacks);
  std::unique_ptr<Gathering> gathering;
  const auto gather = [&](bool in_order) -> Result<void> {
    auto columns =
        TraceColumns::make(recording, options.fields, options.raw_fields, options.time_column);
    if (!columns) return tl::unexpected(std::move(columns.error()));
    // What was summed while recording is what is asked for.
    const bool counted =
        std::ranges::any_of(recording.events().all(), [&options](const EventAttr& event) {
          return !options.weight_field.empty() && event.weight_field() == options.weight_field;
        });
    auto weight = WeightField::make(recording, counted ? std::string() : options.weight_field);
    if (!weight) return tl::unexpected(std::move(weight.error()));
    gathering = std::make_unique<Gathering>(recording, options, *filter, walker,
                                            std::move(*columns), std::move(*weight));
    gathering->run(in_order);
    return {};
  };
  if (auto done = gather(false); !done) return tl::unexpected(std::move(done.error()));
  if (walker.should_join()) {
    walker.start_joining();
    if (auto done = gather(true); !done) return tl::unexpected(std::move(done.error()));
  }
  Profile& profile = gathering->profile();
  if (quality) {
    uint64_t copy_size = 0;
    bool proven = false;
    size_t limit = 127;  // the kernel's, if it was not asked for another
    for (const EventAttr& event : recording.events().all()) {
      copy_size = std::max<uint64_t>(copy_size, event.attr.sample_stack_user);
      proven = proven || event.is_unwound();
      if (event.attr.sample_max_stack != 0) limit = event.attr.sample_max_stack;
    }
    quality->set_recorded(limit, copy_size, proven);
  }
  TreeBuilder tree(recording, gathering->stacks(), gathering->woken(), gathering->contexts(),
                   walker.shows_inlined(options.input.inlined), options, profile, quality);
  tree.build();
  if (options.with_timeline) {
    const auto& sequence = gathering->stacks().sequence();
    profile.timeline =
        gathering->timeline().finish([&](size_t i) { return tree.node_of(sequence[i]); });
  }
  for (uint32_t i = 0; i < recording.dsos().size(); ++i) {
    const Dso& dso = recording.dsos()[DsoId{i}];
    if (dso.build_id.empty()) continue;
    profile.binaries.push_back({profile.strings.intern(dso.name), dso.build_id.hex()});
  }
  const RecordingStats& stats = recording.stats();
  profile.lost_records = stats.lost_events + stats.lost_samples;
  profile.lost_samples = stats.lost_samples;
  profile.throttled = stats.throttled;
  profile.without_idle = options.without_idle;
  profile.has_callchains =
      std::ranges::any_of(recording.events().all(),
                          [](const EventAttr& event) { return event.has(PERF_SAMPLE_CALLCHAIN); });
  profile.skipped_records = stats.unknown + stats.unreadable;
  profile.warnings = recording.warnings();
  for (std::string& warning : gathering->warnings()) profile.warnings.push_back(std::move(warning));
  const bool by_thread = options.group.tid || !options.input.filter.tids.empty();
  if (by_thread && std::ranges::any_of(profile.events, [](const ProfileEvent& event) {
        return event.counted_stacks != 0;
      })) {
    profile.warnings.push_back(
        "stacks were counted for all threads of a process that have one name: they stand for the "
        "one that had them first");
  }
  return std::move(profile);
}

}  // namespace prof
