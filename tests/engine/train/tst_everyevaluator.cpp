#include "core/catalog/catalog.h"
#include "core/experiment/experiment.h"
#include "support/evaluationsets.h"
#include "tinyrun.h"

#include <QTest>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

using namespace studio;
using test::TinyRun;

/// Every evaluator of the catalog inside a run: its data as an experiment names it, its keys, its CSV file.
class TestEveryEvaluator : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void measures_data();
    void measures();
    void allAtOnce();
    void missingData_data();
    void missingData();
    void oneClass_data();
    void oneClass();
};

namespace {

namespace fs = std::filesystem;
using test::evaluationSet;
using test::evaluatorFor;

/// Key of a metric that the evaluator must report (below "eval_<name>_"), and its CSV file.
struct Expected
{
    const char* type;
    const char* key;
    const char* csv;
};
constexpr Expected kExpected[] = {
    {"EmbeddingSimilarityEvaluator", "dev_spearman_cosine", "similarity_evaluation_dev_results.csv"},
    {"BinaryClassificationEvaluator", "dev_cosine_ap", "binary_classification_evaluation_dev_results.csv"},
    {"TripletEvaluator", "dev_cosine_accuracy", "triplet_evaluation_dev_results.csv"},
    {"InformationRetrievalEvaluator", "dev_cosine_ndcg@10",
     "Information-Retrieval_evaluation_dev_results.csv"},
    {"NanoBEIREvaluator", "NanoBEIR_mean_cosine_ndcg@10", "NanoBEIR_evaluation_mean_results.csv"},
    {"RerankingEvaluator", "dev_ndcg@10", "RerankingEvaluator_dev_results_@10.csv"},
    {"TranslationEvaluator", "dev_mean_accuracy", "translation_evaluation_dev_results.csv"},
    {"MSEEvaluator", "dev_negative_mse", "mse_evaluation_dev_results.csv"},
    {"MSEEvaluatorFromDataFrame", "dev_negative_mse", "mse_evaluation_dev_results.csv"},
    {"ParaphraseMiningEvaluator", "dev_average_precision", "paraphrase_mining_evaluation_dev_results.csv"},
    {"LabelAccuracyEvaluator", "dev_accuracy", "accuracy_evaluation_dev_results.csv"},
};

/// A classifier for LabelAccuracyEvaluator.
void trainClassifier(TinyRun& tiny)
{
    tiny.experiment.train = {tiny.data(
        "nli", 12, 2, [](int row) { return std::to_string(row % 3); }, "label", "SoftmaxLoss")};
    tiny.experiment.train.front().loss->options = {{"num_labels", 3}};
}

} // namespace

void TestEveryEvaluator::measures_data()
{
    QTest::addColumn<QString>("type");
    for (const auto& info : evaluatorCatalog())
        if (info.shape != EvalShape::None) QTest::newRow(info.type.c_str()) << info.type.c_str();
}

