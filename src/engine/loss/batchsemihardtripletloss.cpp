#include "engine/loss/batchtriplets.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace studio {
namespace {

/// For each positive pair the nearest negative that is farther than the positive, else the farthest negative;
/// sum of relu(d_ap − d_an + margin) over the number of positive pairs (Schroff et al. 2015).
class BatchSemiHardTripletLoss final : public BatchTripletLoss
{
public:
    using BatchTripletLoss::BatchTripletLoss;
    const char* name() const override { return "BatchSemiHardTripletLoss"; }

    at::Tensor compute(const LossInput& input) const override
    {
        auto d = distances(input); // [rows, rows]
        const std::int64_t rows = d.size(0);
        const BatchPairs pairs(input.labels);
        auto negatives = d.masked_fill(pairs.same, std::numeric_limits<double>::infinity());
        auto sorted = std::get<0>(negatives.sort(std::optional<bool>(true), 1, false));
        auto place = at::searchsorted(sorted.detach().contiguous(), d.detach().contiguous(), false, true);
        auto outside = sorted.gather(1, place.clamp_max(rows - 1));
        // The farthest negative: distances above the row's smallest, zero where the class is the same.
        auto smallest = std::get<0>(d.min(1, true));
        auto inside =
            std::get<0>(((d - smallest) * at::logical_not(pairs.same).to(d.scalar_type())).max(1, true)) +
            smallest;
        auto semiHard = at::where(at::isfinite(outside.detach()), outside, inside);
        auto mask = pairs.positives.to(d.scalar_type());
        const double count = std::max(mask.sum().item<double>(), 1e-16);
        return at::maximum((d - semiHard + m_options.margin) * mask, at::zeros({1}, d.options())).sum() /
               count;
    }
};

} // namespace

MadeLoss makeBatchSemiHardTripletLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new BatchSemiHardTripletLoss({options.text("distance_metric"), options.number("margin")}));
}

} // namespace studio
