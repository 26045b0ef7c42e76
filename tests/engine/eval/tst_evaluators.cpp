#include "engine/eval/binarymetrics.h"
#include "engine/eval/correlation.h"
#include "engine/eval/embeddingquality.h"
#include "engine/eval/evaluator.h"
#include "engine/eval/evaluatorbase.h"
#include "engine/eval/quantisation.h"
#include "engine/eval/rankingmetrics.h"
#include "engine/eval/tensorvalues.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

using namespace studio;

namespace {

using PlainJson = nlohmann::json;

/// Read once and kept, so that loops over parts of it are safe.
const PlainJson& fixtureJson(const char* name)
{
    static std::map<std::string, PlainJson> files;
    auto it = files.find(name);
    if (it == files.end()) it = files.emplace(name, PlainJson::parse(test::readFile(test::fixture(name)))).first;
    return it->second;
}

bool near(double value, const PlainJson& expected, double tolerance)
{
    if (expected.is_null()) return std::isnan(value);
    return std::abs(value - expected.get<double>()) <= tolerance;
}

double metric(const MetricList& metrics, const std::string& key)
{
    for (const auto& [name, value] : metrics)
        if (name == key) return value;
    return NAN;
}

/// Embeds by a table of text → vector.
EvalContext tableContext(const std::map<std::string, std::vector<float>>& table)
{
    EvalContext context;
    context.embed = [table](const std::vector<std::string>& texts,
                            const EmbedRequest& request) -> Result<at::Tensor> {
        std::vector<at::Tensor> rows;
        for (const std::string& text : texts)
            rows.push_back(at::tensor(table.at(text)));
        at::Tensor all = at::stack(rows);
        if (request.truncateDim > 0) all = all.narrow(1, 0, request.truncateDim);
        if (request.normalize)
            all = all / at::linalg_vector_norm(all, 2, at::IntArrayRef{-1}, true).clamp_min(1e-12);
        return all;
    };
    return context;
}

} // namespace

class TestEvaluators : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void correlations();
    void pythonNumbers();
    void embeddingSimilarity();
    void sequential();
    void unknownNames();
    void binaryOracles();
    void ndcgOracles();
    void toyRetrieval();
    void distanceThresholds();
    void quantisation();
    void trecEval();
    void nanoBeir();
    void labelAccuracy();
    void oneClassIsRefused();
    void missingColumnsAreNamed();
    void brokenRetrievalFiles();
    void quality();
};

void TestEvaluators::correlations()
{
    for (const auto& c : fixtureJson("eval/metric_oracles.json")["correlation"]) {
        const auto x = c["x"].get<std::vector<double>>();
        const auto y = c["y"].get<std::vector<double>>();
        const std::string name = c["case"];
        QVERIFY2(near(pearson(x, y), c["pearson"], 1e-12), name.c_str());
        QVERIFY2(near(spearman(x, y), c["spearman"], 1e-12), name.c_str());
        if (c.contains("rank_average_x"))
            QCOMPARE(averageRanks(x), c["rank_average_x"].get<std::vector<double>>());
    }
}

void TestEvaluators::pythonNumbers()
{
    const std::pair<double, const char*> cases[] = {{1.0, "1.0"},
                                                    {0.5, "0.5"},
                                                    {1e-5, "1e-05"},
                                                    {1e16, "1e+16"},
                                                    {1e15, "1000000000000000.0"},
                                                    {0.0001, "0.0001"},
                                                    {-2.5e-7, "-2.5e-07"},
                                                    {1.5e300, "1.5e+300"},
                                                    {0.1 + 0.2, "0.30000000000000004"},
                                                    {0, "0.0"},
                                                    {NAN, "nan"},
                                                    {-INFINITY, "-inf"},
                                                    {123456789.0, "123456789.0"}};
    for (const auto& [value, text] : cases)
        QCOMPARE(pythonNumber(value), std::string(text));
    QCOMPARE(pythonNumber(0.1f), std::string("0.1"));
}

