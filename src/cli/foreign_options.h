// Options of perf record that prof record does not have: what to use instead. Asked by
// record_command before it reads the command line.
#pragma once

#include "cli/command_words.h"
#include "common/result.h"

namespace prof {

/// An error for the first of `words` that is such an option.
Result<void> refuse_foreign_options(const CLI::App& app, const Words& words);

}  // namespace prof
