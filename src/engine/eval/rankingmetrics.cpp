#include "engine/eval/rankingmetrics.h"

#include <algorithm>
#include <cmath>

namespace studio {

bool isBetter(const Hit& a, const Hit& b)
{
    return a.score != b.score ? a.score > b.score : a.document < b.document;
}

int RankingDepths::deepest() const
{
    int deepest = 0;
    for (const auto* list : {&accuracy, &precisionRecall, &ndcg, &mrr, &map})
        for (int k : *list)
            deepest = std::max(deepest, k);
    return deepest;
}

RankingMetrics::RankingMetrics(const RankingDepths& d)
    : depths(d),
      accuracy(d.accuracy.size()),
      precision(d.precisionRecall.size()),
      recall(d.precisionRecall.size()),
      ndcg(d.ndcg.size()),
      mrr(d.mrr.size()),
      map(d.map.size())
{}

void RankingMetrics::add(const std::vector<Hit>& hits, const std::set<std::string>& relevant)
{
    ++queries;
    const auto total = static_cast<double>(relevant.size());
    std::vector<bool> found;
    for (const Hit& hit : hits)
        found.push_back(relevant.count(hit.document) > 0);
    auto reach = [&](int k) { return std::min(found.size(), static_cast<std::size_t>(k)); };
    auto correct = [&](int k) {
        return static_cast<double>(
            std::count(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(reach(k)), true));
    };
    for (std::size_t i = 0; i < depths.accuracy.size(); ++i)
        accuracy[i] += correct(depths.accuracy[i]) > 0;
    for (std::size_t i = 0; i < depths.precisionRecall.size(); ++i) {
        const int k = depths.precisionRecall[i];
        precision[i] += correct(k) / k;
        recall[i] += correct(k) / total;
    }
    for (std::size_t i = 0; i < depths.mrr.size(); ++i) {
        for (std::size_t rank = 0; rank < reach(depths.mrr[i]); ++rank) {
            if (!found[rank]) continue;
            mrr[i] += 1 / static_cast<double>(rank + 1);
            break;
        }
    }
    for (std::size_t i = 0; i < depths.ndcg.size(); ++i) {
        double dcg = 0, ideal = 0;
        for (std::size_t rank = 0; rank < reach(depths.ndcg[i]); ++rank)
            if (found[rank]) dcg += 1 / std::log2(static_cast<double>(rank) + 2);
        const auto best = std::min(relevant.size(), static_cast<std::size_t>(depths.ndcg[i]));
        for (std::size_t rank = 0; rank < best; ++rank)
            ideal += 1 / std::log2(static_cast<double>(rank) + 2);
        ndcg[i] += dcg / ideal;
    }
    for (std::size_t i = 0; i < depths.map.size(); ++i) {
        double hit = 0, sum = 0;
        for (std::size_t rank = 0; rank < reach(depths.map[i]); ++rank) {
            if (!found[rank]) continue;
            ++hit;
            sum += hit / static_cast<double>(rank + 1);
        }
        map[i] += sum / std::min(static_cast<double>(depths.map[i]), total);
    }
}

void RankingMetrics::mean()
{
    for (auto* list : {&accuracy, &precision, &recall, &ndcg, &mrr, &map})
        for (double& value : *list)
            value /= queries;
}

} // namespace studio