void TestEvaluators::embeddingSimilarity()
{
    EvalData data;
    data.columns = {{"a", "b", "c", "d"}, {"e", "f", "g", "h"}};
    data.labels = {0.9, 0.1, 0.5, 0.3};
    const std::map<std::string, std::vector<float>> table{{"a", {1, 0}}, {"b", {0, 1}},    {"c", {1, 1}},
                                                          {"d", {2, 1}}, {"e", {1, 0.1f}}, {"f", {1, 0}},
                                                          {"g", {1, 0}}, {"h", {-1, 1}}};
    EvalContext context = tableContext(table);
    test::TempFolder folder;
    context.csvFolder = folder.path() / "eval";
    auto evaluator = makeEvaluator({"EmbeddingSimilarityEvaluator", "dev", "set", Json::object()}, data);
    QVERIFY(evaluator);
    context.epoch = 1.0;
    context.step = 20;
    auto metrics = (*evaluator)->evaluate(context);
    QVERIFY(metrics);
    // Similarities 0.995, 0, 0.707, -0.316 against labels ranked 4, 1, 3, 2: rank differences 0, 1, 0, 1.
    QVERIFY(std::abs(metric(*metrics, "dev_spearman_cosine") - 0.8) < 1e-12);
    QCOMPARE((*evaluator)->primaryMetric(), std::string("dev_spearman_cosine"));
    context.epoch = -1;
    context.step = -1;
    QVERIFY((*evaluator)->evaluate(context));
    const double p = metric(*metrics, "dev_pearson_cosine");
    const double s = metric(*metrics, "dev_spearman_cosine");
    const std::string numbers = pythonNumber(p) + "," + pythonNumber(s) + "\r\n";
    QCOMPARE(test::readFile(folder.path() / "eval/similarity_evaluation_dev_results.csv"),
             "epoch,steps,cosine_pearson,cosine_spearman\r\n1.0,20," + numbers + "-1,-1," + numbers);

    auto several =
        makeEvaluator({"EmbeddingSimilarityEvaluator", "", "",
                       Json::parse(R"({"similarity_fn_names": ["cosine", "dot"], "write_csv": false})")},
                      data);
    auto more = (*several)->evaluate(context);
    QVERIFY(more);
    QCOMPARE(more->size(), std::size_t(6));
    QCOMPARE((*several)->primaryMetric(), std::string("spearman_max"));
    QVERIFY(metric(*more, "spearman_max") >= metric(*more, "spearman_dot"));
}

void TestEvaluators::sequential()
{
    EvalData data;
    data.columns = {{"a", "b", "c"}, {"a", "a", "a"}};
    data.labels = {1, 0, 0.5};
    const EvalContext context = tableContext({{"a", {1, 0}}, {"b", {0, 1}}, {"c", {1, 1}}});
    std::vector<std::unique_ptr<Evaluator>> list;
    for (const char* name : {"one", "two"})
        list.push_back(std::move(*makeEvaluator({"EmbeddingSimilarityEvaluator", name, "", Json()}, data)));
    auto all = makeSequential(std::move(list));
    auto metrics = all->evaluate(context);
    QVERIFY(metrics);
    QCOMPARE(metrics->size(), std::size_t(5));
    QCOMPARE(metrics->back().first, std::string("sequential_score"));
    QCOMPARE(metrics->back().second, metric(*metrics, "two_spearman_cosine"));
}

void TestEvaluators::unknownNames()
{
    auto unknown = makeEvaluator({"SimilarityEvaluator", "", "", Json()}, {});
    QVERIFY(!unknown);
    QVERIFY(unknown.error().message.find("EmbeddingSimilarityEvaluator") != std::string::npos);
    QVERIFY(!makeEvaluator({"EmbeddingSimilarityEvaluator", "", "", Json()}, {})); // no columns
}

