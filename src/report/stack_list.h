// stack_list: the stacks of a Profile one below the other, each with its count, as stackcount of
// the BCC tools prints them. Called by the stacks command.
#pragma once

#include <cstdint>

#include "common/output.h"
#include "report/profile.h"

namespace prof {

struct StackListOptions {
  uint32_t event = 0;       // of Profile::events
  bool by_process = false;  // a line with the process, "comm [pid]", below the frames
};

/// Writes each distinct stack: its frames, leaf first, then how often it was hit. The commonest
/// stands last, where a terminal shows it. Returns the number of stacks.
uint64_t write_stack_list(const Profile& profile, const StackListOptions& options, Output& out);

}  // namespace prof
