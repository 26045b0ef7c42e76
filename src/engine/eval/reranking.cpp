#include "engine/eval/binarymetrics.h"
#include "engine/eval/evaluatorbase.h"
#include "engine/eval/tensorvalues.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <numeric>

namespace studio {
namespace {

struct Sample
{
    std::string query;
    std::vector<std::string> documents; ///< relevant ones first
    std::size_t relevant = 0;
};

/// Order of relevant and other documents of a query: MAP, MRR@k and nDCG@k.
class RerankingEvaluator final : public EvaluatorBase
{
public:
    RerankingEvaluator(const std::string& name, const OptionValues& options, std::vector<Sample> samples)
        : EvaluatorBase(name, options),
          m_samples(std::move(samples)),
          m_k(static_cast<int>(options.integer("at_k"))),
          m_function(similarityNamed(options.text("similarity_fct")))
    {
        m_primary = "ndcg@" + std::to_string(m_k);
    }

    std::string csvFile() const override
    {
        return "RerankingEvaluator" + (m_name.empty() ? "" : "_" + m_name) + "_results_@" +
               std::to_string(m_k) + ".csv";
    }
    std::string description() const override { return "Reranking"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        std::vector<std::string> queries, documents;
        for (const Sample& sample : m_samples) {
            queries.push_back(sample.query);
            documents.insert(documents.end(), sample.documents.begin(), sample.documents.end());
        }
        auto queryEmbeddings = context.embed(queries, request(EmbedRequest::Task::Query));
        if (!queryEmbeddings) return queryEmbeddings.error();
        auto documentEmbeddings = context.embed(documents, request(EmbedRequest::Task::Document));
        if (!documentEmbeddings) return documentEmbeddings.error();

        double map = 0, mrr = 0, ndcg = 0;
        std::int64_t at = 0;
        for (std::size_t q = 0; q < m_samples.size(); ++q) {
            const Sample& sample = m_samples[q];
            const auto count = static_cast<std::int64_t>(sample.documents.size());
            const std::vector<double> scores = doublesOf(
                similarityMatrix(m_function, queryEmbeddings->narrow(0, static_cast<std::int64_t>(q), 1),
                                 documentEmbeddings->narrow(0, at, count)));
            at += count;
            std::vector<int> labels(sample.documents.size(), 0);
            std::fill(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(sample.relevant), 1);
            map += averagePrecision(scores, labels);
            ndcg += ndcgScore(std::vector<double>(labels.begin(), labels.end()), scores, m_k);
            mrr += reciprocalRank(scores, labels);
        }
        const auto n = static_cast<double>(m_samples.size());
        map /= n;
        mrr /= n;
        ndcg /= n;
        const std::string k = std::to_string(m_k);
        if (Status status = writeCsv(context, {"MAP", "MRR@" + k, "NDCG@" + k},
                                     {pythonNumber(map), pythonNumber(mrr), pythonNumber(ndcg)});
            !status)
            return status.error();
        return named({{"map", map}, {"mrr@" + k, mrr}, {"ndcg@" + k, ndcg}});
    }

private:
    double reciprocalRank(const std::vector<double>& scores, const std::vector<int>& labels) const
    {
        std::vector<std::size_t> order(scores.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
        for (std::size_t rank = 0; rank < std::min(order.size(), static_cast<std::size_t>(m_k)); ++rank)
            if (labels[order[rank]] == 1) return 1 / static_cast<double>(rank + 1);
        return 0;
    }

    std::vector<Sample> m_samples;
    int m_k;
    Similarity m_function;
};

/// Texts of "positive" or "negative" in a line: a text or a list.
std::vector<std::string> textsAt(const nlohmann::json& object, const char* key)
{
    std::vector<std::string> texts;
    auto it = object.find(key);
    if (it == object.end()) return texts;
    if (it->is_string())
        texts.push_back(it->get<std::string>());
    else if (it->is_array())
        for (const auto& item : *it)
            if (item.is_string()) texts.push_back(item.get<std::string>());
    return texts;
}

Result<std::vector<Sample>> readLines(const std::filesystem::path& file)
{
    std::ifstream in(file);
    if (!in) return Error{ErrorCode::NotFound, "Cannot open " + file.string() + ".", file.string()};
    std::vector<Sample> samples;
    std::string line;
    for (std::int64_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line == "\r") continue;
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("query") || !json["query"].is_string())
            return Error{ErrorCode::Malformed,
                         "Cannot read " + file.filename().string() + ": line " + std::to_string(number) +
                             " is not an object with \"query\", \"positive\" and \"negative\".",
                         file.filename().string() + ":" + std::to_string(number)};
        Sample sample{json["query"].get<std::string>(), textsAt(json, "positive"), 0};
        sample.relevant = sample.documents.size();
        const auto others = textsAt(json, "negative");
        sample.documents.insert(sample.documents.end(), others.begin(), others.end());
        samples.push_back(std::move(sample));
    }
    return samples;
}

Result<std::vector<Sample>> samplesOf(const EvalData& data)
{
    if (data.lists.size() >= 2 && !data.columns.empty()) {
        std::vector<Sample> samples;
        for (std::size_t row = 0; row < data.columns[0].size(); ++row) {
            Sample sample{data.columns[0][row], data.lists[0][row], data.lists[0][row].size()};
            sample.documents.insert(sample.documents.end(), data.lists[1][row].begin(),
                                    data.lists[1][row].end());
            samples.push_back(std::move(sample));
        }
        return samples;
    }
    if (data.columns.size() >= 3) { // one positive and some negatives, a column each
        std::vector<Sample> samples;
        for (std::size_t row = 0; row < data.columns[0].size(); ++row) {
            Sample sample{data.columns[0][row], {}, 1};
            for (std::size_t c = 1; c < data.columns.size(); ++c)
                sample.documents.push_back(data.columns[c][row]);
            samples.push_back(std::move(sample));
        }
        return samples;
    }
    if (!data.folder.empty() && !std::filesystem::is_directory(data.folder)) return readLines(data.folder);
    return Error{
        ErrorCode::InvalidValue,
        "RerankingEvaluator needs a query, relevant documents and others: a JSON Lines file with \"query\", "
        "\"positive\" and \"negative\", or text columns query, positive, negative.",
        ""};
}

} // namespace

MadeEvaluator makeReranking(const std::string& name, const OptionValues& options, EvalData data)
{
    auto samples = samplesOf(data);
    if (!samples) return samples.error();
    // As in the original, samples without a relevant or without another document are left out.
    samples->erase(
        std::remove_if(samples->begin(), samples->end(),
                       [](const Sample& s) { return s.relevant == 0 || s.relevant == s.documents.size(); }),
        samples->end());
    if (samples->empty())
        return Error{ErrorCode::InvalidValue,
                     "RerankingEvaluator: no sample has both a relevant and another document.", name};
    return std::unique_ptr<Evaluator>(new RerankingEvaluator(name, options, std::move(*samples)));
}

} // namespace studio
