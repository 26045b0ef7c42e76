#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct TripletOptions
{
    std::string distance = "EUCLIDEAN";
    double margin = 5;
};

/// mean relu(d(anchor, positive) − d(anchor, negative) + margin).
class TripletLoss final : public Loss
{
public:
    explicit TripletLoss(TripletOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "TripletLoss"; }
    Json configDict() const override
    {
        return {{"distance_metric", "TripletDistanceMetric." + m_options.distance},
                {"triplet_margin", m_options.margin}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        const auto& columns = input.embeddings;
        return (distance(columns[0], columns[1]) - distance(columns[0], columns[2]) + m_options.margin)
            .relu()
            .mean();
    }

private:
    at::Tensor distance(const at::Tensor& a, const at::Tensor& b) const
    {
        if (m_options.distance == "COSINE") return 1 - pairwiseSimilarity(Similarity::Cosine, a, b);
        if (m_options.distance == "MANHATTAN") return -pairwiseSimilarity(Similarity::Manhattan, a, b);
        return -pairwiseSimilarity(Similarity::Euclidean, a, b);
    }

    TripletOptions m_options;
};

} // namespace

MadeLoss makeTripletLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new TripletLoss({options.text("distance_metric"), options.number("triplet_margin")}));
}

} // namespace studio
