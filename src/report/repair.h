// run_repair: what can be read of a recording as a clean file that perf reads without a warning:
// whole records only, not compressed, in the file form, with attributes of a size that perf 6.1
// takes. Called by the repair command.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"

namespace prof {

struct RepairOptions {
  std::string input;   // "-": standard input
  std::string output;  // must not be there, unless `force`
  bool force = false;
};

struct RepairResult {
  uint64_t records = 0, samples = 0;        // kept
  uint64_t unreadable = 0;                  // records that do not fit their type or event
  std::map<std::string, uint64_t> skipped;  // by type: what perf 6.1 would stop at
  std::vector<std::string> warnings;        // of reading the input
};

/// No sample that the other commands read is missing from the output, and none is made up. An
/// output is left only by success.
Result<RepairResult> run_repair(const RepairOptions& options);

}  // namespace prof
