// What the tools of bcc print of stacks into a Profile: profile, offcputime, stackcount, without
// their option for folded text. Called by load_profile.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// Whether indented lines that end in one with just a number come among the first lines.
bool looks_like_bcc(std::string_view text);

/// A stack is indented lines, leaf first: frames, "--" between those of the kernel and the user's
/// (-d), whose it is as "-  name (pid)" or "name [pid]", and last what it counts; a blank line ends
/// it. Frames with "_[k]" (-a), and those before "--", are the kernel's.
///
/// The number is a count; where the text speaks of microseconds ("off-CPU time (us)"), or of
/// milliseconds, it is a time. A text without stacks is an error.
Result<Profile> import_bcc(std::string_view text, const std::string& name,
                           const LoadOptions& options);

}  // namespace prof
