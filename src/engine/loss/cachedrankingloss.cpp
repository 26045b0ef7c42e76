#include "engine/loss/cachedloss.h"
#include "engine/loss/losses.h"
#include "engine/loss/rankingterms.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

Json cacheConfig(const CacheOptions& cache)
{
    return {{"mini_batch_size", cache.miniBatchSize},
            {"mini_batch_num_tokens", cache.miniBatchTokens ? Json(*cache.miniBatchTokens) : Json()}};
}

/// MultipleNegativesRankingLoss in mini-batches.
class CachedRankingLoss final : public CachedLoss
{
public:
    CachedRankingLoss(const char* name, RankingOptions options, CacheOptions cache)
        : CachedLoss(cache), m_name(name), m_options(std::move(options)), m_cacheConfig(cacheConfig(cache))
    {}

    const char* name() const override { return m_name; }
    Json configDict() const override { return rankingConfig(m_options, m_cacheConfig); }

protected:
    at::Tensor chunkLoss(const LossInput& input, std::int64_t begin, std::int64_t end) const override
    {
        return rankingLosses(m_options, input.embeddings, begin, end).sum() /
               static_cast<double>(input.embeddings[0].size(0));
    }

private:
    const char* m_name;
    RankingOptions m_options;
    Json m_cacheConfig;
};

} // namespace

MadeLoss makeCachedMultipleNegativesRankingLoss(const LossOptions& options, const LossContext&)
{
    const char* name = "CachedMultipleNegativesRankingLoss";
    auto ranking = readRankingOptions(options, name);
    if (!ranking) return ranking.error();
    auto cache = readCacheOptions(options, name);
    if (!cache) return cache.error();
    return std::unique_ptr<Loss>(new CachedRankingLoss(name, *ranking, *cache));
}

MadeLoss makeCachedMultipleNegativesSymmetricRankingLoss(const LossOptions& options, const LossContext&)
{
    const char* name = "CachedMultipleNegativesSymmetricRankingLoss";
    auto cache = readCacheOptions(options, name);
    if (!cache) return cache.error();
    RankingOptions ranking;
    ranking.scale = options.number("scale");
    ranking.similarity = options.text("similarity_fct");
    ranking.directions = {"query_to_doc", "doc_to_query"};
    ranking.docToQuery = true;
    ranking.perDirection = true;
    if (!(ranking.scale > 0)) return lossError(name, "scale must be above 0.");
    return std::unique_ptr<Loss>(new CachedRankingLoss(name, std::move(ranking), *cache));
}

} // namespace studio
