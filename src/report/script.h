// run_script: prints the samples of a recording one by one, in the order of time, as text that
// `perf script` and the tools made for it agree on. Called by the script command.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "report/load.h"

namespace prof {

struct ScriptOptions {
  InputOptions input;
  std::string fields;  // of -F; empty: perf's default
  bool nanoseconds = false;
  bool hide_call_graph = false;     // only the sampled address, on the sample's line
  bool absolute_addresses = false;  // of user space in call chains, too
  bool show_mmap_events = false;
  bool show_task_events = false;
  bool show_switch_events = false;
  bool header = false;
  bool header_only = false;
};

/// Writes to `out`; gives what there is to tell the user besides.
Result<std::vector<std::string>> run_script(const ScriptOptions& options, Output& out);

}  // namespace prof
