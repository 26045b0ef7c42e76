#include "engine/eval/binarymetrics.h"

#include "engine/eval/correlation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace studio {
namespace {

template <typename T>
std::vector<std::size_t> bestFirst(std::span<const T> scores, bool higherIsSimilar)
{
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return higherIsSimilar ? scores[a] > scores[b] : scores[a] < scores[b];
    });
    return order;
}

/// Half-way to the next score, or the score itself where rounding would give the next one, or after the last
/// row.
float thresholdAfter(std::span<const float> scores, const std::vector<std::size_t>& order, std::size_t i)
{
    const float score = scores[order[i]];
    if (i + 1 == order.size()) return score;
    const float next = scores[order[i + 1]];
    const float middle = (score + next) / 2;
    return middle == next ? score : middle;
}

} // namespace

BestAccuracy bestAccuracy(std::span<const float> scores, std::span<const int> labels, bool higherIsSimilar)
{
    const auto order = bestFirst(scores, higherIsSimilar);
    BestAccuracy best;
    if (order.empty()) return best;
    const auto total = static_cast<double>(labels.size());
    auto negatives = static_cast<double>(std::count(labels.begin(), labels.end(), 0));
    double positives = 0;
    best.accuracy = negatives / total;
    const float end = std::numeric_limits<float>::infinity();
    best.threshold = std::nextafter(scores[order[0]], higherIsSimilar ? end : -end);
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (labels[order[i]] == 1)
            ++positives;
        else
            --negatives;
        if (i + 1 < order.size() && scores[order[i]] == scores[order[i + 1]]) continue;
        const double accuracy = (positives + negatives) / total;
        if (accuracy <= best.accuracy) continue;
        best.accuracy = accuracy;
        best.threshold = thresholdAfter(scores, order, i);
    }
    return best;
}

BestF1 bestF1(std::span<const float> scores, std::span<const int> labels, bool higherIsSimilar)
{
    const auto order = bestFirst(scores, higherIsSimilar);
    const auto duplicates = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
    BestF1 best;
    double correct = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (labels[order[i]] == 1) ++correct;
        if (i + 1 < order.size() && scores[order[i]] == scores[order[i + 1]]) continue;
        if (correct == 0) continue;
        const double precision = correct / static_cast<double>(i + 1);
        const double recall = correct / duplicates;
        const double f1 = 2 * precision * recall / (precision + recall);
        if (f1 <= best.f1) continue;
        best = {f1, precision, recall, thresholdAfter(scores, order, i)};
    }
    return best;
}

double averagePrecision(std::span<const double> scores, std::span<const int> labels)
{
    const auto order = bestFirst(scores, true);
    const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
    if (positives == 0) return 0;
    double correct = 0, before = 0, sum = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (labels[order[i]] == 1) ++correct;
        if (i + 1 < order.size() && scores[order[i]] == scores[order[i + 1]]) continue;
        sum += (correct - before) / positives * (correct / static_cast<double>(i + 1));
        before = correct;
    }
    return sum;
}

double matthewsCorrelation(std::span<const int> labels, const std::vector<bool>& predicted)
{
    double tp = 0, tn = 0, fp = 0, fn = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const bool positive = labels[i] == 1;
        ++(positive ? (predicted[i] ? tp : fn) : (predicted[i] ? fp : tn));
    }
    const double denominator = std::sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
    return denominator == 0 ? 0 : (tp * tn - fp * fn) / denominator;
}

double rocAuc(std::span<const double> scores, std::span<const int> labels)
{
    const std::vector<double> ranks = averageRanks(scores);
    double positives = 0, rankSum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] != 1) continue;
        ++positives;
        rankSum += ranks[i];
    }
    const double negatives = static_cast<double>(labels.size()) - positives;
    if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
    return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}

double ndcgScore(std::span<const double> relevance, std::span<const double> scores, int k)
{
    const std::size_t n = scores.size();
    const std::size_t cut = k <= 0 ? n : std::min<std::size_t>(n, static_cast<std::size_t>(k));
    std::vector<double> discountSum(n + 1, 0.0); // of the first ranks
    for (std::size_t i = 0; i < n; ++i)
        discountSum[i + 1] = discountSum[i] + (i < cut ? 1 / std::log2(static_cast<double>(i) + 2) : 0);

    const auto order = bestFirst(scores, true);
    double dcg = 0;
    for (std::size_t first = 0; first < n;) {
        std::size_t last = first;
        double gain = relevance[order[first]];
        while (last + 1 < n && scores[order[last + 1]] == scores[order[first]])
            gain += relevance[order[++last]];
        dcg += gain / static_cast<double>(last - first + 1) * (discountSum[last + 1] - discountSum[first]);
        first = last + 1;
    }
    std::vector<double> ideal(relevance.begin(), relevance.end());
    std::sort(ideal.begin(), ideal.end(), std::greater<>());
    double best = 0;
    for (std::size_t i = 0; i < cut; ++i)
        best += ideal[i] / std::log2(static_cast<double>(i) + 2);
    return best == 0 ? 0 : dcg / best;
}

} // namespace studio
