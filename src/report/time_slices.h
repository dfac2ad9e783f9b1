// TimeSlices: a recording cut into slices of time, with what each row of a table has in each. What
// is resampled to learn how much chance there is in a recording. Made by diff and by report --ci.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct TimeSlices {
  struct Cell {
    uint32_t slice = 0;
    float self = 0;
    float total = 0;  // with what was called, once a sample
  };
  std::vector<double> whole;    // by slice: the weight of its samples
  std::vector<uint32_t> begin;  // by row, and one more: the first of its cells
  std::vector<Cell> cells;
  double slice_seconds = 0;

  size_t count() const { return whole.size(); }
  std::span<const Cell> row(uint32_t index) const {
    return std::span(cells).subspan(begin[index], begin[index + 1] - begin[index]);
  }
};

/// The row of a node that is in none.
inline constexpr uint32_t kNoSliceRow = UINT32_MAX;

/// Slices of 100 ms, forty of recordings longer than 4 s, ten of those shorter than 1 s. Nothing
/// where samples have no times, or not all of them, are counted in the kernel, or are too few to
/// tell slices apart. `row_of_node`: below `rows`, or kNoSliceRow.
std::optional<TimeSlices> slice_by_time(const Profile& profile, uint32_t event, Weight weight,
                                        uint32_t rows, std::span<const uint32_t> row_of_node);

/// All of a profile as one slice, whatever times it has: to be compared with other files.
TimeSlices one_slice(const Profile& profile, uint32_t event, Weight weight, uint32_t rows,
                     std::span<const uint32_t> row_of_node);

/// From the first sample of an event to the last; 0 if their times are not known.
double seconds_of(const Profile& profile, uint32_t event);

}  // namespace prof