void TestEvaluators::binaryOracles()
{
    for (const auto& c : fixtureJson("eval/metric_oracles.json")["binary"]) {
        const auto labels = c["labels"].get<std::vector<int>>();
        const auto scores = c["scores"].get<std::vector<double>>();
        const auto floats = c["scores"].get<std::vector<float>>();
        const std::string name = c["case"];
        QVERIFY2(near(averagePrecision(scores, labels), c["average_precision"], 1e-12), name.c_str());
        QVERIFY2(near(rocAuc(scores, labels), c["roc_auc"], 1e-12), name.c_str());
        QVERIFY2(near(bestAccuracy(floats, labels, true).accuracy, c["max_accuracy_over_thresholds"], 1e-12),
                 name.c_str());
        const BestF1 f1 = bestF1(floats, labels, true);
        QVERIFY2(near(f1.f1, c["max_f1_over_thresholds"], 1e-12), name.c_str());
        double best = -1;
        for (float threshold : floats) {
            std::vector<bool> predicted;
            for (float score : floats)
                predicted.push_back(score >= threshold);
            best = std::max(best, matthewsCorrelation(labels, predicted));
        }
        QVERIFY2(near(best, c["max_mcc_over_thresholds"], 1e-12), name.c_str());
    }
}

void TestEvaluators::ndcgOracles()
{
    for (const auto& c : fixtureJson("eval/metric_oracles.json")["ndcg"]) {
        const auto relevance = c["relevance"].get<std::vector<double>>();
        const auto scores = c["scores"].get<std::vector<double>>();
        QVERIFY(near(ndcgScore(relevance, scores, c["k"]), c["ndcg_at_k_linear_gain"], 1e-12));
        QVERIFY(near(ndcgScore(relevance, scores, 0), c["ndcg_all_linear_gain"], 1e-12));
    }
    // Equal scores share their discount: 1/2 (1 + 1/log2(3)) of an ideal 1.
    QVERIFY(std::abs(ndcgScore(std::vector<double>{1, 0}, std::vector<double>{2, 2}, 0) -
                     (1 + 1 / std::log2(3.0)) / 2) < 1e-12);
}

void TestEvaluators::toyRetrieval()
{
    const auto c = fixtureJson("eval/evaluator_cases.json")["information_retrieval"];
    std::map<std::string, std::vector<float>> table;
    test::TempFolder folder;
    std::string corpus, queries, judgements;
    auto add = [&](const PlainJson& texts, std::string& lines) {
        for (const auto& [id, text] : texts.items()) {
            std::vector<float> vector;
            for (const char* word : {"pokemon", "car", "vehicle", "fruit", "vegetable"})
                vector.push_back(text.get<std::string>().find(word) == std::string::npos ? 0.0f : 1.0f);
            table[text.get<std::string>()] = vector;
            lines += PlainJson{{"_id", id}, {"text", text}}.dump() + "\n";
        }
    };
    add(c["queries"], queries);
    add(c["corpus"], corpus);
    for (const auto& [query, documents] : c["relevant_docs"].items())
        for (const auto& document : documents)
            judgements +=
                query + "\t" + document.get<std::string>() + "\n"; // without scores, as some sets come
    std::filesystem::create_directories(folder / "qrels");
    test::writeFile(folder / "corpus.jsonl", corpus);
    test::writeFile(folder / "queries.jsonl", queries);
    test::writeFile(folder / "qrels/dev.tsv", judgements);
    EvalData data;
    data.folder = folder.path();
    auto evaluator = makeEvaluator({"InformationRetrievalEvaluator", "", "",
                                    Json::parse(R"({"accuracy_at_k": [1, 3], "precision_recall_at_k": [1, 3],
                                        "mrr_at_k": [3], "ndcg_at_k": [3], "map_at_k": [5]})")},
                                   data);
    QVERIFY2(evaluator, evaluator ? "" : evaluator.error().message.c_str());
    auto metrics = (*evaluator)->evaluate(tableContext(table));
    QVERIFY(metrics);
    for (const auto& [key, value] : c["expected"].items())
        QVERIFY2(near(metric(*metrics, "cosine_" + key), value, 1e-6), key.c_str());
}

