#include "report/profile_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>

#include "report/posix_regex.h"
#include "report/row_cells.h"
#include "report/stack_tree.h"

namespace prof {

namespace {

/// By frame: whether its function's name matches.
Result<std::vector<bool>> matching_frames(const std::string& pattern, const Profile& profile) {
  const PosixRegex regex(pattern);
  if (!regex.error().empty()) {
    return fail(fmt::format("cannot read the regular expression '{}': {}", pattern, regex.error()),
                {}, 2);
  }
  std::vector<bool> out(profile.frames.size());
  for (size_t i = 0; i < out.size(); ++i) {
    const StringId symbol = profile.frames[i].symbol;
    out[i] = symbol.valid() && regex.matches(std::string(profile.strings[symbol]));
  }
  return out;
}

/// On either side, of a differential.
bool has_nothing(const Profile& profile, uint32_t node) {
  const StackNode& of = profile.nodes[node];
  if (of.self_samples != 0 || of.self_period != 0) return false;
  if (!profile.is_differential()) return true;
  return profile.before[node].samples == 0 && profile.before[node].period == 0;
}

/// Makes the nodes anew of all stacks. `before`: of each that was added, if it is a differential.
void rebuild(StackTree& tree, std::span<const FrameId> group_frames,
             std::span<const BeforeWeight> before, Profile& profile) {
  std::vector<uint32_t> leaves;
  profile.nodes.clear();
  tree.finish(group_frames, profile, &leaves);
  profile.before.assign(before.empty() ? 0 : profile.nodes.size(), {});
  for (size_t i = 0; i < before.size(); ++i) {
    profile.before[leaves[i]].samples += before[i].samples;
    profile.before[leaves[i]].period += before[i].period;
  }
}

/// What is shown of each event, after stacks were hidden.
void count_shown(Profile& profile) {
  for (ProfileEvent& event : profile.events) event.samples = event.period = 0;
  for (const StackNode& node : profile.nodes) {
    ProfileEvent& event = profile.events[profile.groups[node.group].event];
    event.samples += node.self_samples;
    event.period += node.self_period;
  }
}

/// Makes the tree again, each stack in the group that `group_of(node)` says.
template <class GroupOf>
void regroup(Profile& profile, GroupOf&& group_of) {
  StackTree tree;
  std::vector<FrameId> path, group_frames(profile.groups.size());
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& node = profile.nodes[i];
    if (node.parent == UINT32_MAX) group_frames[node.group] = node.frame;
    if (node.self_samples == 0 && node.self_period == 0) continue;
    path.clear();
    for (uint32_t at = i; profile.nodes[at].parent != UINT32_MAX; at = profile.nodes[at].parent) {
      path.push_back(profile.nodes[at].frame);
    }
    std::ranges::reverse(path);
    const uint32_t group = group_of(i);
    group_frames.resize(profile.groups.size());
    group_frames[group] = group_frames[node.group];
    tree.add(group, path, node.self_samples, node.self_period);
  }
  profile.nodes.clear();
  tree.finish(group_frames, profile);
}

}  // namespace

void hide_other_leaves(const std::vector<std::string>& dsos,
                       const std::vector<std::string>& symbols, Profile& profile) {
  const auto lacks = [](const std::vector<std::string>& wanted, std::string_view name) {
    return !wanted.empty() && std::ranges::find(wanted, name) == wanted.end();
  };
  const auto hidden = [&](const Frame& frame) {
    const auto short_name =
        frame.dso_short.valid() ? profile.strings[frame.dso_short] : std::string_view{};
    const auto long_name = frame.dso.valid() ? profile.strings[frame.dso] : std::string_view{};
    return (lacks(dsos, short_name) && lacks(dsos, long_name)) ||
           lacks(symbols, profile.strings[frame.name]);
  };
  std::vector<bool> hide(profile.frames.size());
  for (size_t i = 0; i < hide.size(); ++i) hide[i] = hidden(profile.frames[i]);
  for (StackNode& node : profile.nodes) {
    if (hide[node.frame.value]) node.self_samples = node.self_period = 0;
  }
  count_shown(profile);
}

void drop_unresolved(Profile& profile) {
  for (StackNode& node : profile.nodes) {
    if (node.parent == UINT32_MAX || profile.frame(node.frame).kind != FrameKind::Unknown) continue;
    ProfileEvent& event = profile.events[profile.groups[node.group].event];
    event.total_samples -= std::min(event.total_samples, node.self_samples);
    event.total_period -= std::min(event.total_period, node.self_period);
    node.self_samples = node.self_period = 0;
  }
  count_shown(profile);
}

Result<void> ignore_callees(const std::string& pattern, Profile& profile) {
  const auto matches = matching_frames(pattern, profile);
  if (!matches) return tl::unexpected(matches.error());
  for (uint32_t i = 0; i < profile.nodes.size();) {
    StackNode& node = profile.nodes[i];
    if (node.parent == UINT32_MAX || !(*matches)[node.frame.value]) {
      ++i;
      continue;
    }
    for (uint32_t below = i + 1; below < node.end; ++below) {
      StackNode& callee = profile.nodes[below];
      node.self_samples += std::exchange(callee.self_samples, 0);
      node.self_period += std::exchange(callee.self_period, 0);
    }
    i = node.end;
  }
  return {};
}

