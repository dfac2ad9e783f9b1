// Options of perf report that prof report does not have: what to use instead. Used by
// report_command.
#pragma once

#include <CLI/CLI.hpp>

namespace prof {

/// Adds them, hidden, each with an error of its own; and those that need nothing done.
void add_foreign_report_options(CLI::App& command);

}  // namespace prof
