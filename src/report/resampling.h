// Resampling: how much the numbers of rows would change if a recording were made again, from its
// slices of time (a bootstrap). Used by diff and by report --ci.
#pragma once

#include <span>
#include <vector>

#include "report/noise.h"
#include "report/time_slices.h"

namespace prof {

/// What a row's weight is divided by.
enum class Denominator : uint8_t {
  Whole,    // the weight of all samples
  Seconds,  // the time that was recorded
  None,     // nothing: weights as they are
};

struct RowVariances {
  std::vector<double> self, total;  // by row
  double freedom = 0;               // of each of them; 0: there are none, since there are no slices
};

/// Files that are compared as files, not only by their slices.
inline constexpr size_t kFilesThatVary = 3;

/// Of one side of a comparison: `files` are its recordings. Slices are drawn anew within each file;
/// where there are kFilesThatVary, files are drawn first. The same input gives the same numbers.
RowVariances resample(std::span<const TimeSlices> files, Denominator denominator);

}  // namespace prof
