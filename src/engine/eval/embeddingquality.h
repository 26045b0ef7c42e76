#pragma once

#include "core/records/record.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace studio {

/// Counts of cosine similarities in equal bins over [-1, 1].
struct SimilarityHistogram
{
    static constexpr int kBins = 40;
    std::vector<std::int64_t> positives; ///< pairs that belong together
    std::vector<std::int64_t> negatives; ///< pairs that do not
    double overlap = 0; ///< shared area of the two normalised histograms: 0 apart, 1 the same
};

/// What embeddings look like beside the task's metric.
struct EmbeddingQuality
{
    double alignment = 0; ///< mean squared distance of the normalised vectors of a pair (Wang and Isola 2020)
    double uniformity =
        0; ///< log of the mean of exp(-2 d²) over pairs of normalised vectors; lower is better spread
    double effectiveRank =
        0;                   ///< exp of the entropy of the normalised singular values (Roy and Vetterli 2007)
    double meanPositive = 0; ///< mean cosine of the pairs
    double meanNegative = 0; ///< mean cosine of the other pairs
    SimilarityHistogram histogram;

    /// "alignment", "uniformity", "effective_rank", "similarity_positives", "similarity_negatives",
    /// "overlap".
    MetricList metrics() const;
};

/// first and second [n, dim], row by row. Rows whose `positive` is true belong together (empty: all do); the others are
/// the negatives. Without such rows each first is compared with the second of another row (one cyclic shift by half the
/// rows). Not finite: what cannot be known (no positives, a single row).
EmbeddingQuality embeddingQuality(const at::Tensor& first, const at::Tensor& second,
                                  const std::vector<bool>& positive = {});

/// The loss that in-batch ranking has when the model knows nothing: ln(candidates).
double chanceLossOfRanking(std::int64_t rows, std::int64_t columns);

} // namespace studio
