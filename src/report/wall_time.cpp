#include "report/wall_time.h"

#include <algorithm>

namespace prof {

namespace {

int8_t part_of(const EventAttr& event) {
  if (!event.is_wall_time()) return -1;
  WallPart part = WallPart::OnCpu;
  if (is_time_away(event)) {
    part = event.name == "runnable-time"   ? WallPart::Runnable
           : event.name == "offcpu-time:D" ? WallPart::Disk
                                           : WallPart::Asleep;
  }
  return static_cast<int8_t>(part);
}

}  // namespace

bool is_time_away(const EventAttr& event) {
  if (event.tells_woken()) return true;
  return event.attr.type == PERF_TYPE_SOFTWARE && event.attr.config == PERF_COUNT_SW_BPF_OUTPUT &&
         (event.name.starts_with("offcpu-time") || event.name == "runnable-time");
}

WallTime::WallTime(std::span<const EventAttr> events, std::string_view only) {
  for (const EventAttr& event : events) parts_.push_back(part_of(event));
  const auto first = std::ranges::find_if(parts_, [](int8_t part) { return part >= 0; });
  if (first == parts_.end() || (!only.empty() && only != kWallTimeName)) return;
  whole_ = true;
  first_ = static_cast<size_t>(first - parts_.begin());
}

}  // namespace prof
