// The options of `prof record` that say what a sample has, and what else perf's recorder is asked
// for by the same names. Used by record_command.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "common/result.h"
#include "record/options.h"

namespace prof {

/// What CLI11 fills in and take_sample_options() reads.
struct SampleArguments {
  std::string interrupt_registers, user_registers, branches;
  std::vector<std::string> cgroups;
  bool any_branch = false;
  bool kernel_callchains = false, user_callchains = false;
};

void add_sample_options(CLI::App& app, RecordOptions& options, SampleArguments& to);

Result<void> take_sample_options(const CLI::App& app, const SampleArguments& from,
                                 RecordOptions& options);

/// What "-I?" and "--user-regs=?" ask for; nothing if neither was given.
std::optional<std::string> asked_register_list(const SampleArguments& from);

}  // namespace prof
