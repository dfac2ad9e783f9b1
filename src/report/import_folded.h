// Folded stacks ("a;b;c 12") into a Profile. Called by load_profile for text inputs.
#pragma once

#include <span>

#include "common/result.h"
#include "report/profile.h"

namespace prof {

/// Takes what flamegraph.pl and inferno take: `#` comments and blank lines are skipped, CRLF and a
/// byte-order mark (UTF-8, UTF-16) are accepted, counts may be decimals, a second count is ignored
/// with a warning, lines without a count are counted and warned of. `_[k]`, `_[j]`, `_[i]` marks
/// give the frame's kind. An input without any stack is an error naming `name`.
Result<Profile> import_folded(std::span<const std::byte> text, const std::string& name);

}  // namespace prof
