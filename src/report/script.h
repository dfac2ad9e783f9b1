// run_script: prints the samples of a recording one by one, in the order of time, as text that
// `perf script` and the tools made for it agree on. Called by the script command.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "report/load.h"
#include "report/script_sideband.h"
#include "report/script_writer.h"

namespace prof {

struct ScriptOptions {
  InputOptions input;
  std::vector<std::string> fields;  // of each -F; empty: perf's default
  ScriptWriterOptions writer;
  enum class Times : uint8_t { Clock, SinceFirst, SinceLast };
  Times times = Times::Clock;
  std::vector<std::string> stop_at;  // call chains end at these functions
  bool per_event_dump = false;       // into a file for each event, beside the recording
  uint32_t max_stack = 0;            // frames of each call chain at most; 0: all
  bool hide_call_graph = false;      // only the sampled address, on the sample's line
  bool absolute_addresses = false;   // of user space in call chains, too
  SidebandKinds sideband;            // records that are no samples, to be shown as well
  bool header = false;
  bool header_only = false;
  bool dump = false;  // the records as they lie in the file, see dump.h
};

/// Writes to `out`; gives what there is to tell the user besides.
Result<std::vector<std::string>> run_script(const ScriptOptions& options, Output& out);

}  // namespace prof
