#include "engine/loss/cachedloss.h"
#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <limits>

namespace studio {
namespace {

struct MegaBatchOptions
{
    double positiveMargin = 0.8;
    double negativeMargin = 0.3;
    bool miniBatched = true;
};

/// mean relu(positive margin − cos(a, p)) + relu(max over the other positives of cos(a, p') − negative
/// margin) (Wieting and Gimpel 2018), in mini-batches unless switched off.
class MegaBatchMarginLoss final : public CachedLoss
{
public:
    MegaBatchMarginLoss(MegaBatchOptions options, CacheOptions cache)
        : CachedLoss(cache),
          m_options(options),
          m_config{{"positive_margin", options.positiveMargin},
                   {"negative_margin", options.negativeMargin},
                   {"mini_batch_size", cache.miniBatchSize},
                   {"mini_batch_num_tokens", cache.miniBatchTokens ? Json(*cache.miniBatchTokens) : Json()}}
    {}

    const char* name() const override { return "MegaBatchMarginLoss"; }
    Json configDict() const override { return m_config; }
    int miniBatchSize() const override { return m_options.miniBatched ? CachedLoss::miniBatchSize() : 0; }

    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override
    {
        return m_options.miniBatched ? CachedLoss::forward(model, batch) : Loss::forward(model, batch);
    }

protected:
    at::Tensor chunkLoss(const LossInput& input, std::int64_t begin, std::int64_t end) const override
    {
        const at::Tensor& positives = input.embeddings[1];
        const std::int64_t rows = positives.size(0);
        auto cosines = similarityMatrix(Similarity::Cosine, input.embeddings[0].narrow(0, begin, end - begin),
                                        positives);
        auto own =
            at::eye(rows, at::TensorOptions(cosines.device()).dtype(at::kBool)).narrow(0, begin, end - begin);
        auto positive = cosines.narrow(1, begin, end - begin).diagonal();
        auto hardest = std::get<0>(cosines.masked_fill(own, -std::numeric_limits<double>::infinity()).max(1));
        return ((m_options.positiveMargin - positive).relu() + (hardest - m_options.negativeMargin).relu())
                   .sum() /
               static_cast<double>(rows);
    }

private:
    MegaBatchOptions m_options;
    Json m_config;
};

} // namespace

MadeLoss makeMegaBatchMarginLoss(const LossOptions& options, const LossContext&)
{
    auto cache = readCacheOptions(options, "MegaBatchMarginLoss");
    if (!cache) return cache.error();
    return std::unique_ptr<Loss>(
        new MegaBatchMarginLoss({options.number("positive_margin"), options.number("negative_margin"),
                                 options.flag("use_mini_batched_version")},
                                *cache));
}

} // namespace studio
