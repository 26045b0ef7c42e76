#include "engine/loss/losses.h"
#include "engine/loss/ownweights.h"

#include <ATen/ATen.h>

#include <optional>

namespace studio {
namespace {

struct EmbedDistillOptions
{
    std::string distance = "cosine";
    std::optional<std::int64_t> projection;
};

/// Distance of each column's embeddings to the teacher's: mse, l2 (mean row norm of the difference) or cosine
/// (mean of 1 − cos), averaged over the columns. Labels [rows, teacher dim] are the same for all columns,
/// labels [rows, columns, teacher dim] one for each.
class EmbedDistillLoss : public Loss
{
public:
    EmbedDistillLoss(EmbedDistillOptions options, const LossContext& context) : m_options(std::move(options))
    {
        if (m_options.projection)
            m_projection = OwnLinear(context.embeddingDimension, *m_options.projection, context.seed);
        m_dimension = m_options.projection.value_or(context.embeddingDimension);
    }

    const char* name() const override { return "EmbedDistillLoss"; }
    Json configDict() const override
    {
        return {{"distance_metric", m_options.distance}, {"projection_dim", projectionJson()}};
    }

    Status check(const LossBatch& batch) const override
    {
        if (Status status = Loss::check(batch); !status) return status;
        if (batch.labels.dim() == 3 && batch.labels.size(1) != batch.columns)
            return lossError(name(), "the label holds " + std::to_string(batch.labels.size(1)) +
                                         " teacher vectors a row, but there are " +
                                         std::to_string(batch.columns) +
                                         " text columns. Give one for each column, or one for all.");
        if (m_dimension > 0 && batch.labels.size(-1) != m_dimension)
            return lossError(name(), "the teacher's vectors have " + std::to_string(batch.labels.size(-1)) +
                                         " numbers, the model's " + std::to_string(m_dimension) +
                                         ". Set projection_dim to the teacher's size.");
        return {};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        auto labels = input.labels.detach();
        std::vector<at::Tensor> losses;
        for (std::size_t c = 0; c < input.embeddings.size(); ++c) {
            at::Tensor student = input.embeddings[c];
            if (m_options.projection) student = m_projection(student);
            auto teacher = (labels.dim() == 3 ? labels.select(1, static_cast<std::int64_t>(c)) : labels)
                               .to(student.scalar_type());
            losses.push_back(difference(student, teacher));
        }
        return at::stack(losses).mean();
    }

    std::vector<NamedTensor> parameters() override
    {
        if (!m_options.projection) return {};
        return {{"projection.weight", m_projection.weight}, {"projection.bias", m_projection.bias}};
    }

protected:
    Json projectionJson() const { return m_options.projection ? Json(*m_options.projection) : Json(); }

private:
    at::Tensor difference(const at::Tensor& student, const at::Tensor& teacher) const
    {
        if (m_options.distance == "mse") return at::mse_loss(student, teacher);
        if (m_options.distance == "l2") return (student - teacher).norm(2, -1).mean();
        return (1 - at::cosine_similarity(student, teacher, -1)).mean();
    }

    EmbedDistillOptions m_options;
    OwnLinear m_projection;
    std::int64_t m_dimension = 0;
};

/// The same with mse, under its older name.
class MseLoss final : public EmbedDistillLoss
{
public:
    using EmbedDistillLoss::EmbedDistillLoss;
    const char* name() const override { return "MSELoss"; }
    Json configDict() const override { return {{"projection_dim", projectionJson()}}; }
};

Status checkProjection(const char* loss, const std::optional<std::int64_t>& projection,
                       const LossContext& context)
{
    if (!projection) return {};
    if (*projection < 1) return lossError(loss, "projection_dim must be at least 1.");
    if (context.embeddingDimension < 1) return lossError(loss, "projection_dim needs a model of known size.");
    return {};
}

} // namespace

MadeLoss makeEmbedDistillLoss(const LossOptions& options, const LossContext& context)
{
    EmbedDistillOptions read{options.text("distance_metric"), options.maybeInteger("projection_dim")};
    if (Status status = checkProjection("EmbedDistillLoss", read.projection, context); !status)
        return status.error();
    return std::unique_ptr<Loss>(new EmbedDistillLoss(std::move(read), context));
}

MadeLoss makeMseLoss(const LossOptions& options, const LossContext& context)
{
    EmbedDistillOptions read{"mse", options.maybeInteger("projection_dim")};
    if (Status status = checkProjection("MSELoss", read.projection, context); !status) return status.error();
    return std::unique_ptr<Loss>(new MseLoss(std::move(read), context));
}

} // namespace studio
