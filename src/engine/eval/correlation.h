#pragma once

#include <span>
#include <vector>

namespace studio {

/// Pearson correlation as scipy.stats.pearsonr: NaN when one side is constant or there are fewer than two
/// values.
double pearson(std::span<const double> x, std::span<const double> y);

/// Ranks from 1; equal values get the mean of their ranks.
std::vector<double> averageRanks(std::span<const double> values);

/// Pearson correlation of the average ranks (scipy.stats.spearmanr).
double spearman(std::span<const double> x, std::span<const double> y);

} // namespace studio
