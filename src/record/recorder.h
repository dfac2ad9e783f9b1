// Recorder: the whole of `prof record`, from options to a finished file. Called by the command
// line.
#pragma once

#include "common/result.h"
#include "record/options.h"

namespace prof {

/// How the process should end: by `signal`, as the recorded command did or as we were told to, or
/// with `exit_code`, the command's.
struct RecordOutcome {
  int exit_code = 0;
  int signal = 0;  // 0: none
};

Result<RecordOutcome> run_record(const RecordOptions& options);

}  // namespace prof
