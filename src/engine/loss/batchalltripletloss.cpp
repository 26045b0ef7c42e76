#include "engine/loss/batchtriplets.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

/// Sum of relu(d_ap − d_an + margin) over all valid triplets, divided by the number of those above 1e-16
/// (plus 1e-16). Only pairs of equal class are expanded: [positive pairs, rows] instead of rows³.
class BatchAllTripletLoss final : public BatchTripletLoss
{
public:
    using BatchTripletLoss::BatchTripletLoss;
    const char* name() const override { return "BatchAllTripletLoss"; }

    at::Tensor compute(const LossInput& input) const override
    {
        auto d = distances(input);
        const BatchPairs pairs(input.labels);
        auto where = pairs.positives.nonzero(); // [pairs, 2]
        auto anchors = where.select(1, 0);
        auto toPositive = d.index({anchors, where.select(1, 1)}).unsqueeze(1);
        auto losses = toPositive - d.index_select(0, anchors) + m_options.margin; // [pairs, rows]
        losses = losses * at::logical_not(pairs.same).index_select(0, anchors).to(losses.scalar_type());
        losses = losses.masked_fill(losses.detach() < 0, 0);
        const double count = losses.detach().gt(1e-16).sum().item<double>();
        return losses.sum() / (count + 1e-16);
    }
};

} // namespace

MadeLoss makeBatchAllTripletLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new BatchAllTripletLoss({options.text("distance_metric"), options.number("margin")}));
}

} // namespace studio
