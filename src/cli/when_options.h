// The options of `prof record` that say when samples are taken and when a file ends. Used by
// record_command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "common/result.h"
#include "record/options.h"

namespace prof {

/// What CLI11 fills in and take_when_options() reads.
struct WhenArguments {
  std::string delay, control, max_size, switch_output;
  uint64_t max_files = 0;
  bool boundary = false;         // which files always have
  bool tail_synthesize = false;  // which goes with --overwrite, and is of no use without
};

void add_when_options(CLI::App& app, RecordOptions& options, WhenArguments& to);

Result<void> take_when_options(const CLI::App& app, const WhenArguments& from,
                               RecordOptions& options);

}  // namespace prof