void TestEvaluators::distanceThresholds()
{
    const auto c = fixtureJson("eval/evaluator_cases.json")["binary_classification_distance"];
    std::map<std::string, std::vector<float>> table;
    for (const auto& [key, vector] : c["embeddings"].items())
        table[key] = vector.get<std::vector<float>>();
    EvalData data;
    data.columns.resize(2);
    for (const auto& pair : c["pairs"]) {
        data.columns[0].push_back(pair[0].get<std::string>());
        data.columns[1].push_back(pair[1].get<std::string>());
    }
    data.labels = c["labels"].get<std::vector<double>>();
    Json options;
    options["similarity_fn_names"] = c["metrics"].get<std::vector<std::string>>();
    auto evaluator = makeEvaluator({"BinaryClassificationEvaluator", "", "", options}, data);
    QVERIFY(evaluator);
    auto metrics = (*evaluator)->evaluate(tableContext(table));
    QVERIFY(metrics);
    for (const auto& function : c["metrics"])
        for (const auto& [key, value] : c["expected"].items())
            QVERIFY2(near(metric(*metrics, function.get<std::string>() + "_" + key), value, 1e-6),
                     key.c_str());
}

void TestEvaluators::quantisation()
{
    const auto c = fixtureJson("eval/evaluator_cases.json")["quantization"];
    auto matrix = [](const PlainJson& rows) {
        std::vector<at::Tensor> tensors;
        for (const auto& row : rows)
            tensors.push_back(at::tensor(row.get<std::vector<float>>()));
        return at::stack(tensors);
    };
    const at::Tensor calibration = matrix(c["calibration"]), embeddings = matrix(c["embeddings"]);
    for (const char* precision : {"int8", "uint8"})
        QVERIFY(at::equal(quantisedEmbeddings(embeddings, precision, calibration), matrix(c[precision])));
    const at::Tensor ones = at::ones({1, 8}), minus = -ones;
    QCOMPARE(packedBits(ones, true).item<int>(), c["binary_all_positive_8dims"]["binary"].get<int>());
    QCOMPARE(packedBits(ones, false).item<int>(), c["binary_all_positive_8dims"]["ubinary"].get<int>());
    QCOMPARE(packedBits(minus, true).item<int>(), c["binary_all_negative_8dims"]["binary"].get<int>());
    QCOMPARE(packedBits(minus, false).item<int>(), c["binary_all_negative_8dims"]["ubinary"].get<int>());
}

void TestEvaluators::trecEval()
{
    std::map<std::string, std::set<std::string>> relevant;
    for (const std::string& line : test::readLines(test::fixture("eval/trec/qrels.test"))) {
        std::istringstream fields(line);
        std::string query, skipped, document;
        int relevance = 0;
        if (fields >> query >> skipped >> document >> relevance && relevance > 0)
            relevant[query].insert(document);
    }
    std::map<std::string, std::vector<Hit>> found;
    for (const std::string& line : test::readLines(test::fixture("eval/trec/results.test"))) {
        std::istringstream fields(line);
        std::string query, skipped, document, rank;
        float score = 0;
        if (fields >> query >> skipped >> document >> rank >> score)
            found[query].push_back({score, document});
    }
    QCOMPARE(found.size(), std::size_t(3));
    const RankingDepths depths{{1, 5, 10}, {5, 10}, {5, 10}, {1000}, {1000}};
    std::map<std::string, double> measured;
    for (auto& [query, hits] : found) {
        // trec_eval puts the larger document id first when scores are equal.
        std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
            return a.score != b.score ? a.score > b.score : a.document > b.document;
        });
        RankingMetrics m(depths);
        m.add(hits, relevant[query]);
        m.mean();
        const std::pair<const char*, double> values[] = {{"success_1", m.accuracy[0]},
                                                         {"success_5", m.accuracy[1]},
                                                         {"success_10", m.accuracy[2]},
                                                         {"P_5", m.precision[0]},
                                                         {"P_10", m.precision[1]},
                                                         {"recall_5", m.recall[0]},
                                                         {"recall_10", m.recall[1]},
                                                         {"ndcg_cut_5", m.ndcg[0]},
                                                         {"ndcg_cut_10", m.ndcg[1]},
                                                         {"recip_rank", m.mrr[0]},
                                                         {"map", m.map[0]}};
        for (const auto& [key, value] : values) {
            measured[key + (" " + query)] = value;
            measured[key + std::string(" all")] += value / 3;
        }
    }
    int compared = 0;
    for (const std::string& line : test::readLines(test::fixture("eval/trec/expected.txt"))) {
        std::istringstream fields(line);
        std::string key, query;
        double value = 0;
        if (!(fields >> key >> query >> value) || !measured.count(key + " " + query)) continue;
        QVERIFY2(std::abs(measured[key + " " + query] - value) <= 5.1e-5,
                 line.c_str()); // printed with four digits
        ++compared;
    }
    QCOMPARE(compared, 44);
}

