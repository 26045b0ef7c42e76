#include "engine/loss/batchtriplets.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

/// mean relu(farthest positive − nearest negative + margin) over all rows, also those without a positive
/// (Hermans et al. 2017).
class BatchHardTripletLoss final : public BatchTripletLoss
{
public:
    using BatchTripletLoss::BatchTripletLoss;
    const char* name() const override { return "BatchHardTripletLoss"; }

    at::Tensor compute(const LossInput& input) const override
    {
        auto hardest = hardestDistances(distances(input), BatchPairs(input.labels));
        auto losses = hardest.positive - hardest.negative + m_options.margin;
        return losses.masked_fill(losses.detach() < 0, 0).mean();
    }
};

/// The same with log(1 + exp(farthest positive − nearest negative)) in place of a margin.
class BatchHardSoftMarginTripletLoss final : public BatchTripletLoss
{
public:
    using BatchTripletLoss::BatchTripletLoss;
    const char* name() const override { return "BatchHardSoftMarginTripletLoss"; }
    Json configDict() const override { return {{"distance_metric", m_options.distance}}; }

    at::Tensor compute(const LossInput& input) const override
    {
        auto hardest = hardestDistances(distances(input), BatchPairs(input.labels));
        return at::softplus(hardest.positive - hardest.negative).mean();
    }
};

} // namespace

MadeLoss makeBatchHardTripletLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new BatchHardTripletLoss({options.text("distance_metric"), options.number("margin")}));
}

MadeLoss makeBatchHardSoftMarginTripletLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(new BatchHardSoftMarginTripletLoss({options.text("distance_metric"), 0}));
}

} // namespace studio
