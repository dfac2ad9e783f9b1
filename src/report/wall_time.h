// WallTime: the events of a recording that make up the time of its threads together: on a CPU,
// asleep, waiting for a disk, waiting for a CPU. Asked by the pipeline, which makes one event of
// them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "perfdata/attr.h"

namespace prof {

enum class WallPart : uint8_t { OnCpu, Asleep, Disk, Runnable };
inline constexpr size_t kWallParts = 4;

/// The frames that tell the parts apart, below the name of the command. Folded stacks carry them,
/// too.
inline constexpr std::array<std::string_view, kWallParts> kWallPartNames = {"[on CPU]", "[asleep]",
                                                                            "[disk]", "[runnable]"};
inline constexpr std::string_view kWallTimeName = "wall-time";

/// Whether an event counts time away from a CPU: see record --off-cpu.
bool is_time_away(const EventAttr& event);

class WallTime {
 public:
  /// `only`: the name of the only event that is wanted; empty for all.
  WallTime(std::span<const EventAttr> events, std::string_view only);

  /// Whether the recording was made to be seen as one (record --wall), and is.
  bool is_whole() const { return whole_; }
  bool has(size_t event) const { return whole_ && parts_[event] >= 0; }
  WallPart part(size_t event) const { return static_cast<WallPart>(parts_[event]); }
  /// The event that stands for all of them: the first.
  size_t event() const { return first_; }

 private:
  bool whole_ = false;
  size_t first_ = 0;
  std::vector<int8_t> parts_;  // by event; -1: none
};

}  // namespace prof