void TestEvaluators::nanoBeir()
{
    test::TempFolder folder;
    std::map<std::string, std::vector<float>> table{{"x", {1, 0}}, {"y", {0, 1}}, {"z", {1, 1}}};
    for (const char* set : {"nanomsmarco", "Mine"}) {
        const auto root = folder / set;
        std::filesystem::create_directories(root / "qrels");
        test::writeFile(root / "corpus.jsonl",
                        "{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"b\",\"text\":\"y\"}\n");
        test::writeFile(root / "queries.jsonl", "{\"_id\":\"q\",\"text\":\"x\"}\n");
        // The first set is answered rightly, the second finds the wrong document first.
        test::writeFile(root / "qrels/test.tsv", std::string("query-id\tcorpus-id\tscore\nq\t") +
                                                     (set[0] == 'M' ? "b" : "a") + "\t1\n");
    }
    EvalData data;
    data.folder = folder.path();
    auto evaluator = makeEvaluator({"NanoBEIREvaluator", "", "", Json()}, data);
    QVERIFY2(evaluator, evaluator ? "" : evaluator.error().message.c_str());
    EvalContext context = tableContext(table);
    context.csvFolder = folder / "eval";
    auto metrics = (*evaluator)->evaluate(context);
    QVERIFY(metrics);
    QCOMPARE(metric(*metrics, "NanoMSMARCO_cosine_mrr@10"), 1.0);
    QCOMPARE(metric(*metrics, "Mine_cosine_mrr@10"), 0.5);
    QCOMPARE(metric(*metrics, "NanoBEIR_mean_cosine_mrr@10"), 0.75);
    QCOMPARE((*evaluator)->primaryMetric(), std::string("NanoBEIR_mean_cosine_ndcg@10"));
    QVERIFY(std::filesystem::exists(folder / "eval/NanoBEIR_evaluation_mean_results.csv"));
    QVERIFY(
        std::filesystem::exists(folder / "eval/Information-Retrieval_evaluation_NanoMSMARCO_results.csv"));
}

void TestEvaluators::labelAccuracy()
{
    EvalData data;
    data.columns = {{"x", "y", "z"}, {"x", "x", "x"}};
    data.labels = {0, 1, 1};
    EvalContext context = tableContext({{"x", {1, 0}}, {"y", {0, 1}}, {"z", {1, 1}}});
    auto evaluator = makeEvaluator({"LabelAccuracyEvaluator", "nli", "", Json()}, data);
    QVERIFY(evaluator);
    QVERIFY(!(*evaluator)->evaluate(context)); // no classifier
    context.classify = [](const at::Tensor& u, const at::Tensor&) { return u; };
    auto metrics = (*evaluator)->evaluate(context);
    QVERIFY(metrics);
    QVERIFY(std::abs(metric(*metrics, "nli_accuracy") - 2.0 / 3) < 1e-12); // z is a tie and goes to class 0
}

