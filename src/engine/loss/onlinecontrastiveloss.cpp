#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct OnlineContrastiveOptions
{
    std::string distance = "COSINE_DISTANCE";
    double margin = 0.5;
};

/// Contrastive loss of the hard pairs only: negatives nearer than the farthest positive and positives farther
/// than the nearest negative (without a pair of the other kind: than the mean of their own). Sum of d² and
/// relu(margin − d)².
class OnlineContrastiveLoss final : public Loss
{
public:
    explicit OnlineContrastiveLoss(OnlineContrastiveOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "OnlineContrastiveLoss"; }
    Json configDict() const override
    {
        return {{"distance_metric", "SiameseDistanceMetric." + m_options.distance},
                {"margin", m_options.margin}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        auto d = siameseDistance(m_options.distance, input.embeddings[0], input.embeddings[1]); // [rows]
        auto labels = input.labels.reshape(-1);
        auto negatives = d.masked_select(labels == 0);
        auto positives = d.masked_select(labels == 1);
        const bool anyPositive = positives.numel() > 0;
        const bool anyNegative = negatives.numel() > 0;
        // With neither kind, mean() of nothing is NaN and no pair passes the comparison: the sums are 0.
        auto far = (anyPositive ? positives.max() : negatives.mean()).detach();
        auto near = (anyNegative ? negatives.min() : positives.mean()).detach();
        auto hardNegatives = negatives.masked_select(negatives.detach() < far);
        auto hardPositives = positives.masked_select(positives.detach() > near);
        return hardPositives.square().sum() + (m_options.margin - hardNegatives).relu().square().sum();
    }

private:
    OnlineContrastiveOptions m_options;
};

} // namespace

MadeLoss makeOnlineContrastiveLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new OnlineContrastiveLoss({options.text("distance_metric"), options.number("margin")}));
}

} // namespace studio