void TestEveryEvaluator::measures()
{
    QFETCH(QString, type);
    const auto& info = *findEvaluator(type.toStdString());
    const auto expected = std::find_if(std::begin(kExpected), std::end(kExpected),
                                       [&](const Expected& each) { return type == each.type; });
    QVERIFY(expected != std::end(kExpected));

    TinyRun tiny(8);
    if (info.shape == EvalShape::ClassPairs) trainClassifier(tiny);
    tiny.experiment.eval = {evaluationSet(tiny.folder(), info.shape, "dev")};
    tiny.experiment.evaluators = {evaluatorFor(info, "dev")};
    auto& arguments = tiny.experiment.arguments;
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(1);
    arguments.maxSteps = 2;
    arguments.metricForBestModel = std::string("eval_") + expected->key;
    for (const auto& issue : validateExperiment(tiny.experiment))
        QVERIFY2(issue.severity != Severity::Error, issue.message.c_str());

    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    const auto evaluations = tiny.told.of(EventKind::Evaluation);
    QCOMPARE(evaluations.size(), std::size_t(2));
    for (const auto& evaluation : evaluations)
        QVERIFY(std::isfinite(tiny.told.value(evaluation, std::string("eval_") + expected->key)));
    const auto csv = tiny.out() / "eval" / expected->csv;
    QVERIFY2(fs::exists(csv), csv.c_str());
    QCOMPARE(test::readLines(csv).size(), std::size_t(3)); // the header and two evaluations
    // The others' files are compared with the original's in tst_evaloracle.
    const auto bytes = test::readFile(csv);
    if (type == "LabelAccuracyEvaluator")
        QVERIFY2(bytes.starts_with("epoch,steps,accuracy\r\n"), bytes.c_str());
    if (type == "NanoBEIREvaluator")
        QVERIFY2(bytes.starts_with(
                     "epoch,steps,cosine-Accuracy@1,cosine-Accuracy@3,cosine-Accuracy@5,cosine-Accuracy@10,"
                     "cosine-Precision@1,cosine-Recall@1,cosine-Precision@3,cosine-Recall@3,"
                     "cosine-Precision@5,cosine-Recall@5,cosine-Precision@10,cosine-Recall@10,"
                     "cosine-MRR@10,cosine-NDCG@10,cosine-MAP@100\n"),
                 bytes.c_str());
}

/// All of them in one run are a sequence, whose score is the last one's main metric.
void TestEveryEvaluator::allAtOnce()
{
    TinyRun tiny;
    trainClassifier(tiny);
    std::size_t count = 0;
    for (const auto& info : evaluatorCatalog()) {
        if (info.shape == EvalShape::None) continue;
        const auto name = "set" + std::to_string(count++);
        tiny.experiment.eval.push_back(evaluationSet(tiny.folder(), info.shape, name));
        tiny.experiment.evaluators.push_back(evaluatorFor(info, name));
    }
    tiny.experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    const auto evaluation = tiny.told.of(EventKind::Evaluation).front();
    QCOMPARE(tiny.told.value(evaluation, "eval_sequential_score"),
             tiny.told.value(evaluation, "eval_set" + std::to_string(count - 1) + "_accuracy"));
    // Sets with two texts are looked at, folders and lists are not.
    QVERIFY(tiny.told.of(EventKind::Quality).size() >= 6);
}

void TestEveryEvaluator::missingData_data()
{
    measures_data();
}

/// A set that is not there is named before the first step.
void TestEveryEvaluator::missingData()
{
    QFETCH(QString, type);
    const auto& info = *findEvaluator(type.toStdString());
    TinyRun tiny;
    if (info.shape == EvalShape::ClassPairs) trainClassifier(tiny);
    auto data = evaluationSet(tiny.folder(), info.shape, "dev");
    fs::remove_all(data.path);
    tiny.experiment.eval = {data};
    tiny.experiment.evaluators = {evaluatorFor(info, "dev")};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("dev") != std::string::npos, outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
}

void TestEveryEvaluator::oneClass_data()
{
    QTest::addColumn<QString>("type");
    QTest::newRow("scores") << "EmbeddingSimilarityEvaluator";
    QTest::newRow("labels") << "BinaryClassificationEvaluator";
}

/// Labels that are all equal give no correlation and no threshold: said before the first step.
void TestEveryEvaluator::oneClass()
{
    QFETCH(QString, type);
    const auto& info = *findEvaluator(type.toStdString());
    TinyRun tiny;
    auto data = evaluationSet(tiny.folder(), info.shape, "dev");
    std::string lines;
    for (const auto& line : test::readLines(data.path)) {
        auto json = Json::parse(line);
        json["label"] = 1;
        lines += json.dump() + "\n";
    }
    test::writeFile(data.path, lines);
    tiny.experiment.eval = {data};
    tiny.experiment.evaluators = {evaluatorFor(info, "dev")};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("dev") != std::string::npos, outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
}

QTEST_GUILESS_MAIN(TestEveryEvaluator)
#include "tst_everyevaluator.moc"
