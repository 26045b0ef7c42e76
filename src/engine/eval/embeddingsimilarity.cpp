#include "engine/eval/correlation.h"
#include "engine/eval/evaluatorbase.h"
#include "engine/eval/quantisation.h"
#include "engine/eval/tensorvalues.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

/// Correlation of similarities with given scores.
class EmbeddingSimilarityEvaluator final : public EvaluatorBase
{
public:
    EmbeddingSimilarityEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options),
          m_data(std::move(data)),
          m_main(options.maybeText("main_similarity").value_or("")),
          m_precision(options.maybeText("precision").value_or(""))
    {
        if (m_functions.empty() && !m_main.empty()) m_functions = {m_main};
        if (!m_main.empty())
            m_primary = "spearman_" + m_main;
        else if (m_functions.size() > 1)
            m_primary = "spearman_max";
        else if (!m_functions.empty())
            m_primary = "spearman_" + m_functions[0];
    }

    std::string csvFile() const override
    {
        return "similarity_evaluation" + (m_name.empty() ? "" : "_" + m_name) +
               (m_precision.empty() ? "" : "_" + m_precision) + "_results.csv";
    }
    std::string description() const override { return "Semantic Similarity"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        EmbedRequest how = request();
        how.normalize = !m_precision.empty();
        auto first = context.embed(m_data.columns[0], how);
        if (!first) return first.error();
        auto second = context.embed(m_data.columns[1], how);
        if (!second) return second.error();
        at::Tensor a = *first;
        at::Tensor b = *second;
        if (!m_precision.empty()) {
            const at::Tensor both = at::cat({a, b});
            a = quantisedEmbeddings(a, m_precision, both);
            b = quantisedEmbeddings(b, m_precision, both);
        }
        const std::vector<std::string> functions = functionsOr(context.similarity);
        if (m_primary.empty()) m_primary = functions.size() > 1 ? "spearman_max" : "spearman_" + functions[0];

        MetricList metrics;
        std::vector<std::string> columns, values;
        double bestPearson = -2, bestSpearman = -2;
        for (const std::string& function : functions) {
            const auto scores = doublesOf(pairwiseSimilarity(similarityNamed(function), a, b));
            const double p = pearson(m_data.labels, scores);
            const double s = spearman(m_data.labels, scores);
            metrics.emplace_back("pearson_" + function, p);
            metrics.emplace_back("spearman_" + function, s);
            columns.insert(columns.end(), {function + "_pearson", function + "_spearman"});
            values.insert(values.end(), {pythonNumber(p), pythonNumber(s)});
            bestPearson = std::max(bestPearson, p);
            bestSpearman = std::max(bestSpearman, s);
        }
        if (Status status = writeCsv(context, columns, values); !status) return status.error();
        if (functions.size() > 1) {
            metrics.emplace_back("pearson_max", bestPearson);
            metrics.emplace_back("spearman_max", bestSpearman);
        }
        return named(metrics);
    }

private:
    EvalData m_data;
    std::string m_main;
    std::string m_precision;
};

} // namespace

MadeEvaluator makeEmbeddingSimilarity(const std::string& name, const OptionValues& options, EvalData data)
{
    if (Status status = needColumns(data, 2, true, "EmbeddingSimilarityEvaluator"); !status)
        return status.error();
    const auto& labels = data.labels;
    if (std::all_of(labels.begin(), labels.end(), [&](double label) { return label == labels[0]; }))
        return Error{ErrorCode::InvalidValue,
                     "EmbeddingSimilarityEvaluator: all scores of its evaluation set are equal, and a "
                     "correlation with "
                     "equal numbers is not defined. Use a set with different scores.",
                     ""};
    return std::unique_ptr<Evaluator>(new EmbeddingSimilarityEvaluator(name, options, std::move(data)));
}

} // namespace studio
