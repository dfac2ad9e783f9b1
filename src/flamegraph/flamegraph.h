// draw_flamegraph: from a Profile to the picture, with its title, unit and notes. Called by the
// flamegraph command.
#pragma once

#include <optional>
#include <string>

#include "common/output.h"
#include "common/result.h"
#include "flamegraph/differences.h"
#include "flamegraph/name_attributes.h"
#include "flamegraph/options.h"
#include "flamegraph/palette_file.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct DrawRequest {
  uint32_t event = 0;  // of Profile::events
  /// How the sides of a differential are compared; unset: as flamegraph.pl does, by their counts.
  std::optional<DifferenceOptions> difference = {};
  std::optional<Weight> weight = {};  // unset: see natural_weight()
  bool reverse = false;               // leaf first; a differential's stacks are turned already
  bool chart = false;                 // Profile::timeline in its order, instead of the stacks
  std::string other_events = {};      // names of those with samples that are not drawn, "a, b"
};

/// Percentages go by period. Where every sample weighs the same, counting samples says the same
/// with friendlier numbers.
Weight natural_weight(const Profile& profile, uint32_t event);

/// What files of the user's say of functions.
struct DrawFiles {
  NameAttributes attributes = {};
  PaletteFile* colours = nullptr;  // learns those of this picture
};

/// Writes the SVG; of a differential its widths are those of the later side, and stacks that are
/// only in the earlier one have a panel of their own below. A profile without a stack of that event
/// gives a picture that says so, and an error with exit code 2. Where frames would make more than
/// kMostFrameBytes and no least width was asked for, that grows until they do not; the picture says
/// what was left out.
Result<void> draw_flamegraph(const Profile& profile, const DrawRequest& request,
                             const FlamegraphOptions& options, const DrawFiles& files, Output& out);

/// What a browser opens within a second or two.
inline constexpr uint64_t kMostFrameBytes = 2'800'000;

}  // namespace prof
