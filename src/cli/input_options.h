// The options that report, script, fold and flamegraph share: which file, which samples, which
// names.
#pragma once

#include <CLI/CLI.hpp>

#include "report/load.h"

namespace prof {

/// Adds -i, --comm(s), --pid, --tid, --cpu/-C, --time, --event, --symfs, --kallsyms, --vmlinux/-k,
/// --demangle, --no-demangle, --no-inline to `command`.
void add_input_options(CLI::App& command, InputOptions& options);
/// Adds --input-format, for commands that read more than recordings.
void add_format_option(CLI::App& command, InputOptions& options);
/// Those of them that say which file, and where names come from.
void add_symbol_options(CLI::App& command, InputOptions& options);

}  // namespace prof
