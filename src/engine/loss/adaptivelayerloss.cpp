#include "engine/loss/matryoshkaloss.h"

#include <ATen/ATen.h>

#include <cmath>

namespace studio {
namespace {

struct LayerOptions
{
    std::int64_t perStep = 1;
    double lastWeight = 1;
    double priorWeight = 1;
    double divergenceWeight = 1;
    double temperature = 0.3;
    std::string weighting = "uniform";
};

LayerOptions readLayerOptions(const LossOptions& options)
{
    return {options.integer("n_layers_per_step"),  options.number("last_layer_weight"),
            options.number("prior_layers_weight"), options.number("kl_div_weight"),
            options.number("kl_temperature"),      options.text("layer_weighting")};
}

/// last weight·inner(last layer) + for some earlier layers (0 is the embedding layer): inner/count·prior
/// weight·w(layer)
/// + KL(softmax(final/T) ‖ softmax(layer/T))·T·divergence weight, the final embeddings without gradient.
class AdaptiveLayerLoss : public Loss
{
public:
    AdaptiveLayerLoss(std::unique_ptr<Loss> inner, LayerOptions options, std::uint64_t seed)
        : m_inner(std::move(inner)), m_options(std::move(options)), m_seed(seed)
    {}

    const char* name() const override { return "AdaptiveLayerLoss"; }
    Json configDict() const override
    {
        return {{"loss", m_inner->name()},
                {"n_layers_per_step", m_options.perStep},
                {"last_layer_weight", m_options.lastWeight},
                {"prior_layers_weight", m_options.priorWeight},
                {"kl_div_weight", m_options.divergenceWeight},
                {"kl_temperature", m_options.temperature},
                {"layer_weighting", m_options.weighting}};
    }
    Status check(const LossBatch& batch) const override { return m_inner->check(batch); }
    bool computable() const override { return false; }
    bool needsTexts() const override { return m_inner->needsTexts(); }
    void clearGradients() override { m_inner->clearGradients(); }
    std::vector<NamedTensor> parameters() override
    {
        auto parameters = m_inner->parameters();
        for (NamedTensor& parameter : parameters)
            parameter.name = "loss." + parameter.name;
        return parameters;
    }

    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override
    {
        const std::vector<at::Tensor> layers = model.embedLayers(batch.pack, batch.context);
        TORCH_CHECK(layers.size() > 1, "AdaptiveLayerLoss needs a model that shows its layers.");
        const auto guide = m_inner->guideEmbeddings(batch);
        auto innerOf = [&](const at::Tensor& embeddings) {
            return m_inner->compute(
                {splitColumns(embeddings, batch.pack, batch.columns), batch.labels, guide});
        };
        auto loss = innerOf(layers.back()) * m_options.lastWeight;
        const double t = m_options.temperature;
        at::Tensor target;
        if (t > 0) target = at::softmax(layers.back() / t, -1).detach();
        const auto earlier = static_cast<std::int64_t>(layers.size()) - 1;
        const bool some = m_options.perStep > 0 && m_options.perStep < earlier;
        const auto chosen =
            drawSome(earlier, some ? m_options.perStep : earlier, m_seed + 1, batch.context.step);
        for (std::int64_t layer : chosen) {
            loss = loss + innerOf(layers[layer]) *
                              (weightOf(layer) / static_cast<double>(chosen.size()) * m_options.priorWeight);
            if (t <= 0) continue;
            auto divergence = at::kl_div(at::log_softmax(layers[layer] / t, -1), target, at::Reduction::Sum) /
                              static_cast<double>(target.size(0));
            loss = loss + divergence * (t * m_options.divergenceWeight);
        }
        return loss;
    }

protected:
    const Loss& inner() const { return *m_inner; }

private:
    double weightOf(std::int64_t layer) const
    {
        if (m_options.weighting == "log") return 1 / (1 + std::log(1.0 + static_cast<double>(layer)));
        if (m_options.weighting == "linear") return 1 / (1.0 + static_cast<double>(layer));
        return 1;
    }

    std::unique_ptr<Loss> m_inner;
    LayerOptions m_options;
    std::uint64_t m_seed;
};

/// AdaptiveLayerLoss around MatryoshkaLoss.
class Matryoshka2dLoss final : public AdaptiveLayerLoss
{
public:
    using AdaptiveLayerLoss::AdaptiveLayerLoss;
    const char* name() const override { return "Matryoshka2dLoss"; }
    Json configDict() const override
    {
        Json config = AdaptiveLayerLoss::configDict();
        for (const auto& [key, value] : inner().configDict().items())
            config[key] = value;
        return config;
    }
};

} // namespace

MadeLoss makeAdaptiveLayerLoss(const LossOptions& options, const LossContext& context)
{
    auto inner = makeInnerLoss(options, context, "AdaptiveLayerLoss", false);
    if (!inner) return inner;
    return std::unique_ptr<Loss>(
        new AdaptiveLayerLoss(std::move(*inner), readLayerOptions(options), context.seed));
}

MadeLoss makeMatryoshka2dLoss(const LossOptions& options, const LossContext& context)
{
    auto read = readMatryoshkaOptions(options, context, "Matryoshka2dLoss");
    if (!read) return read.error();
    auto inner = makeInnerLoss(options, context, "Matryoshka2dLoss", false);
    if (!inner) return inner;
    if (!(*inner)->parameters().empty())
        return lossError("Matryoshka2dLoss",
                         std::string((*inner)->name()) +
                             " has weights for embeddings of full size, which cut ones do not fit.");
    std::unique_ptr<Loss> matryoshka(new MatryoshkaLoss(std::move(*inner), std::move(*read), context.seed));
    return std::unique_ptr<Loss>(
        new Matryoshka2dLoss(std::move(matryoshka), readLayerOptions(options), context.seed));
}

} // namespace studio
