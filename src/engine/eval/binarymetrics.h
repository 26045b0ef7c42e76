#pragma once

#include <span>
#include <vector>

namespace studio {

/// Best accuracy over thresholds, and the threshold that reaches it. Thresholds lie half-way between
/// neighbouring distinct scores; before the first row everything is negative (threshold just beyond the best
/// score); after the last one everything is positive (threshold: the last score). The first of equals counts.
struct BestAccuracy
{
    double accuracy = 0;
    float threshold = -1;
};
BestAccuracy bestAccuracy(std::span<const float> scores, std::span<const int> labels, bool higherIsSimilar);

struct BestF1
{
    double f1 = 0;
    double precision = 0;
    double recall = 0;
    float threshold = 0;
};
BestF1 bestF1(std::span<const float> scores, std::span<const int> labels, bool higherIsSimilar);

/// Step-wise average precision, equal scores counted together (scikit-learn); 0 without positives.
double averagePrecision(std::span<const double> scores, std::span<const int> labels);

/// Matthews correlation of labels with predictions; 0 when one side has one class only.
double matthewsCorrelation(std::span<const int> labels, const std::vector<bool>& predicted);

/// Area under the receiver operating curve; NaN with one class only.
double rocAuc(std::span<const double> scores, std::span<const int> labels);

/// nDCG at k with linear gain 1/log2(rank + 1); equal scores share their mean discount (scikit-learn). k 0:
/// all.
double ndcgScore(std::span<const double> relevance, std::span<const double> scores, int k);

} // namespace studio
