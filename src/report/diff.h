// Diff: two sides compared function by function, and what of their differences is more than chance.
// Called by the diff command; shown by diff_text, diff_json, fail_if and flamegraph.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "report/join_profiles.h"
#include "report/noise.h"
#include "report/profile.h"

namespace prof {

/// What makes the numbers of both sides comparable.
enum class Normalize : uint8_t {
  Share,  // of all that was recorded on the side
  Time,   // a second of recording
  None,
};

struct DiffOptions {
  Normalize normalize = Normalize::Share;
  std::optional<Weight> weight = {};  // unset: samples where all of a side weigh the same
  JoinOptions join = {};
};

/// What is known of a side as a whole.
struct DiffSide {
  std::vector<std::string> files;
  std::string event, unit;  // of its first file
  uint64_t samples = 0;
  uint64_t weight = 0;
  double seconds = 0;  // of all files; 0: not known
  uint64_t lost = 0;   // samples that the kernel or the recorder lost
};

/// One number of a function on both sides, in DiffResult::unit.
struct DiffValue {
  double before = 0, after = 0;
  double bound = 0;   // the difference is within +- bound of the true one, of 20 times 19
  double chance = 1;  // that noise alone makes it so large
  bool sure = false;  // counted among those that are not noise

  double change() const { return after - before; }
};

struct DiffRow {
  FrameId function;  // of DiffResult::joined
  DiffValue self, total;
  bool sure() const { return self.sure || total.sure; }
};

struct DiffResult {
  Profile joined;
  std::vector<DiffRow> rows;  // in the order of the joined frames
  DiffSide before, after;
  Normalize normalize = Normalize::Share;
  Weight weight = Weight::Samples;
  std::string unit;    // "%", "ms/s", "samples"
  double scale = 1;    // what a weight of before is multiplied by to compare with one of after
  std::string method;  // how the intervals were made, in words
  bool is_resampled = false;
  bool knows_binaries = true;
  /// By joined frame: the variance of its total relative to that of as much weight in samples
  /// that are all alike; 1 or more.
  std::vector<double> spread;
};

/// No side is empty.
Result<DiffResult> compare(const std::vector<DiffInput>& before,
                           const std::vector<DiffInput>& after, const DiffOptions& options);

/// Of an input that has both sides, as difffolded.pl writes it.
Result<DiffResult> compare_sides(DiffInput both, const DiffOptions& options);

}  // namespace prof
