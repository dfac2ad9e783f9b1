// Description: tells a file what runs, when it begins or, with --overwrite, when it ends. Used by
// the recorder.
#pragma once

#include <cstddef>
#include <vector>

#include "record/options.h"
#include "record/perf_source.h"
#include "record/sideband_watch.h"
#include "record/synthesize.h"
#include "record/target.h"

namespace prof {

class Description {
 public:
  /// All outlive this.
  Description(const RecordOptions& options, const Target& target, const PerfSource& source)
      : options_(options), target_(target), source_(source) {}

  /// The kernel, its modules, what the events are, and the processes: those that the recording
  /// began with, or those that `watch` knows of, which is nullptr at the start.
  void write(SidebandWatch* watch, const Synthesizer::Emit& emit);
  /// With --overwrite: looks at the processes now, for they may be gone when the file ends, and so
  /// may be what the rings had of them.
  void remember();

 private:
  Synthesizer synthesizer(const Synthesizer::Emit& emit) const;

  const RecordOptions& options_;
  const Target& target_;
  const PerfSource& source_;
  std::vector<std::byte> remembered_;
};

}  // namespace prof
