// Noise: how far a number that samples say may be from the truth by chance alone. Used by diff,
// report --ci and differential flame graphs.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace prof {

/// The degrees of freedom of a variance that is known, not estimated of a few numbers.
inline constexpr double kKnownVariance = std::numeric_limits<double>::infinity();

/// The chance that Student's t with so many degrees of freedom is at least this far from 0, on
/// either side.
double two_sided_chance(double t, double freedom);
/// What it exceeds on either side with a chance of 5 %: 1.96 of the normal distribution.
double t_of_95_percent(double freedom);

/// A sum of chance samples, how many they were, and the sum of their squares.
struct Counted {
  double weight = 0;
  double samples = 0;
  double squares = 0;

  Counted() = default;
  /// Samples of one weight.
  Counted(double sum, double count)
      : weight(sum), samples(count), squares(count > 0 ? sum * sum / count : 0) {}

  Counted& operator+=(const Counted& other) {
    weight += other.weight;
    samples += other.samples;
    squares += other.squares;
    return *this;
  }
};

/// The variance of a part's sum where the number of samples is chance, too (Poisson). One sample
/// more than there were is assumed, so that "none seen" is not "surely none".
double sum_variance(Counted part, Counted whole);
/// The variance of part.weight / whole.weight where the number of samples of the whole is given
/// (binomial), by the rule of Agresti and Caffo: one sample more in the part, and one more outside.
double share_variance(Counted part, Counted whole);

/// An estimated variance.
struct Variance {
  double value = 0;
  double freedom = kKnownVariance;
};
/// Of the difference of two independent numbers (Welch, Satterthwaite).
Variance variance_of_difference(const Variance& a, const Variance& b);
/// Half the width of the 95 % interval.
double bound_of_95_percent(const Variance& variance);
/// The chance that a difference so large is noise.
double chance_of(double difference, const Variance& variance);

/// Of many differences with these chances, those that can be relied on: of what is chosen, at most
/// a share of `wrong` is expected to be noise (Benjamini and Hochberg).
std::vector<bool> sure_ones(std::span<const double> chances, double wrong = 0.05);

}  // namespace prof
