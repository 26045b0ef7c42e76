#include "engine/loss/losses.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct CosineSimilarityOptions
{
    std::string difference = "MSELoss";
    std::string transformation = "Identity";
};

at::Tensor transformed(const std::string& name, const at::Tensor& x)
{
    if (name == "Sigmoid") return x.sigmoid();
    if (name == "Tanh") return x.tanh();
    if (name == "ReLU") return x.relu();
    return x;
}

at::Tensor difference(const std::string& name, const at::Tensor& output, const at::Tensor& target)
{
    if (name == "L1Loss") return at::l1_loss(output, target);
    if (name == "SmoothL1Loss") return at::smooth_l1_loss(output, target);
    if (name == "HuberLoss") return at::huber_loss(output, target);
    return at::mse_loss(output, target);
}

/// MSE(cos(u, v), y), or another difference and transformation.
class CosineSimilarityLoss final : public Loss
{
public:
    explicit CosineSimilarityLoss(CosineSimilarityOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "CosineSimilarityLoss"; }

    Json configDict() const override
    {
        const char* module = m_options.transformation == "Identity" ? "linear" : "activation";
        return {{"loss_fct", "torch.nn.modules.loss." + m_options.difference},
                {"cos_score_transformation",
                 std::string("torch.nn.modules.") + module + "." + m_options.transformation}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        auto cosine = at::cosine_similarity(input.embeddings[0], input.embeddings[1]); // [rows]
        return difference(m_options.difference, transformed(m_options.transformation, cosine),
                          input.labels.to(cosine.scalar_type()).view(-1));
    }

private:
    CosineSimilarityOptions m_options;
};

} // namespace

MadeLoss makeCosineSimilarityLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(
        new CosineSimilarityLoss({options.text("loss_fct"), options.text("cos_score_transformation")}));
}

} // namespace studio
