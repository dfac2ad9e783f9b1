// Command: a subcommand of prof as main.cpp sees it: its options on the command line and its entry.
// One file in this folder each; they fill the options structs of their module and call it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "common/result.h"

namespace prof {

/// The version, and what this prof was built without.
std::string version_text();

/// What a parsed command does; gives the exit code of the process.
using CommandRun = std::function<Result<int>()>;

/// Adds the subcommand to `app`; when it was the one chosen, sets `run`.
void add_record_command(CLI::App& app, CommandRun& run);
void add_report_command(CLI::App& app, CommandRun& run);
void add_tui_command(CLI::App& app, CommandRun& run);
void add_script_command(CLI::App& app, CommandRun& run);
void add_fold_command(CLI::App& app, CommandRun& run);
void add_stacks_command(CLI::App& app, CommandRun& run);
void add_embed_command(CLI::App& app, CommandRun& run);
void add_flamegraph_command(CLI::App& app, CommandRun& run);
void add_view_command(CLI::App& app, CommandRun& run);
void add_export_command(CLI::App& app, CommandRun& run);
void add_evlist_command(CLI::App& app, CommandRun& run);
void add_buildids_command(CLI::App& app, CommandRun& run);
void add_merge_command(CLI::App& app, CommandRun& run);
void add_repair_command(CLI::App& app, CommandRun& run);
void add_list_command(CLI::App& app, CommandRun& run);
void add_doctor_command(CLI::App& app, CommandRun& run);

}  // namespace prof
