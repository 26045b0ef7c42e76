#pragma once

#include <cstdint>
#include <span>

namespace studio {

/// Two models on the same examples: who wins how often, and whether the mean difference is more than luck.
struct PairedComparison
{
    std::int64_t wins = 0;   ///< examples on which b has the higher score
    std::int64_t ties = 0;   ///< differences of at most 1e-9
    std::int64_t losses = 0;
    double meanDifference = 0; ///< of b less a
    double low = 0;            ///< 95 % interval of the mean difference, percentile bootstrap
    double high = 0;
    double shareBelowZero = 0; ///< of the resampled means: small means that b is better, not lucky
};

/// `a` and `b` have one score an example, higher is better; both have the same size. Resamples rows with replacement
/// `resamples` times; the same seed gives the same numbers everywhere (SplitMix64).
PairedComparison comparePaired(std::span<const double> a, std::span<const double> b, int resamples = 2000,
                               std::uint64_t seed = 42);

/// Mean and 95 % interval (Student's t) of one number over several runs.
struct MeanInterval
{
    std::int64_t count = 0;
    double mean = 0;
    double halfWidth = 0; ///< 0 with fewer than two values
};

MeanInterval meanInterval(std::span<const double> values);

/// 97.5 % quantile of Student's t.
double studentQuantile(std::int64_t degreesOfFreedom);

} // namespace studio
