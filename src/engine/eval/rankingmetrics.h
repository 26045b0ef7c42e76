#pragma once

#include <set>
#include <string>
#include <vector>

namespace studio {

/// A document that a search found.
struct Hit
{
    float score = 0;
    std::string document;
};

/// Better first; of equal scores the smaller document id.
bool isBetter(const Hit& a, const Hit& b);

/// Depths at which ranking metrics are taken.
struct RankingDepths
{
    std::vector<int> accuracy{1, 3, 5, 10};
    std::vector<int> precisionRecall{1, 3, 5, 10};
    std::vector<int> ndcg{10};
    std::vector<int> mrr{10};
    std::vector<int> map{100};

    int deepest() const;
};

/// Sums over queries of the metrics at each depth, in the order of the depths; mean() divides by the queries.
struct RankingMetrics
{
    explicit RankingMetrics(const RankingDepths& depths);

    /// Adds one query: the ids found, best first, and the relevant ones (at least one). Relevance is binary;
    /// the ideal DCG counts min(k, relevant), AP@k divides by the same.
    void add(const std::vector<Hit>& hits, const std::set<std::string>& relevant);
    void mean();

    RankingDepths depths;
    std::vector<double> accuracy, precision, recall, ndcg, mrr, map;
    double queries = 0;
};

} // namespace studio
