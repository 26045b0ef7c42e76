#include "engine/loss/cosentloss.h"
#include "engine/loss/losses.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

struct AnglEOptions
{
    double scale = 20;
};

/// CoSENT with the similarity of angles in complex space (AnglE). More than two columns are taken apart:
/// (anchor, positive) with the label, 1 without one, and (anchor, negative) with 1 − label for each further
/// column.
class AnglELoss final : public Loss
{
public:
    explicit AnglELoss(AnglEOptions options) : m_options(options) {}

    const char* name() const override { return "AnglELoss"; }
    Json configDict() const override
    {
        return {{"scale", m_options.scale}, {"similarity_fct", "pairwise_angle_sim"}};
    }

    Status check(const LossBatch& batch) const override
    {
        if (batch.columns == 2 && !batch.labels.defined())
            return lossError(name(), "pairs need a score column. Add one, or a column of negatives.");
        return Loss::check(batch);
    }

    at::Tensor compute(const LossInput& input) const override
    {
        const auto& columns = input.embeddings;
        at::Tensor first = columns[0];
        at::Tensor second = columns[1];
        at::Tensor labels = input.labels;
        if (columns.size() > 2) {
            const auto others = static_cast<std::int64_t>(columns.size()) - 1;
            if (!labels.defined()) labels = at::ones({first.size(0)}, first.options());
            labels = labels.reshape(-1).to(first.scalar_type());
            labels = at::cat({labels, (1 - labels).repeat({others - 1})});
            first = first.repeat({others, 1});
            second = at::cat(std::vector<at::Tensor>(columns.begin() + 1, columns.end()));
        }
        return cosentLoss(pairwiseSimilarity(Similarity::Angle, first, second), labels, m_options.scale);
    }

private:
    AnglEOptions m_options;
};

} // namespace

MadeLoss makeAnglELoss(const LossOptions& options, const LossContext&)
{
    return std::unique_ptr<Loss>(new AnglELoss({options.number("scale")}));
}

} // namespace studio
