// write_page: a profile as one HTML file that needs nothing else: flame graph, callers and callees,
// table, and where there are times a heat map of them. Called by the flamegraph command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "flamegraph/page_data.h"
#include "report/profile.h"

namespace prof {

struct PageRequest {
  std::string title = {};                     // empty: "Flame Graph" and the recording's name
  std::string name = {};                      // of the recording, as shown to users
  std::optional<Weight> weight = {};          // unset: natural_weight() of each event
  uint32_t event = 0;                         // shown first
  std::vector<std::string> notes = {};        // lines of the user's own, for the account
  bool downward = false, leaf_first = false;  // how the graph begins
  PageLimits limits = {};
};

/// A profile without a stack is an error with exit code 2.
Result<void> write_page(const Profile& profile, const PageRequest& request, Output& out);

}  // namespace prof
