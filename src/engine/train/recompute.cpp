#include "engine/train/recompute.h"

#include "engine/loss/packslice.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace studio {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Parts of a pack: small enough to save memory, large enough to keep the kernels busy.
constexpr std::int64_t kParts = 8;
constexpr std::int64_t kFewestTokens = 256;

struct Part
{
    PackedBatch pack;
    ForwardContext context;
};

/// What backward needs: the texts, not the activations.
struct Parts : torch::CustomClassHolder
{
    EmbeddingModel* model = nullptr;
    std::vector<Part> parts;
};

std::vector<Part> cut(const PackedBatch& pack, const ForwardContext& context)
{
    const auto size = std::max(kFewestTokens, (pack.tokens() + kParts - 1) / kParts);
    std::vector<Part> parts;
    std::vector<std::int64_t> sequences;
    std::int64_t tokens = 0;
    const auto close = [&] {
        if (sequences.empty()) return;
        Part part{packOf(pack, sequences), context};
        for (std::size_t i = 0; i < sequences.size(); ++i)
            part.pack.column[i] = pack.column[static_cast<std::size_t>(sequences[i])];
        // Draws of their own for every part, apart from those of losses that count parts themselves. The
        // first part keeps the number of the whole: 0 tells encoders that a micro-batch begins.
        if (!parts.empty()) part.context.chunk = (context.chunk + 1) * 65'536 + parts.size();
        parts.push_back(std::move(part));
        sequences.clear();
        tokens = 0;
    };
    for (std::int64_t s = 0; s < pack.sequences(); ++s) {
        if (tokens > 0 && tokens + pack.length(s) > size) close();
        sequences.push_back(s);
        tokens += pack.length(s);
    }
    close();
    return parts;
}

struct Recompute : torch::autograd::Function<Recompute>
{
    static Variable forward(AutogradContext* ctx, const Variable& /*anchor*/, c10::intrusive_ptr<Parts> parts)
    {
        const at::NoGradGuard noGrad;
        std::vector<at::Tensor> embeddings;
        for (const auto& part : parts->parts)
            embeddings.push_back(parts->model->embed(part.pack, part.context));
        ctx->saved_data["parts"] = c10::IValue::make_capsule(std::move(parts));
        return at::cat(embeddings);
    }

    static variable_list backward(AutogradContext* ctx, const variable_list& gradients)
    {
        const auto held = ctx->saved_data["parts"].toCapsule();
        const auto& parts = static_cast<const Parts&>(*held);
        std::int64_t row = 0;
        for (const auto& part : parts.parts) {
            const at::AutoGradMode withGradient(true);
            const auto embeddings = parts.model->embed(part.pack, part.context);
            embeddings.backward(gradients.front().narrow(0, row, embeddings.size(0)));
            row += embeddings.size(0);
        }
        return {Variable(), Variable()};
    }
};

class Recomputing final : public EmbeddingModel
{
public:
    explicit Recomputing(std::unique_ptr<EmbeddingModel> model)
        : m_model(std::move(model)), m_anchor(at::zeros({1}).requires_grad_(true))
    {}

    at::Tensor embed(const PackedBatch& batch, const ForwardContext& context) override
    {
        if (!at::GradMode::is_enabled()) return m_model->embed(batch, context);
        auto parts = c10::make_intrusive<Parts>();
        parts->model = m_model.get();
        parts->parts = cut(batch, context);
        if (parts->parts.size() < 2) return m_model->embed(batch, context);
        return Recompute::apply(m_anchor, std::move(parts));
    }

    std::vector<at::Tensor> embedLayers(const PackedBatch& batch, const ForwardContext& context) override
    {
        return m_model->embedLayers(batch, context);
    }
    std::unique_ptr<EmbeddingModel> clone() override { return m_model->clone(); }
    std::vector<NamedTensor> parameters() override { return m_model->parameters(); }
    const EncoderConfig* config() const override { return m_model->config(); }

private:
    std::unique_ptr<EmbeddingModel> m_model;
    at::Tensor m_anchor; ///< makes the result part of the graph
};

} // namespace

std::unique_ptr<EmbeddingModel> recomputing(std::unique_ptr<EmbeddingModel> model)
{
    return std::make_unique<Recomputing>(std::move(model));
}

} // namespace studio
