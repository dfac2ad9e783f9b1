// FunctionTotals: what is spent in each function and below it, and from which to which they call.
// Used by the exports that know functions instead of stacks.
#pragma once

#include <cstdint>
#include <vector>

#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct FunctionTotal {
  FrameId function;  // as Profile::function_of() tells it
  uint64_t self = 0;
  uint64_t total = 0;  // however often it is in a stack, that counts once
};

struct CallTotal {
  FrameId caller, callee;
  uint64_t total = 0;  // of the stacks that have the call, once each
};

struct FunctionTotals {
  std::vector<FunctionTotal> functions;  // those with the most self first
  std::vector<CallTotal> calls;          // by caller, as first seen
};

/// Of one event's stacks. With `roots`, what shows a group at the root, as the command, is a
/// function like the others.
FunctionTotals function_totals(const Profile& profile, uint32_t event, Weight weight, bool roots);

}  // namespace prof
