#include "engine/loss/cosentloss.h"

#include "engine/loss/losses.h"

#include <ATen/ATen.h>

#include <limits>

namespace studio {

at::Tensor cosentLoss(const at::Tensor& similarities, const at::Tensor& labels, double scale)
{
    auto [sorted, order] = labels.reshape(-1).sort();
    auto scores = (similarities * scale).index_select(0, order); // by ascending label
    // First row with a higher label than each row's.
    auto higher = at::searchsorted(sorted, sorted, false, true);
    auto suffix = at::logcumsumexp((-scores).flip(0), 0).flip(0); // log of the sum of exp(-s_j) for j >= i
    suffix = at::cat({suffix, at::full({1}, -std::numeric_limits<double>::infinity(), suffix.options())});
    scores = scores + suffix.index_select(0, higher);
    return at::logsumexp(at::cat({at::zeros({1}, scores.options()), scores}), 0);
}

namespace {

struct CoSentOptions
{
    double scale = 20;
    std::string similarity = "pairwise_cos_sim";
};

class CoSentLoss final : public Loss
{
public:
    explicit CoSentLoss(CoSentOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "CoSENTLoss"; }
    Json configDict() const override
    {
        return {{"scale", m_options.scale}, {"similarity_fct", m_options.similarity}};
    }

    at::Tensor compute(const LossInput& input) const override
    {
        return cosentLoss(pairwiseSimilarity(similarityNamed(m_options.similarity), input.embeddings[0],
                                             input.embeddings[1]),
                          input.labels, m_options.scale);
    }

private:
    CoSentOptions m_options;
};

} // namespace

MadeLoss makeCoSentLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(new CoSentLoss({options.number("scale"), options.text("similarity_fct")}));
}

} // namespace studio
