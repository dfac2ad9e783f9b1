#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "report/noise.h"

using namespace prof;

TEST_CASE("Student's t has the quantiles of the tables") {
  CHECK(t_of_95_percent(kKnownVariance) == Approx(1.95996).epsilon(1e-4));
  CHECK(t_of_95_percent(1) == Approx(12.7062).epsilon(1e-4));
  CHECK(t_of_95_percent(2) == Approx(4.30265).epsilon(1e-4));
  CHECK(t_of_95_percent(5) == Approx(2.57058).epsilon(1e-4));
  CHECK(t_of_95_percent(11.999) == Approx(2.17881).epsilon(1e-3));
  CHECK(t_of_95_percent(12) == Approx(2.17881).epsilon(1e-4));
  CHECK(t_of_95_percent(39) == Approx(2.02269).epsilon(1e-4));
}

TEST_CASE("chances agree with the quantiles") {
  for (const double freedom : {1.0, 3.0, 9.5, 40.0, 1e5, 1e9}) {
    CHECK(two_sided_chance(t_of_95_percent(freedom), freedom) == Approx(0.05).epsilon(1e-3));
  }
  CHECK(two_sided_chance(0, 7) == Approx(1));
  CHECK(two_sided_chance(2.5758, kKnownVariance) == Approx(0.01).epsilon(1e-3));
  CHECK(two_sided_chance(std::numeric_limits<double>::infinity(), 5) == 0);
  CHECK(two_sided_chance(std::nan(""), 5) == 1);
}

TEST_CASE("the interval of a difference of shares covers the truth 19 times of 20") {
  std::mt19937_64 random(7);
  const auto draws = [&](int count, double share) {
    int hits = 0;
    for (int i = 0; i < count; ++i) {
      hits += static_cast<double>(random()) < share * 18446744073709551616.0;
    }
    return static_cast<double>(hits);
  };
  for (const double share : {0.5, 0.1, 0.01}) {
    constexpr int kTrials = 2000;
    int covered = 0;
    for (int i = 0; i < kTrials; ++i) {
      const double before = draws(1000, share), after = draws(500, share * 1.2);
      const Variance variance{share_variance({before, before}, {1000, 1000}) +
                              share_variance({after, after}, {500, 500})};
      const double error = after / 500 - before / 1000 - share * 0.2;
      covered += std::fabs(error) <= bound_of_95_percent(variance);
    }
    INFO("share " << share << ": " << covered << " of " << kTrials);
    CHECK(covered >= kTrials * 0.935);
    CHECK(covered <= kTrials * 0.985);
  }
}

TEST_CASE("heavy samples are uncertain, however large their share") {
  // One sample of a hundred has half of all the weight.
  const double heavy = share_variance({100, 1}, {200, 101});
  const double light = share_variance({100, 100}, {200, 200});
  CHECK(heavy > 20 * light);
  CHECK(share_variance({0, 0}, {0, 0}) == 0);
  // The same sum and number, in samples that differ.
  Counted mixed(50, 50);
  mixed += Counted(150, 1);
  CHECK(sum_variance(mixed, mixed) > 20 * sum_variance({200, 51}, {200, 51}));
}

TEST_CASE("a function that was not seen may still be there") {
  CHECK(share_variance({0, 0}, {100, 100}) > 0);
  CHECK(share_variance({100, 100}, {100, 100}) > 0);
  CHECK(sum_variance({0, 0}, {100, 100}) == Approx(1));
}

TEST_CASE("among many differences those that are sure are few by chance") {
  CHECK(sure_ones(std::vector<double>{}).empty());
  CHECK(sure_ones(std::vector<double>{0.04}) == std::vector<bool>{true});
  CHECK(sure_ones(std::vector<double>{0.04, 0.5}) == std::vector<bool>{false, false});
  // The second is below 2/4 of 5 %, so that the first, above its own 1/4, comes with it.
  CHECK(sure_ones(std::vector<double>{0.02, 0.024, 0.9, 0.7}) ==
        std::vector<bool>{true, true, false, false});
  std::mt19937_64 random(3);
  int wrong = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> chances(300);
    for (double& chance : chances) chance = static_cast<double>(random()) / 18446744073709551616.0;
    for (const bool sure : sure_ones(chances)) wrong += sure;
  }
  CHECK(wrong < 40);  // 5 % of 200 trials have one or a few
}

TEST_CASE("the freedom of a difference is between the less and the sum") {
  const Variance both = variance_of_difference({2, 10}, {1, 5});
  CHECK(both.value == 3);
  CHECK(both.freedom > 5);
  CHECK(both.freedom <= 15);
  CHECK(variance_of_difference({2, kKnownVariance}, {1, kKnownVariance}).freedom == kKnownVariance);
  CHECK(variance_of_difference({0, 3}, {0, 3}).value == 0);
  CHECK(chance_of(1, {0, kKnownVariance}) == 0);
  CHECK(chance_of(0, {0, kKnownVariance}) == 1);
}
