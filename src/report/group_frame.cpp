#include "report/group_frame.h"

#include <fmt/format.h>

#include <string>

namespace prof {

FrameId group_frame(Profile& profile, const Group& group) {
  std::string name(group.comm.valid() ? profile.strings[group.comm] : "");
  if (group.pid >= 0 || group.tid >= 0) {
    if (!name.empty()) name += '-';
    if (group.pid >= 0) name += std::to_string(group.pid);
    if (group.tid >= 0) name += fmt::format("{}{}", group.pid >= 0 ? "/" : "", group.tid);
  }
  if (group.cpu >= 0) name += fmt::format("{}[{:03}]", name.empty() ? "" : " ", group.cpu);
  if (name.empty()) name = "all";
  return named_frame(profile, name, FrameKind::Process);
}

FrameId named_frame(Profile& profile, std::string_view name, FrameKind kind) {
  Frame frame;
  frame.name = profile.strings.intern(name);
  if (kind != FrameKind::Process) frame.symbol = frame.name;
  frame.kind = kind;
  profile.frames.push_back(frame);
  return FrameId{static_cast<uint32_t>(profile.frames.size() - 1)};
}

}  // namespace prof
