#pragma once

#include "engine/loss/loss.h"
#include "engine/loss/lossoptions.h"

#include <memory>
#include <string>
#include <vector>

namespace studio {

/// Makers of the losses, one a file. Each reads its options from the catalog's description; values that the
/// catalog cannot judge (a scale of 0, directions that do not go together) are errors.
using MadeLoss = Result<std::unique_ptr<Loss>>;

MadeLoss makeCosineSimilarityLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeCoSentLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeAnglELoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMultipleNegativesRankingLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMultipleNegativesSymmetricRankingLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeCachedMultipleNegativesRankingLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeCachedMultipleNegativesSymmetricRankingLoss(const LossOptions& options,
                                                         const LossContext& context);
MadeLoss makeGistEmbedLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeCachedGistEmbedLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeTripletLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeContrastiveLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeOnlineContrastiveLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeBatchAllTripletLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeBatchHardTripletLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeBatchHardSoftMarginTripletLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeBatchSemiHardTripletLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeSoftmaxLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMseLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeEmbedDistillLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMarginMseLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeDistillKlDivLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMegaBatchMarginLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeContrastiveTensionLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeContrastiveTensionInBatchLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeDenoisingAutoEncoderLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMatryoshkaLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeAdaptiveLayerLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeMatryoshka2dLoss(const LossOptions& options, const LossContext& context);
MadeLoss makeGlobalOrthogonalRegularizationLoss(const LossOptions& options, const LossContext& context);

/// "InvalidValue: <loss>: <what>".
Error lossError(const std::string& loss, const std::string& what);

} // namespace studio