void TestEvaluators::oneClassIsRefused()
{
    EvalData data;
    data.columns = {{"x", "y"}, {"y", "x"}};
    data.labels = {1, 1};
    auto binary = makeEvaluator({"BinaryClassificationEvaluator", "", "", Json()}, data);
    QVERIFY(!binary);
    QVERIFY(binary.error().message.find("both classes") != std::string::npos);
    QVERIFY(!makeEvaluator({"EmbeddingSimilarityEvaluator", "", "", Json()}, data));
    data.labels = {1, 0.5};
    QVERIFY(!makeEvaluator({"BinaryClassificationEvaluator", "", "", Json()}, data));
}

void TestEvaluators::missingColumnsAreNamed()
{
    EvalData data;
    data.columns = {{"x"}, {"y"}};
    auto triplet = makeEvaluator({"TripletEvaluator", "", "", Json()}, data);
    QVERIFY(!triplet);
    QVERIFY(triplet.error().message.find("3 text columns") != std::string::npos);
    auto pairs = makeEvaluator({"EmbeddingSimilarityEvaluator", "", "", Json()}, data);
    QVERIFY(!pairs);
    QVERIFY(pairs.error().message.find("label column") != std::string::npos);
}

void TestEvaluators::brokenRetrievalFiles()
{
    test::TempFolder folder;
    EvalData data;
    data.folder = folder.path();
    const EvaluatorSpec spec{"InformationRetrievalEvaluator", "", "", Json()};
    QVERIFY(!makeEvaluator(spec, data));
    std::filesystem::create_directories(folder / "qrels");
    test::writeFile(folder / "corpus.jsonl", "{\"_id\":\"a\",\"text\":\"x\"}\n{broken\n");
    test::writeFile(folder / "queries.jsonl", "{\"_id\":\"q\"}\n");
    test::writeFile(folder / "qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\ta\t1\n");
    auto noText = makeEvaluator(spec, data);
    QVERIFY(!noText);
    QCOMPARE(noText.error().where, std::string("queries.jsonl:1"));
    test::writeFile(folder / "queries.jsonl", "{\"_id\":\"q\",\"text\":\"x\"}\n");
    auto evaluator = makeEvaluator(spec, data);
    QVERIFY(evaluator);
    auto metrics = (*evaluator)->evaluate(tableContext({{"x", {1, 0}}}));
    QVERIFY(!metrics);
    QCOMPARE(metrics.error().where, std::string("corpus.jsonl:2"));
}

void TestEvaluators::quality()
{
    // Four orthogonal pairs of equal vectors: perfectly aligned, rank 4, pairs and others apart.
    const at::Tensor x = at::eye(4, 8);
    const EmbeddingQuality q = embeddingQuality(x, x);
    QVERIFY(std::abs(q.alignment) < 1e-9);
    QVERIFY(std::abs(q.effectiveRank - 4) < 1e-4);
    QCOMPARE(q.histogram.overlap, 0.0);
    QVERIFY(std::abs(q.meanPositive - 1) < 1e-6 && std::abs(q.meanNegative) < 1e-6);
    // 8 rows: each has one equal partner (d² 0) and six orthogonal ones (d² 2).
    QVERIFY(std::abs(q.uniformity - std::log((1 + 6 * std::exp(-4.0)) / 7)) < 1e-5);
    const at::Tensor same = at::ones({5, 3});
    const EmbeddingQuality collapsed = embeddingQuality(same, same);
    QVERIFY(std::abs(collapsed.effectiveRank - 1) < 1e-3);
    QCOMPARE(collapsed.histogram.overlap, 1.0);
    QVERIFY(std::abs(chanceLossOfRanking(32, 3) - std::log(64.0)) < 1e-12);
}

QTEST_APPLESS_MAIN(TestEvaluators)
#include "tst_evaluators.moc"
