#include "engine/eval/evaluatorbase.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <queue>
#include <set>
#include <tuple>
#include <unordered_map>

namespace studio {
namespace {

using Pair = std::pair<std::size_t, std::size_t>; ///< i < j

struct ScoredPair
{
    float score = 0;
    Pair pair;
};

struct MiningOptions
{
    std::int64_t queryChunk = 5000;
    std::int64_t corpusChunk = 100000;
    std::size_t maxPairs = 500000;
    std::int64_t topK = 100;
};

/// The best pairs by cosine: of each text its topK neighbours, of all pairs the best maxPairs, best first.
std::vector<ScoredPair> minePairs(const at::Tensor& embeddings, const MiningOptions& o)
{
    const at::Tensor unit = normalizeRows(embeddings);
    const std::int64_t n = unit.size(0);
    auto worse = [](const ScoredPair& a, const ScoredPair& b) {
        return std::tie(a.score, a.pair) > std::tie(b.score, b.pair);
    };
    std::priority_queue<ScoredPair, std::vector<ScoredPair>, decltype(worse)> best(worse);
    std::set<Pair> queued;
    for (std::int64_t begin = 0; begin < n; begin += o.queryChunk) {
        const std::int64_t rows = std::min(o.queryChunk, n - begin);
        at::Tensor values, indices; // [rows, up to topK + 1]
        for (std::int64_t start = 0; start < n; start += o.corpusChunk) {
            const std::int64_t width = std::min(o.corpusChunk, n - start);
            auto scores = at::mm(unit.narrow(0, begin, rows), unit.narrow(0, start, width).t());
            auto [chunkValues, chunkIndices] = scores.topk(std::min(o.topK + 1, width), 1);
            chunkIndices = chunkIndices + start;
            if (!values.defined()) {
                values = chunkValues;
                indices = chunkIndices;
                continue;
            }
            auto allValues = at::cat({values, chunkValues}, 1);
            auto allIndices = at::cat({indices, chunkIndices}, 1);
            at::Tensor places;
            std::tie(values, places) = allValues.topk(std::min(o.topK + 1, allValues.size(1)), 1);
            indices = allIndices.gather(1, places);
        }
        values = values.contiguous();
        indices = indices.contiguous();
        const std::int64_t kept = values.size(1);
        for (std::int64_t q = 0; q < rows; ++q) {
            const auto i = static_cast<std::size_t>(begin + q);
            std::int64_t taken = 0;
            for (std::int64_t c = 0; c < kept && taken < o.topK; ++c) {
                const auto j = static_cast<std::size_t>(indices.const_data_ptr<std::int64_t>()[q * kept + c]);
                if (i == j) continue;
                ++taken;
                const ScoredPair found{values.const_data_ptr<float>()[q * kept + c], std::minmax(i, j)};
                if (best.size() == o.maxPairs && found.score <= best.top().score) continue;
                if (!queued.insert(found.pair).second) continue;
                best.push(found);
                if (best.size() > o.maxPairs) {
                    queued.erase(best.top().pair);
                    best.pop();
                }
            }
        }
    }
    std::vector<ScoredPair> pairs(best.size());
    for (auto it = pairs.rbegin(); it != pairs.rend(); ++it) {
        *it = best.top();
        best.pop();
    }
    return pairs;
}

/// Average precision, and the best F1 over thresholds, of all paraphrases found by mining.
class ParaphraseMiningEvaluator final : public EvaluatorBase
{
public:
    ParaphraseMiningEvaluator(const std::string& name, const OptionValues& options,
                              std::vector<std::string> texts, std::set<Pair> duplicates)
        : EvaluatorBase(name, options),
          m_texts(std::move(texts)),
          m_duplicates(std::move(duplicates)),
          m_options{options.integer("query_chunk_size"), options.integer("corpus_chunk_size"),
                    static_cast<std::size_t>(options.integer("max_pairs")), options.integer("top_k")}
    {
        m_primary = "average_precision";
    }

