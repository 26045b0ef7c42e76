#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <cmath>

namespace studio {
namespace {

struct DistillKlDivOptions
{
    std::string similarity = "pairwise_dot_score";
    double temperature = 1;
    double student = 1;
    double teacher = 1;
};

/// KL(softmax(teacher scores / Tt) ‖ softmax(student scores / Ts)), summed over candidates, mean over rows,
/// times Ts².
class DistillKlDivLoss final : public Loss
{
public:
    explicit DistillKlDivLoss(DistillKlDivOptions options) : m_options(std::move(options)) {}

    const char* name() const override { return "DistillKLDivLoss"; }
    Json configDict() const override
    {
        Json config{{"similarity_fct", m_options.similarity}, {"temperature", m_options.temperature}};
        if (m_options.student != m_options.temperature) config["student_temperature"] = m_options.student;
        if (m_options.teacher != m_options.temperature) config["teacher_temperature"] = m_options.teacher;
        return config;
    }

    Status check(const LossBatch& batch) const override
    {
        if (Status status = Loss::check(batch); !status) return status;
        const std::int64_t candidates = batch.columns - 1;
        if (batch.labels.dim() == 2 && batch.labels.size(1) == candidates) return {};
        return lossError(name(), "needs a list of " + std::to_string(candidates) +
                                     " teacher scores as label, one for each column after the query.");
    }

    at::Tensor compute(const LossInput& input) const override
    {
        const auto& columns = input.embeddings;
        const Similarity function = similarityNamed(m_options.similarity);
        std::vector<at::Tensor> scores;
        for (std::size_t c = 1; c < columns.size(); ++c)
            scores.push_back(pairwiseSimilarity(function, columns[0], columns[c]));
        auto student = at::log_softmax(at::stack(scores, 1) / m_options.student, 1); // [rows, candidates]
        auto teacher = at::softmax(input.labels.detach().to(student.scalar_type()) / m_options.teacher, 1);
        return at::kl_div(student, teacher, at::Reduction::Sum) / static_cast<double>(student.size(0)) *
               (m_options.student * m_options.student);
    }

private:
    DistillKlDivOptions m_options;
};

} // namespace

MadeLoss makeDistillKlDivLoss(const LossOptions& options, const LossContext&)
{
    DistillKlDivOptions read;
    read.similarity = options.text("similarity_fct");
    read.temperature = options.number("temperature");
    read.student = options.maybeNumber("student_temperature").value_or(read.temperature);
    read.teacher = options.maybeNumber("teacher_temperature").value_or(read.temperature);
    for (double t : {read.temperature, read.student, read.teacher})
        if (!(t > 0) || !std::isfinite(t))
            return lossError("DistillKLDivLoss", "temperatures must be above 0.");
    return std::unique_ptr<Loss>(new DistillKlDivLoss(std::move(read)));
}

} // namespace studio
