#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct MarginMseOptions
{
    std::string similarity = "pairwise_dot_score";
};

/// MSE between the student's score differences positive − negative and the teacher's. Labels hold the
/// differences, one for each negative, or the scores themselves (positive first).
class MarginMseLoss final : public Loss
{
public:
    explicit MarginMseLoss(MarginMseOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "MarginMSELoss"; }
    Json configDict() const override { return {{"similarity_fct", m_options.similarity}}; }

    Status check(const LossBatch& batch) const override
    {
        if (Status status = Loss::check(batch); !status) return status;
        const std::int64_t given = batch.labels.numel() / batch.rows;
        const std::int64_t negatives = batch.columns - 2;
        if (given == negatives || given == negatives + 1) return {};
        return lossError(name(), "the label holds " + std::to_string(given) + " numbers a row; with " +
                                     std::to_string(negatives) + " negatives it must hold " +
                                     std::to_string(negatives) + " differences or " +
                                     std::to_string(negatives + 1) + " scores.");
    }

    at::Tensor compute(const LossInput& input) const override
    {
        const auto& columns = input.embeddings;
        const Similarity function = similarityNamed(m_options.similarity);
        const std::int64_t rows = columns[0].size(0);
        const auto negatives = static_cast<std::int64_t>(columns.size()) - 2;
        auto labels = input.labels.detach().reshape({rows, -1}).to(columns[0].scalar_type());
        if (labels.size(1) == negatives + 1) labels = labels.narrow(1, 0, 1) - labels.narrow(1, 1, negatives);
        auto positive = pairwiseSimilarity(function, columns[0], columns[1]);
        std::vector<at::Tensor> margins;
        for (std::size_t c = 2; c < columns.size(); ++c)
            margins.push_back(positive - pairwiseSimilarity(function, columns[0], columns[c]));
        return at::mse_loss(at::stack(margins, 1), labels); // [rows, negatives]
    }

private:
    MarginMseOptions m_options;
};

} // namespace

MadeLoss makeMarginMseLoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(new MarginMseLoss({options.text("similarity_fct")}));
}

} // namespace studio
