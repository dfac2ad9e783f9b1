#include "report/noise.h"

#include <algorithm>
#include <cmath>

namespace prof {

namespace {

constexpr double kNormal95 = 1.959963984540054;

/// The continued fraction of the incomplete beta function, by Lentz's method.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kPrecision = 1e-12;
  constexpr int kMostSteps = 300;
  const auto away_from_zero = [](double value) { return std::fabs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMostSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    result *= d * c;
    if (std::fabs(d * c - 1) < kPrecision) break;
  }
  return result;
}

/// The regularized incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // lgamma keeps its sign in a global; lgamma_r does not.
  int sign = 0;
  const double front = std::exp(::lgamma_r(a + b, &sign) - ::lgamma_r(a, &sign) -
                                ::lgamma_r(b, &sign) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/// The mean square of a part's samples, or of those of the whole where it has none.
double mean_square(Counted part, Counted whole) {
  if (part.samples > 0) return part.squares / part.samples;
  return whole.samples > 0 ? whole.squares / whole.samples : 0;
}

}  // namespace

double two_sided_chance(double t, double freedom) {
  if (std::isnan(t) || freedom <= 0) return 1;
  t = std::fabs(t);
  constexpr double kNearlyNormal = 1e6;
  if (freedom > kNearlyNormal) return std::erfc(t / std::sqrt(2.0));
  if (std::isinf(t)) return 0;
  return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double t_of_95_percent(double freedom) {
  constexpr double kMany = 12;
  if (freedom >= kMany) {
    // Fisher's expansion around the normal distribution's.
    const double z = kNormal95;
    const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    const double f = freedom;
    return z + (z3 + z) / (4 * f) + (5 * z5 + 16 * z3 + 3 * z) / (96 * f * f) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * f * f * f);
  }
  double low = 0, high = 1e4;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (two_sided_chance(middle, freedom) > 0.05 ? low : high) = middle;
  }
  return (low + high) / 2;
}

double sum_variance(Counted part, Counted whole) {
  return part.squares + mean_square(part, whole);
}

double share_variance(Counted part, Counted whole) {
  if (whole.weight <= 0) return 0;
  const double share = std::clamp(part.weight / whole.weight, 0.0, 1.0);
  Counted rest;
  rest.weight = std::max(whole.weight - part.weight, 0.0);
  rest.samples = std::max(whole.samples - part.samples, 0.0);
  rest.squares = std::max(whole.squares - part.squares, 0.0);
  return ((1 - share) * (1 - share) * sum_variance(part, whole) +
          share * share * sum_variance(rest, whole)) /
         (whole.weight * whole.weight);
}

Variance variance_of_difference(const Variance& a, const Variance& b) {
  const double sum = a.value + b.value;
  const double spread = a.value * a.value / a.freedom + b.value * b.value / b.freedom;
  return {sum, spread > 0 ? sum * sum / spread : kKnownVariance};
}

double bound_of_95_percent(const Variance& variance) {
  return t_of_95_percent(variance.freedom) * std::sqrt(variance.value);
}

double chance_of(double difference, const Variance& variance) {
  if (difference == 0) return 1;
  if (variance.value <= 0) return 0;
  return two_sided_chance(difference / std::sqrt(variance.value), variance.freedom);
}

std::vector<bool> sure_ones(std::span<const double> chances, double wrong) {
  std::vector<double> sorted(chances.begin(), chances.end());
  std::ranges::sort(sorted);
  double most = -1;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const double allowed = wrong * static_cast<double>(i + 1) / static_cast<double>(sorted.size());
    if (sorted[i] <= allowed) most = sorted[i];
  }
  std::vector<bool> sure(chances.size());
  for (size_t i = 0; i < chances.size(); ++i) sure[i] = chances[i] <= most;
  return sure;
}

}  // namespace prof
