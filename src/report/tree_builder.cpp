#include "report/tree_builder.h"

#include <algorithm>
#include <utility>

#include "report/callchain.h"
#include "report/frame_classes.h"
#include "report/group_frame.h"
#include "report/idle.h"

namespace prof {

namespace {

/// Between where a thread waited and who woke it.
constexpr std::string_view kWokenBy = "[woken by]";

}  // namespace

TreeBuilder::TreeBuilder(Recording& recording, const RawStacks& stacks, const WokenStacks& woken,
                         const Contexts& contexts, bool inlined, const LoadOptions& options,
                         Profile& profile, StackQuality* quality)
    : recording_(recording),
      stacks_(stacks),
      woken_(woken),
      inlined_(inlined),
      lines_(options.with_lines),
      full_paths_(options.full_paths),
      without_idle_(options.without_idle),
      least_share_(options.with_timeline ? 0 : options.least_share),
      contexts_(contexts),
      profile_(profile),
      quality_(quality),
      table_(recording, profile) {}

void TreeBuilder::build() {
  std::vector<FrameId> group_frames;
  group_frames.reserve(profile_.groups.size());
  for (const Group& group : profile_.groups) group_frames.push_back(group_frame(profile_, group));
  name_addresses();
  if (least_share_ > 0) find_namesakes(group_frames);
  tree_.reserve(stacks_.all().size() + woken_.all().size(),
                stacks_.total_length() + woken_.total_length());
  for (const RawStack& stack : stacks_.all()) add(stack);
  for (const WokenStacks::Stack& stack : woken_.all()) add(stack);
  if (least_share_ > 0) tree_.prune(pruning(least_share_));
  tree_.finish(group_frames, profile_, least_share_ > 0 ? nullptr : &leaves_);
}

void TreeBuilder::name_addresses() {
  for (const AddressTable::Entry& entry : stacks_.addresses().all()) {
    const Context& context = contexts_[entry.context];
    table_.add(context.state, context.time, entry.mode, entry.address);
  }
  table_.finish(inlined_, lines_, full_paths_);
  for (size_t i = 0; i < kWallParts; ++i) {
    part_frames_[i] = named_frame(profile_, kWallPartNames[i], FrameKind::WallPart);
  }
  for (const WokenStacks::Stack& stack : woken_.all()) {
    named_frame_once(kWokenBy, FrameKind::WallPart);
    named_frame_once(recording_.strings()[stack.waker_comm], FrameKind::Process);
  }
}

TreeBuilder::Unnamed TreeBuilder::take_frames(const RawStack& stack) {
  const auto addresses = stacks_.addresses_of(stack);
  frames_.clear();
  const Group& of = profile_.groups[contexts_[stack.context].group];
  if (of.wall_part >= 0) frames_.push_back(part_frames_[static_cast<size_t>(of.wall_part)]);
  Unnamed unnamed;
  for (size_t i = addresses.size(); i-- > 0;) {
    const auto frames = table_.frames_of(addresses[i]);
    frames_.insert(frames_.end(), frames.begin(), frames.end());
    if (profile_.frame(frames.front()).kind != FrameKind::Unknown) continue;
    ++unnamed.frames;
    unnamed.last = &profile_.frame(frames.front());
  }
  return unnamed;
}

void TreeBuilder::add(const RawStack& stack) {
  const Unnamed unnamed = take_frames(stack);
  const Group& of = profile_.groups[contexts_[stack.context].group];
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
  if (!namesake_.empty()) {
    added_.push_back(static_cast<uint32_t>(&stack - stacks_.all().data()));
  }
  places_.push_back(static_cast<uint32_t>(places_.size() - left_out_));
  put(contexts_[stack.context].group, unnamed.frames, stack.samples, stack.period);
  if (quality_) judge(stack, unnamed.last);
}

/// Up from the root: the woken thread's stack, a mark, the waker's stack leaf first, its name.
TreeBuilder::Unnamed TreeBuilder::take_frames(const WokenStacks::Stack& stack) {
  frames_.clear();
  Unnamed unnamed;
  for (size_t i = stack.woken.size(); i-- > 0;) {
    const auto frames = table_.frames_of(stack.woken[i]);
    frames_.insert(frames_.end(), frames.begin(), frames.end());
    unnamed.frames += profile_.frame(frames.front()).kind == FrameKind::Unknown;
  }
  frames_.push_back(named_frame_once(kWokenBy, FrameKind::WallPart));
  for (const uint32_t number : stack.waker) {
    const auto frames = table_.frames_of(number);
    frames_.insert(frames_.end(), frames.rbegin(), frames.rend());
    unnamed.frames += profile_.frame(frames.front()).kind == FrameKind::Unknown;
  }
  frames_.push_back(named_frame_once(recording_.strings()[stack.waker_comm], FrameKind::Process));
  return unnamed;
}

void TreeBuilder::add(const WokenStacks::Stack& stack) {
  const Unnamed unnamed = take_frames(stack);
  if (!namesake_.empty()) {
    added_.push_back(
        static_cast<uint32_t>(stacks_.all().size() + size_t(&stack - woken_.all().data())));
  }
  put(contexts_[stack.context].group, unnamed.frames, stack.samples, stack.period);
}

void TreeBuilder::put(uint32_t group, uint64_t unknown, uint64_t samples, uint64_t period) {
  profile_.total_frames += samples * frames_.size();
  profile_.unresolved_frames += samples * unknown;
  ProfileEvent& event = profile_.events[profile_.groups[group].event];
  event.samples += samples;
  event.period += period;
  if (namesake_.empty()) {
    tree_.add(group, frames_, samples, period);
    return;
  }
  drawn_frames_.clear();
  for (const FrameId frame : frames_) drawn_frames_.push_back(namesake_[frame.value]);
  tree_.add(group_namesake_[group], drawn_frames_, samples, period);
}

FrameId TreeBuilder::named_frame_once(std::string_view name, FrameKind kind) {
  const auto [known, added] = waker_frames_.try_emplace(std::string(name));
  if (added) known->second = named_frame(profile_, name, kind);
  return known->second;
}

void TreeBuilder::judge(const RawStack& raw, const Frame* unnamed) {
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

void TreeBuilder::find_namesakes(std::span<const FrameId> group_frames) {
  const FrameClasses classes(profile_, {});
  std::vector<FrameId> first_of_class(classes.count());
  for (uint32_t i = 0; i < profile_.frames.size(); ++i) {
    FrameId& first = first_of_class[classes.of(FrameId{i})];
    if (!first.valid()) first = FrameId{i};
    namesake_.push_back(first);
  }
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> first_group;  // by event and class
  for (uint32_t i = 0; i < group_frames.size(); ++i) {
    const auto key = std::pair(profile_.groups[i].event, classes.of(group_frames[i]));
    group_namesake_.push_back(first_group.try_emplace(key, i).first->second);
  }
}

Pruning TreeBuilder::pruning(double least_share) {
  // Rather too little: what is drawn is decided later, by the exact total of one event.
  constexpr double kMargin = 1 - 1e-9;
  Pruning pruning;
  const auto per_unit = [&](uint64_t total) {
    return 1 / (least_share * static_cast<double>(total) * kMargin);
  };
  for (const ProfileEvent& event : profile_.events) {
    if (event.samples != 0) {
      pruning.per_sample = std::max(pruning.per_sample, per_unit(event.samples));
    }
    if (event.period != 0) {
      pruning.per_period = std::max(pruning.per_period, per_unit(event.period));
    }
  }
  pruning.stand_in.resize(namesake_.size());
  for (uint32_t i = 0; i < namesake_.size(); ++i) {
    if (namesake_[i] != FrameId{i}) pruning.stand_in[namesake_[i].value] = true;
  }
  pruning.frame_of = [this](uint32_t stack, size_t depth) { return frame_of(stack, depth); };
  return pruning;
}

/// Of a stack of tree_ again what it was before its frames got stand-ins.
FrameId TreeBuilder::frame_of(uint32_t stack, size_t depth) {
  const size_t added = added_[stack];
  const size_t raw = stacks_.all().size();
  if (added < raw) {
    take_frames(stacks_.all()[added]);
  } else {
    take_frames(woken_.all()[added - raw]);
  }
  return frames_[depth - 1];
}

}  // namespace prof
