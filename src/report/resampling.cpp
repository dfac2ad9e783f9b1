#include "report/resampling.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace prof {

namespace {

constexpr size_t kResamples = 256;
using Lanes = std::array<float, kResamples>;  // one number for each resample

/// xorshift64*: small, fast, and the same everywhere.
class Random {
 public:
  /// Below `limit`, which is far below 2^32.
  uint32_t below(size_t limit) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    const uint64_t number = (state_ * 0x2545f4914f6cdd1dull) >> 32;
    return static_cast<uint32_t>(number * limit >> 32);
  }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15ull;
};

class Resampling {
 public:
  Resampling(std::span<const TimeSlices> files, Denominator denominator)
      : files_(files), denominator_(denominator) {
    size_t slices = 0;
    for (const TimeSlices& file : files) {
      first_slice_.push_back(slices);
      slices += file.count();
    }
    drawn_.assign(slices, Lanes{});
  }

  RowVariances run() {
    draw();
    sum_denominators();
    size_t rows = 0;
    for (const TimeSlices& file : files_) rows = std::max(rows, file.begin.size() - 1);
    RowVariances out;
    out.freedom = freedom();
    out.self.resize(rows);
    out.total.resize(rows);
    for (uint32_t row = 0; row < rows; ++row) {
      sum_row(row);
      out.self[row] = variance(self_);
      out.total[row] = variance(total_);
    }
    return out;
  }

 private:
  bool files_vary() const { return files_.size() >= kFilesThatVary; }

  double freedom() const {
    if (files_vary()) return static_cast<double>(files_.size() - 1);
    return static_cast<double>(drawn_.size() - files_.size());
  }

  /// How often each slice is in each resample.
  void draw() {
    Random random;
    for (size_t resample = 0; resample < kResamples; ++resample) {
      for (size_t turn = 0; turn < files_.size(); ++turn) {
        const size_t file = files_vary() ? random.below(files_.size()) : turn;
        for (size_t i = 0; i < files_[file].count(); ++i) {
          drawn_[first_slice_[file] + random.below(files_[file].count())][resample] += 1;
        }
      }
    }
  }

  void sum_denominators() {
    denominators_.fill(denominator_ == Denominator::None ? 1.0 : 0.0);
    if (denominator_ == Denominator::None) return;
    for (size_t f = 0; f < files_.size(); ++f) {
      for (size_t s = 0; s < files_[f].count(); ++s) {
        const double each =
            denominator_ == Denominator::Whole ? files_[f].whole[s] : files_[f].slice_seconds;
        const Lanes& times = drawn_[first_slice_[f] + s];
        for (size_t i = 0; i < kResamples; ++i) denominators_[i] += each * double{times[i]};
      }
    }
  }

  void sum_row(uint32_t row) {
    self_.fill(0);
    total_.fill(0);
    for (size_t f = 0; f < files_.size(); ++f) {
      if (row + 1 >= files_[f].begin.size()) continue;
      for (const TimeSlices::Cell& cell : files_[f].row(row)) {
        const Lanes& times = drawn_[first_slice_[f] + cell.slice];
        if (cell.self != 0) {
          for (size_t i = 0; i < kResamples; ++i) self_[i] += cell.self * times[i];
        }
        for (size_t i = 0; i < kResamples; ++i) total_[i] += cell.total * times[i];
      }
    }
  }

  /// What was drawn from varies less than what that was drawn from: n - 1 of n.
  double variance(const Lanes& sums) const {
    double mean = 0, squares = 0;
    size_t count = 0;
    for (size_t i = 0; i < kResamples; ++i) {
      if (denominators_[i] <= 0) continue;
      const double value = double{sums[i]} / denominators_[i];
      const double from_mean = value - mean;
      mean += from_mean / static_cast<double>(++count);
      squares += from_mean * (value - mean);
    }
    if (count < 2) return 0;
    const double drawn = freedom() + 1;
    return squares / static_cast<double>(count - 1) * drawn / (drawn - 1);
  }

  const std::span<const TimeSlices> files_;
  const Denominator denominator_;
  std::vector<size_t> first_slice_;  // by file, in drawn_
  std::vector<Lanes> drawn_;
  std::array<double, kResamples> denominators_{};
  Lanes self_{}, total_{};
};

}  // namespace

RowVariances resample(std::span<const TimeSlices> files, Denominator denominator) {
  if (files.empty()) return {};
  return Resampling(files, denominator).run();
}

}  // namespace prof
