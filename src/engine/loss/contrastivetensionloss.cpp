#include "engine/loss/losses.h"
#include "engine/loss/packslice.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

std::vector<NamedTensor> copyParameters(EmbeddingModel& copy)
{
    std::vector<NamedTensor> parameters = copy.parameters();
    for (NamedTensor& parameter : parameters)
        parameter.name = "model1." + parameter.name;
    return parameters;
}

/// The copy's gradients are views into its flat buffer, which encoders write to: they stay and become zero.
void zeroGradients(EmbeddingModel& copy)
{
    for (const NamedTensor& parameter : copy.parameters())
        if (parameter.value.grad().defined()) parameter.value.mutable_grad().zero_();
}

/// The copy draws other dropout than the model.
ForwardContext contextOfCopy(ForwardContext context)
{
    context.step ^= std::uint64_t{1} << 50;
    return context;
}

/// Contrastive tension (Carlsson et al. 2021): the first text goes through a copy of the model that is
/// trained, too, the second through the model; BCE with logits on their dot product, summed. Without labels,
/// two texts with the same tokens count as the same.
class ContrastiveTensionLoss final : public Loss
{
public:
    explicit ContrastiveTensionLoss(std::unique_ptr<EmbeddingModel> copy) : m_copy(std::move(copy)) {}

    const char* name() const override { return "ContrastiveTensionLoss"; }
    Json configDict() const override { return Json::object(); }
    bool computable() const override { return false; }
    std::vector<NamedTensor> parameters() override { return copyParameters(*m_copy); }
    void clearGradients() override { zeroGradients(*m_copy); }

    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override
    {
        const PackedBatch first = packOf(batch.pack, columnSequences(batch.pack, 0));
        const PackedBatch second = packOf(batch.pack, columnSequences(batch.pack, 1));
        auto scores =
            (m_copy->embed(first, contextOfCopy(batch.context)) * model.embed(second, batch.context))
                .sum(-1); // [rows]
        at::Tensor labels = batch.labels.defined() ? batch.labels : sameTexts(first, second).to(scores.device());
        return at::binary_cross_entropy_with_logits(
            scores, labels.reshape(-1).to(scores.options().requires_grad(false)), {}, {}, at::Reduction::Sum);
    }

private:
    static at::Tensor sameTexts(const PackedBatch& first, const PackedBatch& second)
    {
        std::vector<float> same;
        for (std::int64_t s = 0; s < first.sequences(); ++s)
            same.push_back(
                std::equal(first.ids.begin() + first.offsets[s], first.ids.begin() + first.offsets[s + 1],
                           second.ids.begin() + second.offsets[s], second.ids.begin() + second.offsets[s + 1])
                    ? 1.0f
                    : 0.0f);
        return at::tensor(same);
    }

    std::unique_ptr<EmbeddingModel> m_copy;
};

/// One text a row, embedded by both models; symmetric cross-entropy over the batch with a learned scale (exp
/// of a parameter that starts at ln(scale)).
class ContrastiveTensionInBatchLoss final : public Loss
{
public:
    ContrastiveTensionInBatchLoss(std::unique_ptr<EmbeddingModel> copy, double scale, std::string similarity)
        : m_copy(std::move(copy)),
          m_similarity(std::move(similarity)),
          m_scale(at::full({}, std::log(scale), at::kFloat).requires_grad_(true))
    {}

    const char* name() const override { return "ContrastiveTensionLossInBatchNegatives"; }
    Json configDict() const override
    {
        return {{"scale", std::exp(m_scale.item<double>())}, {"similarity_fct", m_similarity}};
    }
    bool computable() const override { return false; }
    std::vector<NamedTensor> parameters() override
    {
        auto parameters = copyParameters(*m_copy);
        parameters.push_back({"logit_scale", m_scale});
        return parameters;
    }
    void clearGradients() override
    {
        zeroGradients(*m_copy);
        m_scale.mutable_grad() = at::Tensor();
    }

    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override
    {
        auto a = m_copy->embed(batch.pack, contextOfCopy(batch.context));
        auto b = model.embed(batch.pack, batch.context);
        auto scores = similarityMatrix(similarityNamed(m_similarity), a, b) * m_scale.exp();
        auto targets = at::arange(scores.size(0), at::TensorOptions(scores.device()).dtype(at::kLong));
        return (at::cross_entropy_loss(scores, targets) + at::cross_entropy_loss(scores.t(), targets)) / 2;
    }

private:
    std::unique_ptr<EmbeddingModel> m_copy;
    std::string m_similarity;
    at::Tensor m_scale;
};

Result<std::unique_ptr<EmbeddingModel>> copyOf(const LossContext& context, const char* loss)
{
    auto copy = context.model ? context.model->clone() : nullptr;
    if (!copy) return lossError(loss, "needs a second copy of the model, and this model cannot be copied.");
    return copy;
}

} // namespace

MadeLoss makeContrastiveTensionLoss(const LossOptions&, const LossContext& context)
{
    auto copy = copyOf(context, "ContrastiveTensionLoss");
    if (!copy) return copy.error();
    return std::unique_ptr<Loss>(new ContrastiveTensionLoss(std::move(*copy)));
}

MadeLoss makeContrastiveTensionInBatchLoss(const LossOptions& options, const LossContext& context)
{
    const char* name = "ContrastiveTensionLossInBatchNegatives";
    if (!(options.number("scale") > 0)) return lossError(name, "scale must be above 0.");
    auto copy = copyOf(context, name);
    if (!copy) return copy.error();
    return std::unique_ptr<Loss>(new ContrastiveTensionInBatchLoss(std::move(*copy), options.number("scale"),
                                                                   options.text("similarity_fct")));
}

} // namespace studio
