#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace studio {

/// Cosine of row i of `a` and row i of `b`; rows of `dim` values, of length 1.
std::vector<double> rowSimilarities(std::span<const float> a, std::span<const float> b, std::size_t dim);

/// Ranks from 0 to 1; equal values share their mean rank. One value has rank 0.
std::vector<double> shareRanks(std::span<const double> values);

/// How well each pair is placed: 1 less the distance between the rank of its similarity and the rank of its grade.
/// Its mean rises with Spearman's correlation, and one example can win or lose.
std::vector<double> gradedScores(std::span<const double> similarities, std::span<const double> grades);

/// Without grades: reciprocal rank of row i of `b` among all rows of `b`, searched with row i of `a`. Ties count against it.
std::vector<double> reciprocalRanks(std::span<const float> a, std::span<const float> b, std::size_t dim);

} // namespace studio
