// stack_list: the stacks of a Profile one below the other, each with its count, as stackcount of
// the BCC tools prints them. Called by the stacks command.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/output.h"
#include "report/profile.h"

namespace prof {

struct StackListOptions {
  std::vector<uint32_t> events = {0};  // of Profile::events
  bool with_event = false;             // its name is the innermost frame: [sched:sched_switch]
  bool by_process = false;             // a line with the process, "comm [pid]", below the frames
};

/// An event as a frame of what led to it.
std::string event_as_frame(const ProfileEvent& event);

/// Writes each distinct stack: its frames, leaf first, then how often it was hit, or what the sum
/// is of an event in_periods. The commonest stands last, where a terminal shows it. Returns the
/// number of stacks.
uint64_t write_stack_list(const Profile& profile, const StackListOptions& options, Output& out);

}  // namespace prof
