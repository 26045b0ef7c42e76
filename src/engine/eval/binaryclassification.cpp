#include "engine/eval/binarymetrics.h"
#include "engine/eval/evaluatorbase.h"
#include "engine/eval/tensorvalues.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <unordered_map>

namespace studio {
namespace {

/// Whether two texts belong together: best accuracy and F1 over thresholds, average precision, Matthews
/// correlation. Euclidean and Manhattan are taken as positive distances (smaller is more similar), so are
/// their thresholds.
class BinaryClassificationEvaluator final : public EvaluatorBase
{
public:
    BinaryClassificationEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options), m_data(std::move(data))
    {
        for (double label : m_data.labels)
            m_labels.push_back(label == 1 ? 1 : 0);
        if (m_functions.size() > 1)
            m_primary = "max_ap";
        else if (!m_functions.empty())
            m_primary = m_functions[0] + "_ap";
    }

    std::string csvFile() const override { return csvNamed("binary_classification_evaluation"); }
    std::string description() const override { return "Binary Classification"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        // Each distinct text is embedded once.
        std::vector<std::string> texts;
        std::unordered_map<std::string, std::int64_t> place;
        std::vector<std::int64_t> index[2];
        for (int c = 0; c < 2; ++c) {
            for (const std::string& text : m_data.columns[c]) {
                auto [it, fresh] = place.emplace(text, static_cast<std::int64_t>(texts.size()));
                if (fresh) texts.push_back(text);
                index[c].push_back(it->second);
            }
        }
        auto embedded = context.embed(texts, request());
        if (!embedded) return embedded.error();
        const auto rowsOf = [&](int c) {
            return embedded->index_select(0, at::tensor(index[c], at::TensorOptions().dtype(at::kLong)));
        };
        const at::Tensor a = rowsOf(0), b = rowsOf(1);

        const std::vector<std::string> functions = functionsOr(context.similarity);
        if (m_primary.empty()) m_primary = functions[0] + "_ap";
        MetricList metrics;
        std::vector<std::string> columns, values;
        for (const std::string& function : functions) {
            const bool higher = function == "cosine" || function == "dot";
            auto similarities = pairwiseSimilarity(similarityNamed(function), a, b);
            const std::vector<float> scores = floatsOf(higher ? similarities : -similarities);
            const BestAccuracy accuracy = bestAccuracy(scores, m_labels, higher);
            const BestF1 f1 = bestF1(scores, m_labels, higher);
            std::vector<double> ordered(scores.begin(), scores.end());
            std::vector<bool> predicted;
            for (double& score : ordered) {
                predicted.push_back(higher ? score >= f1.threshold : score <= f1.threshold);
                if (!higher) score = -score;
            }
            const double ap = averagePrecision(ordered, m_labels);
            const double mcc = matthewsCorrelation(m_labels, predicted);
            const std::pair<const char*, double> all[] = {{"accuracy", accuracy.accuracy},
                                                          {"accuracy_threshold", accuracy.threshold},
                                                          {"f1", f1.f1},
                                                          {"f1_threshold", f1.threshold},
                                                          {"precision", f1.precision},
                                                          {"recall", f1.recall},
                                                          {"ap", ap},
                                                          {"mcc", mcc}};
            for (const auto& [key, value] : all)
                metrics.emplace_back(function + "_" + key, value);
            for (const char* key :
                 {"accuracy", "accuracy_threshold", "f1", "precision", "recall", "f1_threshold", "ap", "mcc"})
                columns.push_back(function + "_" + key);
            // Without any F1 above 0 the original's numbers are still the integers that they start as.
            const auto fromF1 = [&](std::string text) { return f1.f1 > 0 ? text : std::string("0"); };
            values.insert(values.end(), {pythonNumber(accuracy.accuracy), pythonNumber(accuracy.threshold),
                                         fromF1(pythonNumber(f1.f1)), fromF1(pythonNumber(f1.precision)),
                                         fromF1(pythonNumber(f1.recall)), fromF1(pythonNumber(f1.threshold)),
                                         pythonNumber(ap), pythonNumber(mcc)});
        }
        if (Status status = writeCsv(context, columns, values); !status) return status.error();
        if (functions.size() > 1) {
            for (std::size_t m = 0; m < 8; ++m) {
                const std::string key = metrics[m].first.substr(functions[0].size() + 1);
                double largest = metrics[m].second;
                for (std::size_t f = 1; f < functions.size(); ++f)
                    largest = std::max(largest, metrics[f * 8 + m].second);
                metrics.emplace_back("max_" + key, largest);
            }
        }
        return named(metrics);
    }

private:
    EvalData m_data;
    std::vector<int> m_labels;
};

} // namespace

MadeEvaluator makeBinaryClassification(const std::string& name, const OptionValues& options, EvalData data)
{
    const std::string who = "BinaryClassificationEvaluator";
    if (Status status = needColumns(data, 2, true, who.c_str()); !status) return status.error();
    bool seen[2] = {false, false};
    for (std::size_t row = 0; row < data.labels.size(); ++row) {
        const double label = data.labels[row];
        if (label != 0 && label != 1)
            return Error{ErrorCode::InvalidValue,
                         who + ": labels must be 0 or 1, but row " + std::to_string(row + 1) + " has " +
                             pythonNumber(label) + ".",
                         ""};
        seen[label == 1] = true;
    }
    if (!seen[0] || !seen[1])
        return Error{ErrorCode::InvalidValue,
                     who + ": all labels of its evaluation set are " + (seen[1] ? "1" : "0") +
                         ", which says nothing about thresholds. Use a set with both classes.",
                     ""};
    return std::unique_ptr<Evaluator>(new BinaryClassificationEvaluator(name, options, std::move(data)));
}

} // namespace studio
