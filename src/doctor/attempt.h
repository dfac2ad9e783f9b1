// Attempt: a recording in miniature, of this very thread, by the same sources as `prof record`.
// Made by the checks of what can be recorded.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "record/options.h"
#include "record/perf_source.h"
#include "record/target.h"

namespace prof {

/// This thread, on the CPU it runs on, where it stays as long as this lives.
class OwnThread {
 public:
  OwnThread();
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
  ~OwnThread();

  const Target& target() const { return target_; }

 private:
  Target target_;
  std::vector<int> allowed_;  // CPUs, as before
};

struct Attempt {
  std::unique_ptr<PerfSource> source;  // opened; null: see `error`
  std::optional<Error> error;
  std::vector<std::string> notes;
};

/// Opens what `options` ask for.
Attempt open_attempt(const RecordOptions& options, Target target);

struct Sampled {
  uint64_t samples = 0;
  size_t largest = 0;  // record, in bytes
};
/// Works, touches memory and sleeps, for some milliseconds or until there is a sample.
Result<Sampled> sample_work(PerfSource& source);

/// Counts in the kernel, by `options.bpf` or `options.off_cpu`; gives how much was counted.
Result<uint64_t> count_work(const RecordOptions& options, Target target);

/// Options of a small recording of one event.
RecordOptions small_recording(const char* event);

}  // namespace prof
