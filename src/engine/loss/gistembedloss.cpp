#include "engine/loss/cachedloss.h"
#include "engine/loss/gistterms.h"
#include "engine/loss/losses.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

/// Ranking loss whose false negatives a guide model takes out (formula in gistterms.h).
class GistEmbedLoss final : public Loss
{
public:
    explicit GistEmbedLoss(GistOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "GISTEmbedLoss"; }
    Json configDict() const override { return gistConfig(m_options); }
    bool needsTexts() const override { return true; }
    std::vector<at::Tensor> guideEmbeddings(const LossBatch& batch) const override
    {
        return embedWithGuide(m_options, batch);
    }

    at::Tensor compute(const LossInput& input) const override
    {
        return gistLosses(m_options, input, 0, input.embeddings[0].size(0)).mean();
    }

private:
    GistOptions m_options;
};

/// The same in mini-batches, with any number of negatives.
class CachedGistEmbedLoss final : public CachedLoss
{
public:
    CachedGistEmbedLoss(GistOptions options, CacheOptions cache)
        : CachedLoss(cache),
          m_options(std::move(options)),
          m_cacheConfig{
              {"mini_batch_size", cache.miniBatchSize},
              {"mini_batch_num_tokens", cache.miniBatchTokens ? Json(*cache.miniBatchTokens) : Json()}}
    {}

    const char* name() const override { return "CachedGISTEmbedLoss"; }
    Json configDict() const override { return gistConfig(m_options, m_cacheConfig); }
    bool needsTexts() const override { return true; }
    std::vector<at::Tensor> guideEmbeddings(const LossBatch& batch) const override
    {
        return embedWithGuide(m_options, batch);
    }

protected:
    at::Tensor chunkLoss(const LossInput& input, std::int64_t begin, std::int64_t end) const override
    {
        return gistLosses(m_options, input, begin, end).sum() /
               static_cast<double>(input.embeddings[0].size(0));
    }

private:
    GistOptions m_options;
    Json m_cacheConfig;
};

} // namespace

MadeLoss makeGistEmbedLoss(const LossOptions& options, const LossContext& context)
{
    auto read = readGistOptions(options, context, "GISTEmbedLoss");
    if (!read) return read.error();
    return std::unique_ptr<Loss>(new GistEmbedLoss(std::move(*read)));
}

MadeLoss makeCachedGistEmbedLoss(const LossOptions& options, const LossContext& context)
{
    auto cache = readCacheOptions(options, "CachedGISTEmbedLoss");
    if (!cache) return cache.error();
    auto read = readGistOptions(options, context, "CachedGISTEmbedLoss");
    if (!read) return read.error();
    return std::unique_ptr<Loss>(new CachedGistEmbedLoss(std::move(*read), *cache));
}

} // namespace studio
