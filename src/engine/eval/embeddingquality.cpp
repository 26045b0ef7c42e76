#include "engine/eval/embeddingquality.h"

#include "engine/eval/tensorvalues.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace studio {
namespace {

std::vector<std::int64_t> binned(const std::vector<float>& similarities)
{
    std::vector<std::int64_t> counts(SimilarityHistogram::kBins, 0);
    for (float s : similarities) {
        const auto bin = static_cast<int>((s + 1) / 2 * SimilarityHistogram::kBins);
        ++counts[static_cast<std::size_t>(std::clamp(bin, 0, SimilarityHistogram::kBins - 1))];
    }
    return counts;
}

double overlapOf(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b)
{
    const auto sumA = static_cast<double>(std::accumulate(a.begin(), a.end(), std::int64_t{0}));
    const auto sumB = static_cast<double>(std::accumulate(b.begin(), b.end(), std::int64_t{0}));
    if (sumA == 0 || sumB == 0) return std::numeric_limits<double>::quiet_NaN();
    double shared = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        shared += std::min(static_cast<double>(a[i]) / sumA, static_cast<double>(b[i]) / sumB);
    return shared;
}

double meanOf(const std::vector<float>& values)
{
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

EmbeddingQuality embeddingQuality(const at::Tensor& first, const at::Tensor& second,
                                  const std::vector<bool>& positive)
{
    const std::int64_t n = first.size(0);
    const at::Tensor a = normalizeRows(first.to(at::kFloat));
    const at::Tensor b = normalizeRows(second.to(at::kFloat));
    EmbeddingQuality q;

    const std::vector<float> pairs = floatsOf((a * b).sum(-1));
    std::vector<float> positives, negatives;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        (positive.empty() || positive[i] ? positives : negatives).push_back(pairs[i]);
    if (negatives.empty() && n > 1)
        negatives = floatsOf((a * b.roll({std::max<std::int64_t>(1, n / 2)}, {0})).sum(-1));
    // |a - b|² of unit vectors is 2 - 2 cos.
    q.alignment = 2 - 2 * meanOf(positives);

    const at::Tensor all = at::cat({a, b});
    const auto count = static_cast<double>(all.size(0));
    // d² of unit vectors is 2 - 2 cos; the diagonal (cos 1) adds exp(0) = 1 for each row.
    const double sum = at::exp(4 * at::mm(all, all.t()) - 4).sum(at::kDouble).item<double>() - count;
    q.uniformity = std::log(std::max(sum, 0.0) / (count * (count - 1)));

    const std::vector<double> singular = doublesOf(at::linalg_svdvals(all));
    const double total = std::accumulate(singular.begin(), singular.end(), 0.0);
    double entropy = 0;
    for (double s : singular)
        if (s > 0) entropy -= s / total * std::log(s / total);
    q.effectiveRank = std::exp(entropy);

    q.meanPositive = meanOf(positives);
    q.meanNegative = meanOf(negatives);
    q.histogram.positives = binned(positives);
    q.histogram.negatives = binned(negatives);
    q.histogram.overlap = overlapOf(q.histogram.positives, q.histogram.negatives);
    return q;
}

MetricList EmbeddingQuality::metrics() const
{
    return {{"alignment", alignment},
            {"uniformity", uniformity},
            {"effective_rank", effectiveRank},
            {"similarity_positives", meanPositive},
            {"similarity_negatives", meanNegative},
            {"overlap", histogram.overlap}};
}

double chanceLossOfRanking(std::int64_t rows, std::int64_t columns)
{
    return std::log(static_cast<double>(rows) * static_cast<double>(std::max<std::int64_t>(columns - 1, 1)));
}

} // namespace studio
