#include "engine/eval/informationretrieval.h"

#include <algorithm>
#include <cctype>

namespace studio {
namespace {

/// Folder name → the original's name of the set.
const std::pair<const char*, const char*> kNames[] = {{"climatefever", "ClimateFEVER"},
                                                      {"dbpedia", "DBPedia"},
                                                      {"fever", "FEVER"},
                                                      {"fiqa2018", "FiQA2018"},
                                                      {"hotpotqa", "HotpotQA"},
                                                      {"msmarco", "MSMARCO"},
                                                      {"nfcorpus", "NFCorpus"},
                                                      {"nq", "NQ"},
                                                      {"quoraretrieval", "QuoraRetrieval"},
                                                      {"scidocs", "SCIDOCS"},
                                                      {"arguana", "ArguAna"},
                                                      {"scifact", "SciFact"},
                                                      {"touche2020", "Touche2020"}};

std::string setName(const std::string& folder)
{
    std::string lower;
    for (char c : folder)
        lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.rfind("nano", 0) == 0) lower.erase(0, 4);
    for (const auto& [key, name] : kNames)
        if (lower == key) return std::string("Nano") + name;
    return folder;
}

/// Several retrieval sets: the metrics of each, and their mean.
class NanoBeirEvaluator final : public EvaluatorBase
{
public:
    NanoBeirEvaluator(const OptionValues& options,
                      std::vector<std::unique_ptr<InformationRetrievalEvaluator>> sets)
        : EvaluatorBase("NanoBEIR_mean", options),
          m_sets(std::move(sets)),
          m_depths(readDepths(options)),
          m_main(options.maybeText("main_score_function").value_or(""))
    {
        if (m_truncateDim > 0) m_name += "_" + std::to_string(m_truncateDim);
    }

    std::string csvFile() const override { return "NanoBEIR_evaluation_mean_results.csv"; }
    std::string description() const override { return "NanoBEIR"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        MetricList all, means;
        for (const auto& set : m_sets) {
            auto metrics = set->evaluate(context);
            if (!metrics) return metrics.error();
            all.insert(all.end(), metrics->begin(), metrics->end());
            for (std::size_t i = 0; i < set->bareMetrics().size(); ++i) {
                const auto& [key, value] = set->bareMetrics()[i];
                if (means.size() <= i) means.emplace_back(key, 0.0);
                means[i].second += value / static_cast<double>(m_sets.size());
            }
        }
        const std::vector<std::string> functions = functionsOr(context.similarity);
        auto meanOf = [&](const std::string& key) {
            for (const auto& [known, value] : means)
                if (known == key) return value;
            return 0.0;
        };
        const std::string depth =
            "_ndcg@" + std::to_string(*std::max_element(m_depths.ndcg.begin(), m_depths.ndcg.end()));
        if (m_primary.empty()) {
            std::string best = m_main.empty() ? functions[0] : m_main;
            for (const std::string& function : functions)
                if (m_main.empty() && meanOf(function + depth) > meanOf(best + depth)) best = function;
            m_primary = best + depth;
        }
        std::vector<std::string> columns, values;
        for (const auto& [title, key] : retrievalColumns(functions, m_depths)) {
            columns.push_back(title);
            values.push_back(pythonNumber(meanOf(key)));
        }
        if (Status status = writeCsv(context, columns, values, "\n"); !status) return status.error();
        for (const auto& metric : named(means))
            all.push_back(metric);
        return all;
    }

private:
    std::vector<std::unique_ptr<InformationRetrievalEvaluator>> m_sets;
    RankingDepths m_depths;
    std::string m_main;
};

} // namespace

MadeEvaluator makeNanoBeir(const std::string&, const OptionValues& options, EvalData data)
{
    std::vector<std::filesystem::path> folders;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(data.folder, error))
        if (BeirFolder::looksLikeOne(entry.path())) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    if (folders.empty())
        return Error{
            ErrorCode::NotFound,
            "NanoBEIREvaluator found no retrieval set in " + data.folder.string() +
                ". It needs a folder with one folder per set, each with corpus.jsonl, queries.jsonl and "
                "qrels/test.tsv.",
            data.folder.string()};
    const int truncate = static_cast<int>(options.maybeInteger("truncate_dim").value_or(0));
    std::vector<std::unique_ptr<InformationRetrievalEvaluator>> sets;
    for (const auto& folder : folders) {
        auto set = BeirFolder::open(folder);
        if (!set) return set.error();
        std::string name = setName(folder.filename().string());
        if (truncate > 0) name += "_" + std::to_string(truncate);
        sets.push_back(std::make_unique<InformationRetrievalEvaluator>(name, options, std::move(*set)));
    }
    return std::unique_ptr<Evaluator>(new NanoBeirEvaluator(options, std::move(sets)));
}

} // namespace studio
