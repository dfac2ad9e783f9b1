// Description: tells a file what runs, when it begins or, with --overwrite, when it ends. Used by
// the recorder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>
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
  /// With --overwrite, after write(): leaves out of `records`, which are older, that a thread was
  /// born, if the name it got later was overwritten. Readers would take it for its parent, although
  /// it was described as what it is now. Also left out is that the ring took nothing while it was
  /// read, which was before this file began.
  void drop_stale(std::vector<std::byte>& records) const;

 private:
  Synthesizer synthesizer(const Synthesizer::Emit& emit) const;

  const RecordOptions& options_;
  const Target& target_;
  const PerfSource& source_;
  std::vector<std::byte> remembered_;
  std::unordered_set<uint32_t> described_;  // threads, by the last write()
};

}  // namespace prof
