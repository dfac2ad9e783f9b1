// draw_flamegraph: from a Profile to the picture, with its title, unit and notes. Called by the
// flamegraph command.
#pragma once

#include <optional>
#include <string>

#include "common/output.h"
#include "common/result.h"
#include "flamegraph/options.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct DrawRequest {
  uint32_t event = 0;                 // of Profile::events
  std::optional<Weight> weight = {};  // unset: see natural_weight()
  bool reverse = false;               // leaf first
  std::string other_events = {};      // names of those with samples that are not drawn, "a, b"
};

/// Percentages go by period. Where every sample weighs the same, counting samples says the same
/// with friendlier numbers.
Weight natural_weight(const Profile& profile, uint32_t event);

/// Writes the SVG. A profile without a stack of that event gives a picture that says so, and an
/// error with exit code 2.
Result<void> draw_flamegraph(const Profile& profile, const DrawRequest& request,
                             const FlamegraphOptions& options, Output& out);

}  // namespace prof
