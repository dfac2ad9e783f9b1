// The text of `perf script` into a Profile, so that it can be drawn where perf.data is not to be
// had: perf script | prof flamegraph. Called by load_profile for text inputs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// Whether one of the first lines begins a sample.
bool looks_like_script(std::string_view text);

/// Takes what perf has printed since 3.10, with call chains or without, and what prof prints.
/// Comments and perf's other records are passed over; lines among frames that are no frames are
/// counted and warned of. A stack ends at a blank line, at the next sample or at the end.
///
/// Each sample is one, its period the printed one, or 1. Events are kept apart; `options` says by
/// what else samples are, and which are left out. What text cannot tell, as --time of a text
/// without times, is an error, and so is a text without samples, which names `name`, with exit
/// code 2.
Result<Profile> import_script(std::string_view text, const std::string& name,
                              const LoadOptions& options);

}  // namespace prof
