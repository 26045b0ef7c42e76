#include "engine/eval/evaluatorbase.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace studio {
namespace {

/// How often sim(anchor, positive) > sim(anchor, negative) + margin.
class TripletEvaluator final : public EvaluatorBase
{
public:
    TripletEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options),
          m_data(std::move(data)),
          m_main(options.maybeText("main_similarity_function").value_or("")),
          m_margin(options.maybeNumber("margin").value_or(0))
    {
        if (m_functions.empty() && !m_main.empty()) m_functions = {m_main};
        if (!m_main.empty())
            m_primary = m_main + "_accuracy";
        else if (m_functions.size() > 1)
            m_primary = "max_accuracy";
        else if (!m_functions.empty())
            m_primary = m_functions[0] + "_accuracy";
    }

    std::string csvFile() const override { return csvNamed("triplet_evaluation"); }
    std::string description() const override { return "Triplet"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        at::Tensor embedded[3];
        for (int c = 0; c < 3; ++c) {
            auto result = context.embed(m_data.columns[c], request(c == 0 ? EmbedRequest::Task::Query
                                                                          : EmbedRequest::Task::Document));
            if (!result) return result.error();
            embedded[c] = *result;
        }
        const std::vector<std::string> functions = functionsOr(context.similarity);
        if (m_primary.empty()) m_primary = functions[0] + "_accuracy";
        MetricList metrics;
        std::vector<std::string> columns, values;
        double best = 0;
        for (const std::string& name : functions) {
            const Similarity function = similarityNamed(name);
            auto positive = pairwiseSimilarity(function, embedded[0], embedded[1]);
            auto negative = pairwiseSimilarity(function, embedded[0], embedded[2]);
            // The original takes the mean in float32.
            const double accuracy = (positive > negative + m_margin).to(at::kFloat).mean().item<float>();
            metrics.emplace_back(name + "_accuracy", accuracy);
            columns.push_back("accuracy_" + name);
            values.push_back(pythonNumber(accuracy));
            best = std::max(best, accuracy);
        }
        if (Status status = writeCsv(context, columns, values); !status) return status.error();
        if (functions.size() > 1) metrics.emplace_back("max_accuracy", best);
        return named(metrics);
    }

private:
    EvalData m_data;
    std::string m_main;
    double m_margin;
};

} // namespace

MadeEvaluator makeTriplet(const std::string& name, const OptionValues& options, EvalData data)
{
    if (Status status = needColumns(data, 3, false, "TripletEvaluator"); !status) return status.error();
    return std::unique_ptr<Evaluator>(new TripletEvaluator(name, options, std::move(data)));
}

} // namespace studio
