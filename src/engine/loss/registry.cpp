#include "core/catalog/catalog.h"
#include "engine/loss/losses.h"

#include <utility>

namespace studio {
namespace {

using Maker = MadeLoss (*)(const LossOptions&, const LossContext&);

const std::pair<const char*, Maker> kMakers[] = {
    {"AdaptiveLayerLoss", makeAdaptiveLayerLoss},
    {"AnglELoss", makeAnglELoss},
    {"BatchAllTripletLoss", makeBatchAllTripletLoss},
    {"BatchHardSoftMarginTripletLoss", makeBatchHardSoftMarginTripletLoss},
    {"BatchHardTripletLoss", makeBatchHardTripletLoss},
    {"BatchSemiHardTripletLoss", makeBatchSemiHardTripletLoss},
    {"CachedGISTEmbedLoss", makeCachedGistEmbedLoss},
    {"CachedMultipleNegativesRankingLoss", makeCachedMultipleNegativesRankingLoss},
    {"CachedMultipleNegativesSymmetricRankingLoss", makeCachedMultipleNegativesSymmetricRankingLoss},
    {"ContrastiveLoss", makeContrastiveLoss},
    {"ContrastiveTensionLoss", makeContrastiveTensionLoss},
    {"ContrastiveTensionLossInBatchNegatives", makeContrastiveTensionInBatchLoss},
    {"CoSENTLoss", makeCoSentLoss},
    {"CosineSimilarityLoss", makeCosineSimilarityLoss},
    {"DenoisingAutoEncoderLoss", makeDenoisingAutoEncoderLoss},
    {"DistillKLDivLoss", makeDistillKlDivLoss},
    {"EmbedDistillLoss", makeEmbedDistillLoss},
    {"GISTEmbedLoss", makeGistEmbedLoss},
    {"GlobalOrthogonalRegularizationLoss", makeGlobalOrthogonalRegularizationLoss},
    {"MarginMSELoss", makeMarginMseLoss},
    {"Matryoshka2dLoss", makeMatryoshka2dLoss},
    {"MatryoshkaLoss", makeMatryoshkaLoss},
    {"MegaBatchMarginLoss", makeMegaBatchMarginLoss},
    {"MSELoss", makeMseLoss},
    {"MultipleNegativesRankingLoss", makeMultipleNegativesRankingLoss},
    {"MultipleNegativesSymmetricRankingLoss", makeMultipleNegativesSymmetricRankingLoss},
    {"OnlineContrastiveLoss", makeOnlineContrastiveLoss},
    {"SoftmaxLoss", makeSoftmaxLoss},
    {"TripletLoss", makeTripletLoss},
};

} // namespace

Result<std::unique_ptr<Loss>> makeLoss(const LossSpec& spec, const LossContext& context)
{
    const std::vector<Issue> issues = checkLoss(spec.type, spec.options, "loss");
    if (!issues.empty()) {
        std::string text;
        for (const Issue& issue : issues)
            text += (text.empty() ? "" : " ") + issue.message;
        return Error{ErrorCode::InvalidValue, text, issues.front().keys.front()};
    }
    const LossOptions options(findLoss(spec.type)->options, spec.options);
    for (const auto& [type, maker] : kMakers)
        if (spec.type == type) return maker(options, context);
    return Error{ErrorCode::Unsupported,
                 "The loss " + spec.type + " cannot be trained here. Choose another one.", "loss"};
}

} // namespace studio
