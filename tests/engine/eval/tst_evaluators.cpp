#include "engine/eval/correlation.h"
#include "engine/eval/evaluator.h"
#include "engine/eval/evaluatorbase.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <map>

using namespace studio;

namespace {

using PlainJson = nlohmann::json;

PlainJson fixtureJson(const char* name)
{
    return PlainJson::parse(test::readFile(test::fixture(name)));
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

QTEST_APPLESS_MAIN(TestEvaluators)
#include "tst_evaluators.moc"
