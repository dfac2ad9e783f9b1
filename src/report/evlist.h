// The texts of `prof evlist` and `prof buildids`: what was recorded, and of which binaries. Called
// by their commands.
#pragma once

#include <string>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "report/load.h"

namespace prof {

struct EvlistOptions {
  InputOptions input;
  bool verbose = false;  // all of the attributes
  bool groups = false;
  bool frequencies = false;
  bool trace_fields = false;
};

/// The events, one a line, as perf evlist prints them. Gives what there is to tell besides.
Result<std::vector<std::string>> run_evlist(const EvlistOptions& options, Output& out);

struct BuildIdOptions {
  InputOptions input;
  bool with_hits = false;  // only of binaries that samples are in, their stacks included
  bool kernel = false;     // of the running kernel, without a recording
};

/// "HEX PATH", a binary a line, as perf buildid-list prints them.
Result<std::vector<std::string>> run_build_ids(const BuildIdOptions& options, Output& out);

}  // namespace prof