    std::string csvFile() const override { return csvNamed("paraphrase_mining_evaluation"); }
    std::string description() const override { return "Paraphrase Mining"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        auto embeddings = context.embed(m_texts, request());
        if (!embeddings) return embeddings.error();
        const std::vector<ScoredPair> pairs = minePairs(*embeddings, m_options);
        const auto total = static_cast<double>(m_duplicates.size());
        double correct = 0, before = 0, threshold = 0, f1 = 0, precision = 0, recall = 0, average = 0;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            correct += m_duplicates.count(pairs[i].pair) > 0;
            if (i + 1 < pairs.size() && pairs[i + 1].score == pairs[i].score) continue;
            if (correct > before) {
                const double p = correct / static_cast<double>(i + 1);
                const double r = total > 0 ? correct / total : 0;
                average += p * (correct - before);
                if (2 * p * r / (p + r) > f1) {
                    f1 = 2 * p * r / (p + r);
                    precision = p;
                    recall = r;
                    const double next = pairs[std::min(i + 1, pairs.size() - 1)].score;
                    threshold = (static_cast<double>(pairs[i].score) + next) / 2;
                }
            }
            before = correct;
        }
        average = total > 0 ? average / total : 0;
        auto text = [&](double value) { return f1 > 0 ? pythonNumber(value) : std::string("0"); };
        if (Status status =
                writeCsv(context, {"precision", "recall", "f1", "threshold", "average_precision"},
                         {text(precision), text(recall), text(f1), text(threshold), pythonNumber(average)});
            !status)
            return status.error();
        return named({{"average_precision", average},
                      {"f1", f1},
                      {"precision", precision},
                      {"recall", recall},
                      {"threshold", threshold}});
    }

private:
    std::vector<std::string> m_texts;
    std::set<Pair> m_duplicates;
    MiningOptions m_options;
};

/// Adds the pairs that follow from others: everything that hangs together is a duplicate of everything in it.
std::set<Pair> closed(const std::set<Pair>& pairs, std::size_t texts)
{
    std::vector<std::size_t> root(texts);
    for (std::size_t i = 0; i < texts; ++i)
        root[i] = i;
    auto find = [&](std::size_t i) {
        while (root[i] != i)
            i = root[i] = root[root[i]];
        return i;
    };
    for (const auto& [i, j] : pairs)
        root[find(i)] = find(j);
    std::map<std::size_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < texts; ++i)
        members[find(i)].push_back(i);
    std::set<Pair> all;
    for (const auto& [r, list] : members)
        for (std::size_t a = 0; a < list.size(); ++a)
            for (std::size_t b = a + 1; b < list.size(); ++b)
                all.emplace(list[a], list[b]);
    return all;
}

/// Two columns of a file with tabs; a first line without known ids is a header.
Result<std::vector<std::pair<std::string, std::string>>> readTwoColumns(const std::filesystem::path& file)
{
    std::ifstream in(file);
    if (!in)
        return Error{ErrorCode::NotFound,
                     "Cannot open " + file.string() +
                         ". Paraphrase mining reads a folder with sentences.tsv (id, text) and "
                         "duplicates.tsv (id, id).",
                     file.string()};
    std::vector<std::pair<std::string, std::string>> rows;
    std::string line;
    for (std::int64_t number = 1; std::getline(in, line); ++number) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty()) continue;
        const std::size_t tab = line.find('\t');
        if (tab == std::string::npos)
            return Error{ErrorCode::Malformed,
                         "Cannot read " + file.filename().string() + ": line " + std::to_string(number) +
                             " has 1 column, expected 2.",
                         file.filename().string() + ":" + std::to_string(number)};
        rows.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    return rows;
}

} // namespace

MadeEvaluator makeParaphraseMining(const std::string& name, const OptionValues& options, EvalData data)
{
    std::vector<std::string> texts;
    std::unordered_map<std::string, std::size_t> place;
    std::vector<std::pair<std::string, std::string>> listed;
    if (!data.folder.empty()) {
        auto sentences = readTwoColumns(data.folder / "sentences.tsv");
        if (!sentences) return sentences.error();
        auto duplicates = readTwoColumns(data.folder / "duplicates.tsv");
        if (!duplicates) return duplicates.error();
        for (std::size_t i = 0; i < sentences->size(); ++i) {
            const auto& [id, text] = (*sentences)[i];
            if (i == 0 && (id == "id" || id == "qid")) continue;
            place.emplace(id, texts.size());
            texts.push_back(text);
        }
        listed = std::move(*duplicates);
    } else if (data.columns.size() >= 2 && !data.lists.empty()) { // id, text, list of duplicate ids
        for (std::size_t row = 0; row < data.columns[0].size(); ++row) {
            place.emplace(data.columns[0][row], texts.size());
            texts.push_back(data.columns[1][row]);
            for (const std::string& other : data.lists[0][row])
                listed.emplace_back(data.columns[0][row], other);
        }
    } else {
        return Error{ErrorCode::InvalidValue,
                     "ParaphraseMiningEvaluator needs a folder with sentences.tsv (id, text) and "
                     "duplicates.tsv (id, id).",
                     name};
    }
    std::set<Pair> duplicates;
    for (const auto& [first, second] : listed) {
        auto a = place.find(first), b = place.find(second);
        if (a != place.end() && b != place.end() && a->second != b->second)
            duplicates.insert(std::minmax(a->second, b->second));
    }
    if (options.flag("add_transitive_closure")) duplicates = closed(duplicates, texts.size());
    if (texts.size() < 2)
        return Error{ErrorCode::InvalidValue, "ParaphraseMiningEvaluator needs at least two texts.", name};
    return std::unique_ptr<Evaluator>(
        new ParaphraseMiningEvaluator(name, options, std::move(texts), std::move(duplicates)));
}

} // namespace studio
