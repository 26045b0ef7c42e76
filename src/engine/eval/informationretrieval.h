#pragma once

#include "engine/eval/beirfolder.h"
#include "engine/eval/evaluatorbase.h"
#include "engine/eval/rankingmetrics.h"

#include <map>
#include <string>
#include <vector>

namespace studio {

/// Ranking metrics of a search by similarity. The corpus is read and embedded in chunks; of each query only
/// the best documents are kept.
class InformationRetrievalEvaluator final : public EvaluatorBase
{
public:
    InformationRetrievalEvaluator(const std::string& name, const OptionValues& options, BeirFolder set);

    std::string csvFile() const override
    {
        return "Information-Retrieval_evaluation" + (m_name.empty() ? "" : "_" + m_name) + "_results.csv";
    }
    std::string description() const override { return "Information Retrieval"; }
    Result<MetricList> evaluate(const EvalContext& context) override;

    /// Keys without the name, of the last evaluate().
    const MetricList& bareMetrics() const { return m_bare; }

private:
    using Best = std::vector<std::vector<Hit>>; ///< per query, a heap with the worst hit on top

    Result<std::map<std::string, Best>> search(const EvalContext& context,
                                               const std::vector<std::string>& functions);

    BeirFolder m_set;
    RankingDepths m_depths;
    std::string m_main;
    std::size_t m_chunk = 50000;
    std::string m_queryPrompt, m_corpusPrompt;
    MetricList m_bare;
};

/// Depths from the options of a retrieval evaluator.
RankingDepths readDepths(const OptionValues& options);

/// "cosine-Accuracy@1", … and the metrics' keys "cosine_accuracy@1", …, in the order of the CSV.
std::vector<std::pair<std::string, std::string>> retrievalColumns(const std::vector<std::string>& functions,
                                                                  const RankingDepths& depths);

} // namespace studio
