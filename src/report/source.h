// Source: an input file by what it turned out to be. Used by load_profile and by report, which also
// shows what a recording says of itself.
#pragma once

#include <memory>
#include <optional>

#include "report/load.h"
#include "report/recording.h"

namespace prof {

struct Source {
  std::unique_ptr<Recording> recording;  // a perf.data after pass one, or
  std::optional<Profile> folded;         // folded stacks, already whole
};

/// Guesses from the content.
Result<Source> open_source(const InputOptions& options);

}  // namespace prof
