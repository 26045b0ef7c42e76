#pragma once

#include "core/catalog/optionvalues.h"
#include "engine/eval/evaluator.h"

#include <string>
#include <vector>

namespace studio {

/// A number as Python prints it: shortest text that reads back equal, "1.0", "1e-05", "nan".
std::string pythonNumber(double value);
std::string pythonNumber(float value);

/// Appends a row to a CSV file as Python's csv module writes it (CR LF), with the header first when the file
/// is new.
Status appendCsv(const std::filesystem::path& file, const std::vector<std::string>& header,
                 const std::vector<std::string>& row, const std::string& lineEnd = "\r\n");

/// What evaluators share: name in front of the keys, primary metric, CSV row with epoch and steps.
class EvaluatorBase : public Evaluator
{
public:
    std::string primaryMetric() const override { return withName(m_primary); }
    std::string name() const override { return m_name; }

protected:
    EvaluatorBase(std::string name, const OptionValues& options);

    std::string withName(const std::string& metric) const;
    MetricList named(const MetricList& metrics) const;

    /// Adds epoch and steps in front; does nothing when there is no folder or write_csv is off.
    Status writeCsv(const EvalContext& context, std::vector<std::string> columns,
                    std::vector<std::string> values, const std::string& lineEnd = "\r\n") const;

    /// "prefix[_name]_results.csv"
    std::string csvNamed(const std::string& prefix) const;

    /// The functions to measure with: the given ones, else the model's.
    std::vector<std::string> functionsOr(const std::string& modelFunction) const;

    EmbedRequest request(EmbedRequest::Task task = EmbedRequest::Task::None) const;

    std::string m_name;
    std::string m_primary;
    std::vector<std::string> m_functions;
    int m_batchSize = 32;
    int m_truncateDim = 0;
    bool m_writeCsv = true;
};

/// Makers of the evaluators, one a file. Errors name what the data lacks.
using MadeEvaluator = Result<std::unique_ptr<Evaluator>>;
MadeEvaluator makeEmbeddingSimilarity(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeBinaryClassification(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeTriplet(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeInformationRetrieval(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeNanoBeir(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeReranking(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeTranslation(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeMse(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeMseFromDataFrame(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeParaphraseMining(const std::string& name, const OptionValues& options, EvalData data);
MadeEvaluator makeLabelAccuracy(const std::string& name, const OptionValues& options, EvalData data);

/// "pairs", … : an error when the data has fewer text columns, columns of unequal length, no rows, or no
/// labels.
Status needColumns(const EvalData& data, std::size_t columns, bool labels, const char* evaluator);

} // namespace studio
