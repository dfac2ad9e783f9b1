// run_merge: several recordings as one. Called by the merge command.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace prof {

struct MergeOptions {
  std::vector<std::string> inputs;
  std::string output;  // must not be there, unless `force`
  bool force = false;
};

struct MergeResult {
  uint64_t samples = 0;
  uint64_t left_out = 0;           // records that cannot be read, or are of no use in another file
  std::vector<std::string> hosts;  // that recordings are of, in their order
  std::vector<std::string> warnings;
};

/// Records come by their times, which stay what they were, as does what samples say. Equal events
/// are one. Where recordings are of several hosts, commands are "nginx@web2", and process ids of
/// each host but the first begin anew at a multiple of 2^22, the largest there are. A kernel that
/// another one's build id equals moves there; other kernels' addresses are shown without names,
/// never with those of another kernel. An output is left only by success.
Result<MergeResult> run_merge(const MergeOptions& options);

}  // namespace prof
