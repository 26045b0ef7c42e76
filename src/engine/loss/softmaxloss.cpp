#include "engine/loss/losses.h"
#include "engine/loss/ownweights.h"
#include "engine/loss/softmaxhead.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct SoftmaxOptions
{
    std::int64_t labels = 0;
    bool representations = true;
    bool difference = true;
    bool multiplication = false;
    double smoothing = 0; ///< label_smoothing_factor of the training arguments
};

/// Cross-entropy of a linear classifier over [u; v; |u − v|] (Sentence-BERT). The classifier belongs to the
/// loss.
class SoftmaxLoss final : public Loss, public SoftmaxHead
{
public:
    SoftmaxLoss(SoftmaxOptions options, std::int64_t dimension, std::uint64_t seed)
        : m_options(options),
          m_classifier(dimension *
                           ((options.representations ? 2 : 0) + options.difference + options.multiplication),
                       options.labels, seed)
    {}

    const char* name() const override { return "SoftmaxLoss"; }
    Json configDict() const override
    {
        return {{"num_labels", m_options.labels},
                {"concatenation_sent_rep", m_options.representations},
                {"concatenation_sent_difference", m_options.difference},
                {"concatenation_sent_multiplication", m_options.multiplication}};
    }

    Status check(const LossBatch& batch) const override
    {
        if (Status status = Loss::check(batch); !status) return status;
        const double low = batch.labels.min().item<double>();
        const double high = batch.labels.max().item<double>();
        if (low < 0 || high >= static_cast<double>(m_options.labels))
            return lossError(name(), "labels must lie in 0 to " + std::to_string(m_options.labels - 1) +
                                         " (num_labels " + std::to_string(m_options.labels) +
                                         "), but this batch has " +
                                         std::to_string(static_cast<std::int64_t>(low < 0 ? low : high)) +
                                         ". Set num_labels to the number of classes.");
        return {};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        return at::cross_entropy_loss(logits(input.embeddings[0], input.embeddings[1]),
                                      input.labels.reshape(-1).to(at::kLong), {}, at::Reduction::Mean, -100,
                                      m_options.smoothing);
    }

    at::Tensor logits(const at::Tensor& u, const at::Tensor& v) const override
    {
        std::vector<at::Tensor> parts;
        if (m_options.representations) parts = {u, v};
        if (m_options.difference) parts.push_back((u - v).abs());
        if (m_options.multiplication) parts.push_back(u * v);
        return m_classifier(at::cat(parts, 1));
    }

    std::vector<NamedTensor> parameters() override
    {
        return {{"classifier.weight", m_classifier.weight}, {"classifier.bias", m_classifier.bias}};
    }

private:
    SoftmaxOptions m_options;
    OwnLinear m_classifier;
};

} // namespace

MadeLoss makeSoftmaxLoss(const LossOptions& options, const LossContext& context)
{
    const SoftmaxOptions read{options.integer("num_labels"), options.flag("concatenation_sent_rep"),
                              options.flag("concatenation_sent_difference"),
                              options.flag("concatenation_sent_multiplication"), context.labelSmoothing};
    const std::int64_t dimension =
        options.maybeInteger("embedding_dimension").value_or(context.embeddingDimension);
    if (read.labels < 1) return lossError("SoftmaxLoss", "num_labels must be at least 1.");
    if (!read.representations && !read.difference && !read.multiplication)
        return lossError("SoftmaxLoss",
                         "at least one of concatenation_sent_rep, concatenation_sent_difference and "
                         "concatenation_sent_multiplication must be on.");
    if (dimension < 1) return lossError("SoftmaxLoss", "embedding_dimension must be at least 1.");
    if (context.embeddingDimension > 0 && dimension != context.embeddingDimension)
        return lossError("SoftmaxLoss", "embedding_dimension is " + std::to_string(dimension) +
                                            ", but the model's embeddings have " +
                                            std::to_string(context.embeddingDimension) + ". Leave it empty.");
    return std::unique_ptr<Loss>(new SoftmaxLoss(read, dimension, context.seed));
}

} // namespace studio
