#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

namespace studio {
namespace {

struct GorOptions
{
    std::string similarity = "cos_sim";
    std::optional<double> meanWeight = 1.0;
    std::optional<double> secondMomentWeight = 1.0;
    bool sum = false;
};

/// Spread-out regularisation (Zhang et al. 2017), for each column: the squared mean of the off-diagonal
/// similarities, and how far their mean square lies above 1/dim. Two terms, logged as gor_mean and
/// gor_second_moment.
class GlobalOrthogonalRegularizationLoss final : public Loss
{
public:
    explicit GlobalOrthogonalRegularizationLoss(GorOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "GlobalOrthogonalRegularizationLoss"; }
    Json configDict() const override
    {
        auto weight = [](const std::optional<double>& w) { return w ? Json(*w) : Json(); };
        return {{"similarity_fct", m_options.similarity},
                {"mean_weight", weight(m_options.meanWeight)},
                {"second_moment_weight", weight(m_options.secondMomentWeight)},
                {"aggregation", m_options.sum ? "sum" : "mean"}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        std::vector<at::Tensor> means, moments;
        for (const at::Tensor& x : input.embeddings) {
            const std::int64_t rows = x.size(0);
            auto similarities = similarityMatrix(similarityNamed(m_options.similarity), x, x);
            similarities =
                similarities.masked_fill(at::eye(rows, at::TensorOptions(x.device()).dtype(at::kBool)), 0);
            const auto pairs = static_cast<double>(std::max<std::int64_t>(rows * (rows - 1), 1));
            means.push_back((similarities.sum() / pairs).square());
            moments.push_back(
                (similarities.square().sum() / pairs - 1.0 / static_cast<double>(x.size(1))).relu());
        }
        m_parts.clear();
        at::Tensor total;
        auto add = [&](const char* key, double weight, const std::vector<at::Tensor>& terms) {
            if (weight == 0) return;
            auto stacked = at::stack(terms);
            auto part = weight * (m_options.sum ? stacked.sum() : stacked.mean());
            m_parts.emplace_back(key, part.detach().item<double>());
            total = total.defined() ? total + part : part;
        };
        add("gor_mean", m_options.meanWeight.value_or(0), means);
        add("gor_second_moment", m_options.secondMomentWeight.value_or(0), moments);
        return total;
    }

private:
    GorOptions m_options;
};

} // namespace

MadeLoss makeGlobalOrthogonalRegularizationLoss(const LossOptions& options, const LossContext&)
{
    GorOptions read{options.text("similarity_fct"), options.maybeNumber("mean_weight"),
                    options.maybeNumber("second_moment_weight"), options.text("aggregation") == "sum"};
    if (read.meanWeight.value_or(0) == 0 && read.secondMomentWeight.value_or(0) == 0)
        return lossError("GlobalOrthogonalRegularizationLoss",
                         "at least one of mean_weight and second_moment_weight must differ from 0.");
    return std::unique_ptr<Loss>(new GlobalOrthogonalRegularizationLoss(std::move(read)));
}

} // namespace studio
