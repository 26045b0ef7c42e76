#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct ContrastiveOptions
{
    std::string distance = "COSINE_DISTANCE";
    double margin = 0.5;
    bool average = true;
};

/// 0.5·(y·d² + (1 − y)·relu(margin − d)²) (Hadsell et al. 2006), mean or sum over the pairs.
class ContrastiveLoss final : public Loss
{
public:
    explicit ContrastiveLoss(ContrastiveOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "ContrastiveLoss"; }
    Json configDict() const override
    {
        return {{"distance_metric", "SiameseDistanceMetric." + m_options.distance},
                {"margin", m_options.margin},
                {"size_average", m_options.average}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        auto d = siameseDistance(m_options.distance, input.embeddings[0], input.embeddings[1]); // [rows]
        auto y = input.labels.reshape(-1).to(d.scalar_type());
        auto losses = 0.5 * (y * d.square() + (1 - y) * (m_options.margin - d).relu().square());
        return m_options.average ? losses.mean() : losses.sum();
    }

private:
    ContrastiveOptions m_options;
};

} // namespace

MadeLoss makeContrastiveLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(new ContrastiveLoss(
        {options.text("distance_metric"), options.number("margin"), options.flag("size_average")}));
}

} // namespace studio
