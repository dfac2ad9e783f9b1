#include "report/imported_samples.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/group_frame.h"
#include "report/where_text.h"

namespace prof {

namespace {

constexpr std::string_view kUnknown = "[unknown]";

}  // namespace

std::string_view dso_base_name(std::string_view path) {
  return path.starts_with('[') ? path : path.substr(path.rfind('/') + 1);
}

bool is_kernel_dso(std::string_view dso) {
  const std::string_view file = dso_base_name(dso);
  return file.starts_with("[kernel") || file.starts_with("[guest.") ||
         file.starts_with("vmlinux") || file.find(".ko") != file.npos;
}

bool is_generated_dso(std::string_view dso) {
  const std::string_view file = dso_base_name(dso);
  return (file.starts_with("perf-") && file.ends_with(".map")) || file.starts_with("jitted-") ||
         file == "[jit]";
}

ImportedSamples::ImportedSamples(const LoadOptions& options)
    : options_(options),
      by_(options.group),
      filter_(options.input.filter),
      with_callchain_(options.with_callchain) {}

Result<void> ImportedSamples::choose(std::string_view kind, std::span<const WhereField> known,
                                     const Times& times, const std::string& name,
                                     std::string_view without_times) {
  if (!options_.weight_field.empty()) {
    return fail(fmt::format("{} have no field '{}' to weigh by", kind, options_.weight_field),
                "there are samples and period", 2);
  }
  if (!filter_.time.empty()) {
    if (!times.known()) {
      return fail(name + ": --time of an input without times", std::string(without_times), 2);
    }
    auto ranges = parse_time_ranges(filter_.time, times.first, times.last);
    if (!ranges) return tl::unexpected(ranges.error());
    times_ = std::move(*ranges);
  }
  if (filter_.where.empty()) return {};
  auto where = Where::parse(filter_.where);
  if (!where) return tl::unexpected(std::move(where.error()).in("--where"));
  if (auto done = check_where_of_text(*where, kind, known); !done) return done;
  if (where->uses_first_time() && times.known()) {
    first_time_ = times.first;
    where->set_duration(times.last - times.first);
  }
  where_ = std::move(*where);
  return {};
}

FrameId ImportedSamples::frame(const ImportedFrame& from) {
  const bool found = !from.name.empty() && from.name != kUnknown;
  const bool mapped = !from.dso.empty() && from.dso != kUnknown;
  const std::string file(dso_base_name(from.dso));
  const std::string shown = found                   ? std::string(from.name)
                            : !mapped               ? std::string(kUnknown)
                            : file.starts_with('[') ? file
                                                    : "[" + file + "]";
  Frame frame;
  frame.kind = found ? from.kind : FrameKind::Unknown;
  frame.level = from.kind == FrameKind::Kernel ? 'k' : '.';
  frame.address = from.address;
  frame.name = profile_.strings.intern(shown);
  if (found) frame.symbol = frame.name;
  if (mapped) {
    frame.dso = profile_.strings.intern(from.dso);
    frame.dso_short = profile_.strings.intern(file);
  }
  const bool with_line = options_.with_lines && !from.line.empty();
  if (with_line) {
    ImportedFrame function = from;
    function.line = {};
    frame.line = profile_.strings.intern(from.line);
    frame.function = this->frame(function);
  }
  const auto [known, added] =
      frames_.try_emplace({frame.name.value, frame.dso.value, frame.kind, frame.line.value},
                          FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (added) profile_.frames.push_back(frame);
  return known->second;
}

uint32_t ImportedSamples::event(std::string_view name, std::string_view unit, bool in_periods,
                                uint32_t period_scale) {
  for (size_t i = 0; i < profile_.events.size(); ++i) {
    if (profile_.events[i].name == name) return static_cast<uint32_t>(i);
  }
  ProfileEvent event;
  event.name = name;
  event.unit = unit;
  event.in_periods = in_periods;
  event.period_scale = period_scale;
  profile_.events.push_back(std::move(event));
  return static_cast<uint32_t>(profile_.events.size() - 1);
}

void ImportedSamples::add_binary(std::string_view dso, std::string_view build_id) {
  profile_.binaries.push_back({profile_.strings.intern(dso), std::string(build_id)});
}

bool ImportedSamples::drops(std::string_view event, int32_t cpu,
                            std::optional<uint64_t> time) const {
  if (!filter_.event.empty() && event != filter_.event) return true;
  if (!filter_.cpus.empty() && std::ranges::find(filter_.cpus, cpu) == filter_.cpus.end()) {
    return true;
  }
  if (times_.empty()) return false;
  return !time || std::ranges::none_of(times_, [&](const TimeRange& range) {
    return *time >= range.first && *time <= range.second;
  });
}

bool ImportedSamples::hides(const ImportedSample& sample) const {
  const auto lacks = [](const auto& wanted, const auto& value) {
    return !wanted.empty() && std::ranges::find(wanted, value) == wanted.end();
  };
  return lacks(filter_.comms, sample.comm.value_or("")) || lacks(filter_.pids, sample.pid) ||
         lacks(filter_.tids, sample.tid);
}

bool ImportedSamples::is_wanted(const ImportedSample& sample, std::span<const FrameId> leaf_first) {
  if (!where_) return true;
  const auto known = [](int32_t value) {
    return value < 0 ? std::nullopt : std::optional<int32_t>(value);
  };
  TextSubject subject(profile_);
  subject.set({sample.comm.value_or(kUnknown), profile_.events[sample.event].name,
               known(sample.pid), known(sample.tid), known(sample.cpu), sample.time, sample.period,
               first_time_, leaf_first});
  return where_->matches(subject);
}

uint32_t ImportedSamples::group_of(const ImportedSample& sample) {
  Group group;
  group.event = sample.event;
  if (by_.comm) group.comm = profile_.strings.intern(sample.comm.value_or(kUnknown));
  if (by_.pid) group.pid = sample.pid;
  if (by_.tid) group.tid = sample.tid;
  if (by_.cpu) group.cpu = sample.cpu;
  const auto [known, added] =
      groups_.try_emplace(group, static_cast<uint32_t>(profile_.groups.size()));
  if (added) {
    profile_.groups.push_back(group);
    group_frames_.push_back({});  // by finish(): frames must not be numbered before those of stacks
  }
  return known->second;
}

uint32_t ImportedSamples::group_of_root(uint32_t event, FrameId root) {
  const auto [known, added] =
      root_groups_.try_emplace({event, root.value}, static_cast<uint32_t>(profile_.groups.size()));
  if (added) {
    Group group;
    group.event = event;
    group.comm = profile_.frame(root).name;
    profile_.groups.push_back(group);
    group_frames_.push_back(root);
  }
  return known->second;
}

void ImportedSamples::add_moment(const ImportedSample& sample) {
  Timeline& timeline = profile_.timeline;
  const StringId comm = sample.comm ? profile_.strings.intern(*sample.comm) : StringId{};
  // The name tells threads apart only where no number does: threads rename themselves.
  const bool numbered = sample.pid >= 0 || sample.tid >= 0;
  const auto [thread, added] =
      threads_.try_emplace({sample.pid, sample.tid, numbered ? StringId::kNone : comm.value},
                           static_cast<uint32_t>(timeline.threads.size()));
  if (added) timeline.threads.push_back({sample.pid, sample.tid, comm});
  if (comm.valid()) timeline.threads[thread->second].comm = comm;
  TimelineSample moment;
  moment.time = sample.time.value_or(0);
  moment.thread = thread->second;
  moment.cpu = sample.cpu;
  moment.event = sample.event;
  moment.samples = sample.samples;
  moment.period = sample.period;
  timeline.samples.push_back(moment);
}

bool ImportedSamples::add(const ImportedSample& sample, std::span<const FrameId> leaf_first) {
  if (!is_wanted(sample, leaf_first)) return true;
  const uint64_t weight = std::max<uint64_t>({sample.period, sample.samples, 1});
  weight_ += std::min(weight, kMostWeight + 1);
  frames_added_ += leaf_first.size();
  if (weight_ > kMostWeight || frames_added_ > kMostFrames) return false;
  ProfileEvent& event = profile_.events[sample.event];
  event.total_samples += sample.samples;
  event.total_period += sample.period;
  ++samples_;
  if (hides(sample)) return true;
  event.samples += sample.samples;
  event.period += sample.period;
  stack_.assign(leaf_first.begin(), leaf_first.end());
  profile_.has_callchains |= stack_.size() > 1;
  if (!with_callchain_ && stack_.size() > 1) stack_.resize(1);
  if (options_.max_stack != 0 && stack_.size() > options_.max_stack) {
    stack_.resize(options_.max_stack);
  }
  std::ranges::reverse(stack_);
  const bool known = sample.comm || sample.pid >= 0 || sample.tid >= 0;
  const bool nameless = !known && (by_.comm || by_.pid || by_.tid);
  knows_threads_ |= known;
  in_order_ |= sample.time.has_value();
  const bool under_root = !nameless || options_.always_root || stack_.empty();
  if (options_.with_timeline) add_moment(sample);
  if (under_root) {
    tree_.add(group_of(sample), stack_, sample.samples, sample.period);
  } else {
    tree_.add(group_of_root(sample.event, stack_.front()), std::span(stack_).subspan(1),
              sample.samples, sample.period);
  }
  return true;
}

void ImportedSamples::finish_timeline(const std::vector<uint32_t>& leaves) {
  auto& samples = profile_.timeline.samples;
  profile_.timeline.in_order = in_order_;
  if (!in_order_ && !knows_threads_) {  // then it says nothing that the stacks do not
    profile_.timeline = {};
    return;
  }
  for (size_t i = 0; i < samples.size(); ++i) samples[i].node = leaves[i];
  std::ranges::stable_sort(samples, {}, &TimelineSample::time);
}

Result<Profile> ImportedSamples::finish(const std::string& name) {
  if (weight_ > kMostWeight) return fail(name + ": the periods add up to more than 2^53");
  if (frames_added_ > kMostFrames) {
    return fail(fmt::format("{}: its stacks have more than {} frames together", name, kMostFrames));
  }
  if (samples_ == 0 && !filter_.event.empty()) {
    return fail(fmt::format("no event '{}' in '{}'", filter_.event, name), {}, 2);
  }
  if (samples_ == 0) {
    return fail(name + ": no samples found",
                "was anything recorded, and is it what the filters ask for?");
  }
  for (size_t i = 0; i < group_frames_.size(); ++i) {
    if (!group_frames_[i].valid()) group_frames_[i] = group_frame(profile_, profile_.groups[i]);
  }
  std::vector<uint32_t> leaves;
  tree_.finish(group_frames_, profile_, &leaves);
  if (options_.with_timeline) finish_timeline(leaves);
  count_frames(profile_);
  return std::move(profile_);
}

}  // namespace prof
