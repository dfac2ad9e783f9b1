// dump_records: every record of a recording as bytes and as what they say, for looking at a file
// that something is wrong with. Called by script for --dump.
#pragma once

#include "common/output.h"
#include "report/recording.h"

namespace prof {

/// In the order of the file, each with its offset there; those that lie in a compressed record have
/// its. The form is that of `perf script -D`.
void dump_records(const Recording& recording, Output& out);

}  // namespace prof