Result<void> mark_parents(const std::string& pattern, bool exclude_other, Profile& profile) {
  const auto matches = matching_frames(pattern, profile);
  if (!matches) return tl::unexpected(matches.error());
  std::vector<StringId> parent_of(profile.nodes.size());  // parents come before their children
  for (size_t i = 0; i < parent_of.size(); ++i) {
    StackNode& node = profile.nodes[i];
    if (node.parent == UINT32_MAX) continue;
    parent_of[i] =
        (*matches)[node.frame.value] ? profile.frame(node.frame).symbol : parent_of[node.parent];
    if (exclude_other && !parent_of[i].valid()) node.self_samples = node.self_period = 0;
  }
  std::map<std::pair<uint32_t, StringId>, uint32_t> groups;
  regroup(profile, [&](uint32_t node) {
    const uint32_t old = profile.nodes[node].group;
    if (!parent_of[node].valid()) return old;
    const auto [it, added] =
        groups.try_emplace({old, parent_of[node]}, static_cast<uint32_t>(profile.groups.size()));
    if (added) {
      Group group = profile.groups[old];
      group.parent = parent_of[node];
      profile.groups.push_back(group);
    }
    return it->second;
  });
  count_shown(profile);
  return {};
}

void begin_stacks(const StackBegin& begin, Profile& profile) {
  enum class Cut : uint8_t { None, AndRoot, ButRoot };
  std::vector<Cut> cut_at(profile.frames.size(), Cut::None);
  const auto mark = [&](const std::vector<std::string>& names, Cut cut) {
    for (size_t i = 0; i < cut_at.size() && !names.empty(); ++i) {
      const Frame& frame = profile.frames[i];
      const auto symbol = frame.symbol.valid() ? profile.strings[frame.symbol] : std::string_view();
      const auto is = [&](const std::string& name) {
        return name == profile.strings[frame.name] || name == symbol;
      };
      if (std::ranges::any_of(names, is)) cut_at[i] = cut;
    }
  };
  mark(begin.skip_after, Cut::ButRoot);
  mark(begin.base, Cut::AndRoot);

  StackTree tree;
  std::vector<BeforeWeight> before;
  std::vector<FrameId> path, group_frames(profile.groups.size());
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> bases;  // by event and frame
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& node = profile.nodes[i];
    if (node.parent == UINT32_MAX) group_frames[node.group] = node.frame;
    if (has_nothing(profile, i)) continue;
    path.clear();
    Cut cut = Cut::None;
    for (uint32_t at = i; at != UINT32_MAX && cut == Cut::None; at = profile.nodes[at].parent) {
      path.push_back(profile.nodes[at].frame);
      cut = cut_at[path.back().value];
    }
    std::ranges::reverse(path);
    const bool root_is_in = cut == Cut::None || path.front() == group_frames[node.group];
    uint32_t group = node.group;
    if (cut == Cut::AndRoot && !root_is_in) {
      const uint32_t event = profile.groups[node.group].event;
      const auto [it, added] = bases.try_emplace({event, path.front().value},
                                                 static_cast<uint32_t>(profile.groups.size()));
      if (added) {
        Group group_of_base;
        group_of_base.event = event;
        group_of_base.comm = profile.frame(path.front()).name;
        profile.groups.push_back(group_of_base);
        group_frames.push_back(path.front());
      }
      group = it->second;
    }
    const bool begins_with_root = root_is_in || cut == Cut::AndRoot;
    tree.add(group, std::span(path).subspan(begins_with_root ? 1 : 0), node.self_samples,
             node.self_period);
    if (profile.is_differential()) before.push_back(profile.before[i]);
  }
  rebuild(tree, group_frames, before, profile);
}

void reverse_stacks(Profile& profile) {
  StackTree tree;
  std::vector<FrameId> path, group_frames;
  std::vector<Group> groups;
  std::vector<BeforeWeight> before;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> leaves;  // by event and frame
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& node = profile.nodes[i];
    if (has_nothing(profile, i)) continue;
    path.clear();
    for (uint32_t at = i; at != UINT32_MAX; at = profile.nodes[at].parent) {
      path.push_back(profile.nodes[at].frame);
    }
    const uint32_t event = profile.groups[node.group].event;
    const auto [it, added] =
        leaves.try_emplace({event, path.front().value}, static_cast<uint32_t>(groups.size()));
    if (added) {
      Group group;
      group.event = event;
      group.comm = profile.frame(path.front()).name;
      groups.push_back(group);
      group_frames.push_back(path.front());
    }
    tree.add(it->second, std::span(path).subspan(1), node.self_samples, node.self_period);
    if (profile.is_differential()) before.push_back(profile.before[i]);
  }
  profile.groups = std::move(groups);
  rebuild(tree, group_frames, before, profile);
}

void keep_files_only(Profile& profile) {
  for (Frame& frame : profile.frames) {
    if (!frame.line.valid()) continue;
    const std::string file(source_file(profile.strings[frame.line]));
    frame.line = profile.strings.intern(file.empty() ? std::string(kNoLine) : file + ":0");
  }
}

void put_under_one_root(Profile& profile) {
  StackNode root;
  root.frame = FrameId{static_cast<uint32_t>(profile.frames.size())};
  Frame frame;
  frame.name = profile.strings.intern("all");
  frame.kind = FrameKind::Process;
  profile.frames.push_back(frame);
  for (StackNode& node : profile.nodes) {
    node.parent = node.parent == UINT32_MAX ? 0 : node.parent + 1;
    ++node.end;
    node.group = 0;
  }
  root.end = static_cast<uint32_t>(profile.nodes.size()) + 1;
  profile.nodes.insert(profile.nodes.begin(), root);
  if (!profile.before.empty()) profile.before.insert(profile.before.begin(), BeforeWeight());
  profile.groups.assign(1, Group{});
}

}  // namespace prof
