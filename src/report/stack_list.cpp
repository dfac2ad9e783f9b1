#include "report/stack_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prof {

namespace {

/// The frames of a node's stack, leaf first, a line each.
std::string frames_of(const Profile& profile, uint32_t node) {
  std::string text;
  for (; profile.nodes[node].parent != UINT32_MAX; node = profile.nodes[node].parent) {
    std::string name(profile.name(profile.nodes[node].frame));
    for (char& c : name) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    text += "  " + name + "\n";
  }
  return text;
}

std::string process_of(const Profile& profile, const Group& group) {
  const std::string_view comm = group.comm.valid() ? profile.strings[group.comm] : "[unknown]";
  return fmt::format("    {} [{}]\n", comm, group.pid);
}

}  // namespace

std::string event_as_frame(const ProfileEvent& event) {
  const bool weighed = !event.weight_field.empty();
  return fmt::format(
      "[{}]", event.name.substr(0, weighed ? event.name.rfind("/weight=") : event.name.npos));
}

uint64_t write_stack_list(const Profile& profile, const StackListOptions& options, Output& out) {
  // Equal texts are one stack: two frames may have one name.
  std::map<std::string, uint64_t> counts;
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& node = profile.nodes[i];
    const Group& group = profile.groups[node.group];
    const bool wanted = std::ranges::find(options.events, group.event) != options.events.end();
    if (node.self_samples == 0 || !wanted) continue;
    const ProfileEvent& event = profile.events[group.event];
    std::string text = options.with_event ? "  " + event_as_frame(event) + "\n" : "";
    text += frames_of(profile, i);
    if (options.by_process) text += process_of(profile, group);
    counts[std::move(text)] += event.in_periods ? node.self_period : node.self_samples;
  }
  std::vector<std::pair<uint64_t, std::string_view>> sorted;
  sorted.reserve(counts.size());
  for (const auto& [text, count] : counts) sorted.emplace_back(count, text);
  std::ranges::sort(sorted);
  for (const auto& [count, text] : sorted) out << text << fmt::format("    {}\n\n", count);
  return sorted.size();
}

}  // namespace prof
