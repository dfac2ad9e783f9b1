#include "report/where_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "report/stack_tree.h"

namespace prof {

namespace {

constexpr std::string_view kUnknown = "[unknown]";

constexpr std::array<std::pair<WhereField, std::string_view>, 20> kNames = {{
    {WhereField::Comm, "comm"},
    {WhereField::Pid, "pid"},
    {WhereField::Tid, "tid"},
    {WhereField::Cpu, "cpu"},
    {WhereField::Event, "event"},
    {WhereField::Time, "time"},
    {WhereField::Clock, "clock"},
    {WhereField::Period, "period"},
    {WhereField::Weight, "weight"},
    {WhereField::Address, "addr"},
    {WhereField::PhysicalAddress, "phys_addr"},
    {WhereField::Ip, "ip"},
    {WhereField::Mode, "mode"},
    {WhereField::Cgroup, "cgroup"},
    {WhereField::Symbol, "sym"},
    {WhereField::Dso, "dso"},
    {WhereField::StackSymbol, "stack.sym"},
    {WhereField::StackDso, "stack.dso"},
    {WhereField::StackDepth, "stack.depth"},
    {WhereField::Trace, "fields of tracepoints"},
}};

}  // namespace

std::string_view TextSubject::symbol_of(FrameId id) const {
  const Frame& frame = profile_.frame(id);
  return frame.kind == FrameKind::Unknown ? kUnknown : profile_.strings[frame.name];
}

std::string_view TextSubject::dso_of(FrameId id) const {
  const Frame& frame = profile_.frame(id);
  return frame.dso.valid() ? profile_.strings[frame.dso] : kUnknown;
}

std::optional<std::string_view> TextSubject::text(WhereField field) {
  switch (field) {
    case WhereField::Comm:
      return sample_.comm;
    case WhereField::Event:
      return sample_.event;
    case WhereField::Mode:
      if (sample_.stack.empty()) return std::nullopt;
      return profile_.frame(sample_.stack.front()).kind == FrameKind::Kernel ? "kernel" : "user";
    case WhereField::Symbol:
      return sample_.stack.empty() ? kUnknown : symbol_of(sample_.stack.front());
    case WhereField::Dso:
      return sample_.stack.empty() ? kUnknown : dso_of(sample_.stack.front());
    default:
      return std::nullopt;
  }
}

std::optional<FieldNumber> TextSubject::number(WhereField field) {
  const auto number = [](const auto& value) -> std::optional<FieldNumber> {
    if (!value) return std::nullopt;
    return FieldNumber{static_cast<uint64_t>(*value), *value < 0 ? true : false};
  };
  switch (field) {
    case WhereField::Pid:
      return number(sample_.pid);
    case WhereField::Tid:
      return number(sample_.tid);
    case WhereField::Cpu:
      return number(sample_.cpu);
    case WhereField::Period:
      return FieldNumber{sample_.period.value_or(1)};
    case WhereField::Clock:
      if (!sample_.time) return std::nullopt;
      return FieldNumber{*sample_.time};
    case WhereField::Time:
      if (!sample_.time) return std::nullopt;
      return FieldNumber{*sample_.time - std::min(*sample_.time, sample_.first_time)};
    case WhereField::StackDepth:
      return FieldNumber{sample_.stack.size()};
    default:
      return std::nullopt;
  }
}

void TextSubject::for_each_frame(WhereField field,
                                 const std::function<bool(std::string_view)>& visit) {
  for (const FrameId id : sample_.stack) {
    if (!visit(field == WhereField::StackSymbol ? symbol_of(id) : dso_of(id))) return;
  }
}

Result<void> check_where_of_text(const Where& where, std::string_view kind,
                                 std::span<const WhereField> known) {
  for (const auto& [field, name] : kNames) {
    if (!where.uses(field) || std::ranges::find(known, field) != known.end()) continue;
    std::string all;
    for (const auto& [each, each_name] : kNames) {
      if (std::ranges::find(known, each) == known.end()) continue;
      all.append(all.empty() ? "" : ", ").append(each_name);
    }
    return fail(fmt::format("--where: {} have no {}", kind, name), "they have " + all, 2);
  }
  return {};
}

Result<void> keep_where(const std::string& condition, Profile& profile) {
  if (condition.empty()) return {};
  auto where = Where::parse(condition);
  if (!where) return tl::unexpected(std::move(where.error()).in("--where"));
  constexpr std::array kKnown = {WhereField::Comm, WhereField::Symbol, WhereField::StackSymbol,
                                 WhereField::StackDepth};
  if (auto done = check_where_of_text(*where, "folded stacks", kKnown); !done) return done;
  StackTree tree;
  TextSubject subject(profile);
  std::vector<FrameId> stack;
  std::vector<FrameId> group_frames(profile.groups.size());
  for (ProfileEvent& event : profile.events) {
    event.samples = event.period = event.total_samples = event.total_period = 0;
  }
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& leaf = profile.nodes[i];
    stack.clear();
    uint32_t at = i;
    for (; profile.nodes[at].parent != UINT32_MAX; at = profile.nodes[at].parent) {
      stack.push_back(profile.nodes[at].frame);
    }
    group_frames[leaf.group] = profile.nodes[at].frame;
    if (leaf.self_samples == 0 && leaf.self_period == 0) continue;
    TextSubject::Sample sample;
    sample.comm = profile.name(profile.nodes[at].frame);
    // The first frame of a stack may be its only one.
    if (stack.empty()) stack.push_back(profile.nodes[at].frame);
    sample.stack = stack;
    subject.set(sample);
    if (!where->matches(subject)) continue;
    if (profile.nodes[i].parent == UINT32_MAX) stack.clear();
    std::ranges::reverse(stack);
    tree.add(leaf.group, stack, leaf.self_samples, leaf.self_period);
    ProfileEvent& event = profile.events[profile.groups[leaf.group].event];
    event.samples += leaf.self_samples;
    event.period += leaf.self_period;
    event.total_samples += leaf.self_samples;
    event.total_period += leaf.self_period;
  }
  profile.nodes.clear();
  tree.finish(group_frames, profile);
  profile.total_frames = profile.unresolved_frames = 0;
  count_frames(profile);
  return {};
}

}  // namespace prof
