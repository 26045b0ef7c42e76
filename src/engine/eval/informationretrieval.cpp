#include "engine/eval/informationretrieval.h"

#include "engine/loss/similarity.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace studio {

RankingDepths readDepths(const OptionValues& options)
{
    return {options.list<int>("accuracy_at_k"), options.list<int>("precision_recall_at_k"),
            options.list<int>("ndcg_at_k"), options.list<int>("mrr_at_k"), options.list<int>("map_at_k")};
}

std::vector<std::pair<std::string, std::string>> retrievalColumns(const std::vector<std::string>& functions,
                                                                  const RankingDepths& depths)
{
    std::vector<std::string> sorted = functions;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::pair<std::string, std::string>> columns;
    for (const std::string& f : sorted) {
        auto add = [&](const char* title, const char* key, int k) {
            columns.emplace_back(f + "-" + title + "@" + std::to_string(k),
                                 f + "_" + key + "@" + std::to_string(k));
        };
        for (int k : depths.accuracy)
            add("Accuracy", "accuracy", k);
        for (int k : depths.precisionRecall) {
            add("Precision", "precision", k);
            add("Recall", "recall", k);
        }
        for (int k : depths.mrr)
            add("MRR", "mrr", k);
        for (int k : depths.ndcg)
            add("NDCG", "ndcg", k);
        for (int k : depths.map)
            add("MAP", "map", k);
    }
    return columns;
}

InformationRetrievalEvaluator::InformationRetrievalEvaluator(const std::string& name,
                                                             const OptionValues& options, BeirFolder set)
    : EvaluatorBase(name, options),
      m_set(std::move(set)),
      m_depths(readDepths(options)),
      m_main(options.maybeText("main_score_function").value_or("")),
      m_chunk(static_cast<std::size_t>(std::max<std::int64_t>(1, options.integer("corpus_chunk_size")))),
      m_queryPrompt(options.maybeText("query_prompt").value_or("")),
      m_corpusPrompt(options.maybeText("corpus_prompt").value_or(""))
{
    const int k = *std::max_element(m_depths.ndcg.begin(), m_depths.ndcg.end());
    const std::string function = !m_main.empty() ? m_main : m_functions.size() == 1 ? m_functions[0] : "";
    if (!function.empty()) m_primary = function + "_ndcg@" + std::to_string(k);
}

Result<std::map<std::string, InformationRetrievalEvaluator::Best>>
InformationRetrievalEvaluator::search(const EvalContext& context, const std::vector<std::string>& functions)
{
    std::vector<std::string> texts;
    for (const auto& [id, text] : m_set.queries)
        texts.push_back(text);
    EmbedRequest forQueries = request(EmbedRequest::Task::Query);
    forQueries.prompt = m_queryPrompt;
    EmbedRequest forCorpus = request(EmbedRequest::Task::Document);
    forCorpus.prompt = m_corpusPrompt;
    auto queries = context.embed(texts, forQueries);
    if (!queries) return queries.error();

    std::map<std::string, Best> best;
    for (const std::string& function : functions)
        best[function].resize(texts.size());
    const auto deepest = static_cast<std::size_t>(m_depths.deepest());
    BeirCorpus corpus(m_set.corpus);
    while (true) {
        auto chunk = corpus.next(m_chunk);
        if (!chunk) return chunk.error();
        if (chunk->ids.empty()) break;
        if (context.stopRequested && context.stopRequested())
            return Error{ErrorCode::Busy, "The evaluation was stopped.", m_name};
        auto documents = context.embed(chunk->texts, forCorpus);
        if (!documents) return documents.error();
        constexpr std::int64_t kQueries = 64; // compared at a time
        for (const std::string& function : functions) {
            Best& hits = best[function];
            for (std::int64_t begin = 0; begin < queries->size(0); begin += kQueries) {
                const std::int64_t rows = std::min(kQueries, queries->size(0) - begin);
                auto scores =
                    similarityMatrix(similarityNamed(function), queries->narrow(0, begin, rows), *documents)
                        .contiguous();
                const float* data = scores.const_data_ptr<float>();
                const std::int64_t width = scores.size(1);
                at::parallel_for(0, rows, 1, [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t q = first; q < last; ++q) {
                        std::vector<Hit>& heap = hits[static_cast<std::size_t>(begin + q)];
                        for (std::int64_t d = 0; d < width; ++d) {
                            const float score = data[q * width + d];
                            if (heap.size() == deepest) {
                                if (score < heap.front().score) continue;
                                Hit hit{score, chunk->ids[static_cast<std::size_t>(d)]};
                                if (!isBetter(hit, heap.front())) continue;
                                std::pop_heap(heap.begin(), heap.end(), isBetter);
                                heap.back() = std::move(hit);
                            } else {
                                heap.push_back({score, chunk->ids[static_cast<std::size_t>(d)]});
                            }
                            std::push_heap(heap.begin(), heap.end(), isBetter);
                        }
                    }
                });
            }
        }
    }
    return best;
}

Result<MetricList> InformationRetrievalEvaluator::evaluate(const EvalContext& context)
{
    const std::vector<std::string> functions = functionsOr(context.similarity);
    auto found = search(context, functions);
    if (!found) return found.error();

    m_bare.clear();
    const int k = *std::max_element(m_depths.ndcg.begin(), m_depths.ndcg.end());
    std::string bestFunction = functions[0];
    double bestScore = -1;
    for (const std::string& function : functions) {
        RankingMetrics metrics(m_depths);
        Best& hits = (*found)[function];
        for (std::size_t q = 0; q < hits.size(); ++q) {
            std::sort(hits[q].begin(), hits[q].end(), isBetter);
            metrics.add(hits[q], m_set.relevant[m_set.queries[q].first]);
        }
        metrics.mean();
        auto put = [&](const char* key, const std::vector<int>& depths, const std::vector<double>& values) {
            for (std::size_t i = 0; i < depths.size(); ++i)
                m_bare.emplace_back(function + "_" + key + "@" + std::to_string(depths[i]), values[i]);
        };
        put("accuracy", m_depths.accuracy, metrics.accuracy);
        put("precision", m_depths.precisionRecall, metrics.precision);
        put("recall", m_depths.precisionRecall, metrics.recall);
        put("ndcg", m_depths.ndcg, metrics.ndcg);
        put("mrr", m_depths.mrr, metrics.mrr);
        put("map", m_depths.map, metrics.map);
        for (std::size_t i = 0; i < m_depths.ndcg.size(); ++i) {
            if (m_depths.ndcg[i] != k || metrics.ndcg[i] <= bestScore) continue;
            bestScore = metrics.ndcg[i];
            bestFunction = function;
        }
    }
    if (m_primary.empty()) m_primary = bestFunction + "_ndcg@" + std::to_string(k);

    std::vector<std::string> columns, values;
    for (const auto& [title, key] : retrievalColumns(functions, m_depths)) {
        columns.push_back(title);
        for (const auto& [known, value] : m_bare)
            if (known == key) values.push_back(pythonNumber(value));
    }
    if (Status status = writeCsv(context, columns, values, "\n"); !status) return status.error();
    return named(m_bare);
}

MadeEvaluator makeInformationRetrieval(const std::string& name, const OptionValues& options, EvalData data)
{
    auto set = BeirFolder::open(data.folder);
    if (!set) return set.error();
    return std::unique_ptr<Evaluator>(new InformationRetrievalEvaluator(name, options, std::move(*set)));
}

} // namespace studio
