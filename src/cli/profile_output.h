// What fold and flamegraph have in common around a Profile: which event, where stacks begin, what
// to warn of, where the text goes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "report/call_tree.h"
#include "report/profile.h"
#include "report/profile_edits.h"

namespace prof {

/// The first event with samples, or 0: the one to show when none was asked for.
uint32_t first_event_with_samples(const Profile& profile);

/// Names of the other events with samples, "a, b"; empty if there are none.
std::string other_events(const Profile& profile, uint32_t chosen);

/// The profile's warnings, and which events are not shown.
std::vector<std::string> warnings_about(const Profile& profile, uint32_t chosen_event);

/// What --weight asks for: samples, period, or else a field, which `field` then names.
Weight weight_named(const std::string& text, std::string& field);

/// --base and --skip-after.
void add_stack_begin_options(CLI::App& command, StackBegin& begin);

/// Opens `path` ("-" or empty: standard output), lets `write` fill it, and flushes.
Result<void> write_to(const std::string& path, const std::function<Result<void>(Output&)>& write);

}  // namespace prof
