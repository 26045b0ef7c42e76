#include "engine/loss/losses.h"
#include "engine/loss/rankingterms.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

/// InfoNCE with the other rows of the batch as negatives (formula in rankingterms.h), mean over the rows.
class MultipleNegativesRankingLoss : public Loss
{
public:
    explicit MultipleNegativesRankingLoss(RankingOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "MultipleNegativesRankingLoss"; }
    Json configDict() const override { return rankingConfig(m_options); }

    at::Tensor compute(const LossInput& input) const override
    {
        return rankingLosses(m_options, input.embeddings, 0, input.embeddings[0].size(0)).mean();
    }

protected:
    RankingOptions m_options;
};

/// The deprecated name for both directions with a softmax each.
class SymmetricRankingLoss final : public MultipleNegativesRankingLoss
{
public:
    using MultipleNegativesRankingLoss::MultipleNegativesRankingLoss;
    const char* name() const override { return "MultipleNegativesSymmetricRankingLoss"; }
};

} // namespace

MadeLoss makeMultipleNegativesRankingLoss(const LossOptions& options, const LossContext&)
{
    auto read = readRankingOptions(options, "MultipleNegativesRankingLoss");
    if (!read) return read.error();
    return std::unique_ptr<Loss>(new MultipleNegativesRankingLoss(*read));
}

MadeLoss makeMultipleNegativesSymmetricRankingLoss(const LossOptions& options, const LossContext&)
{
    RankingOptions ranking;
    ranking.scale = options.number("scale");
    ranking.similarity = options.text("similarity_fct");
    ranking.directions = {"query_to_doc", "doc_to_query"};
    ranking.docToQuery = true;
    ranking.perDirection = true;
    if (!(ranking.scale > 0))
        return lossError("MultipleNegativesSymmetricRankingLoss", "scale must be above 0.");
    return std::unique_ptr<Loss>(new SymmetricRankingLoss(std::move(ranking)));
}

} // namespace studio
