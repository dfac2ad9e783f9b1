// RecordSummary: what a recording came to, in words. Used by the recorder at its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/bpf_source.h"
#include "record/live_unwinder.h"
#include "record/options.h"
#include "record/recording_file.h"

namespace prof {

struct RecordSummary {
  const RecordOptions& options;
  RecordingTotals totals;  // of all files
  uint64_t wakeups = 0;
  const BpfSource* bpf = nullptr;          // nullptr: no BPF programs
  const LiveUnwinder* unwinder = nullptr;  // nullptr: nothing walks stacks while recording
  bool is_whole = true;                    // all samples are in the file
  uint64_t lost = 0;                       // samples by BPF programs, else records
};

/// One line each; whatever is missing from the recording has its own.
std::vector<std::string> summary_lines(const RecordSummary& summary);

}  // namespace prof
