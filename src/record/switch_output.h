// SwitchOutput: when a recording goes on in another file, as --switch-output says it, and how the
// files are called. Used by the command line and by the recorder.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prof {

struct SwitchOutput {
  bool by_signal = false;  // SIGUSR2
  uint64_t size = 0;       // bytes that a file has at least; 0: whatever it has
  double seconds = 0;      // 0: however long it takes
  uint64_t max_files = 0;  // that are kept; 0: all

  bool enabled() const { return by_signal || size != 0 || seconds > 0; }
};

/// "signal" (or nothing), "100M", or "30s": a number with one of B, K, M, G, or s, m, h, d.
/// `max_files` is left alone.
Result<void> parse_switch_output(std::string_view text, SwitchOutput& to);

/// "20261122043327" and hundredths of the second, in local time: what perf appends to file names.
std::string file_timestamp(const timeval& time);

}  // namespace prof
