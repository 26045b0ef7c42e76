#include "core/arguments/argumentfields.h"
#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/runcontrol.h"
#include "engine/train/batchloader.h"
#include "engine/train/evalembed.h"
#include "engine/train/runparts.h"
#include "engine/train/trainer.h"
#include "engine/model/sentencemodel.h"
#include "support/testfiles.h"

#include <QTest>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace studio;

/// Our trainer against recorded runs of the Python trainer: the same rows in every batch, loss, gradient norm and
/// learning rate of every step, metrics at the end.
class TestReferenceRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void sameAsPython_data();
    void sameAsPython();
};

namespace {

struct Collected : RunObserver
{
    void onEvent(const Event& event) override { events.push_back(event); }
    void onStep(const StepRecord& record) override { steps.push_back(record); }

    std::vector<Event> events;
    std::vector<StepRecord> steps;
};

double relative(double a, double b)
{
    return std::abs(a - b) / std::max(std::abs(b), 1e-12);
}

DataSpec trainSpec(const Json& dataset, const Json& loss, const std::filesystem::path& data, const std::string& name)
{
    DataSpec spec;
    spec.name = name;
    spec.path = (data / dataset.at("file").get<std::string>()).string();
    if (dataset.contains("rows")) spec.rows = {dataset["rows"][0].get<std::int64_t>(), dataset["rows"][1].get<std::int64_t>()};
    for (const auto& column : dataset.at("columns")) spec.columns.emplace_back(column.get<std::string>(), column.get<std::string>());
    if (dataset.contains("score")) {
        spec.columns.emplace_back("score", dataset["score"]["column"].get<std::string>());
        if (dataset["score"].contains("divide")) spec.scoreDivisor = dataset["score"]["divide"].get<double>();
    }
    if (dataset.contains("label")) {
        spec.columns.emplace_back("label", dataset["label"]["column"].get<std::string>());
        const auto names = Json::parse(test::readFile(data / dataset["label"]["ids"].get<std::string>()));
        spec.labels = names.get<std::vector<std::string>>();
    }
    spec.loss = LossSpec{loss.at("class").get<std::string>(), loss.value("args", Json::object())};
    return spec;
}

} // namespace

void TestReferenceRuns::initTestCase()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
}

void TestReferenceRuns::sameAsPython_data()
{
    QTest::addColumn<QString>("run");
    for (const char* run : {"r1_stsb_cosine", "r8_three_epochs"}) QTest::newRow(run) << run;
}

void TestReferenceRuns::sameAsPython()
{
    QFETCH(QString, run);
    const auto reference = Json::parse(test::readFile(test::fixture("reference-runs/" + run.toStdString() + ".json")));
    const auto data = test::sourceFolder() / "resources" / "data";
    const auto& spec = reference.at("spec");

    test::TempFolder folder;
    Experiment experiment;
    experiment.name = run.toStdString();
    experiment.model.path = test::sampleModel().string();
    experiment.model.dropout = 0;
    experiment.train.push_back(trainSpec(spec.at("dataset"), spec.at("loss"), data, "train"));
    for (const auto& [key, value] : spec.at("args").items()) {
        const auto* field = findField(key);
        QVERIFY2(field, key.c_str());
        const auto status = field->set(experiment.arguments, value);
        QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    }
    experiment.arguments.loggingSteps = 1;
    experiment.arguments.saveStrategy = SaveStrategy::No;
    experiment.arguments.outputDir = folder.path().string();

    TrainRequest request;
    request.experiment = &experiment;
    request.outputDir = folder.path();
    Collected collected;
    RunControl control;
    const auto outcome = trainExperiment(request, collected, control);
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());

    const auto& steps = reference.at("steps");
    QCOMPARE(collected.steps.size(), steps.size());
    double worstLoss = 0, worstNorm = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& expected = steps[i];
        const auto& step = collected.steps[i];
        auto hash = kBatchHashStart;
        for (const auto& micro : expected.at("micro"))
            hash = batchHash(hash, micro.value("dataset", 0), micro.at("rows").get<std::vector<std::int64_t>>());
        QCOMPARE(step.batchHash, hash);
        QCOMPARE(step.learningRate, expected.at("learning_rate").get<double>());
        worstLoss = std::max(worstLoss, relative(step.loss, expected.at("loss").get<double>()));
        worstNorm = std::max(worstNorm, relative(step.gradNorm, expected.at("grad_norm").get<double>()));
    }
    qInfo("largest relative difference: loss %.2e, gradient norm %.2e", worstLoss, worstNorm);
    QVERIFY2(worstLoss <= 1e-4, qPrintable(QString::number(worstLoss)));
    QVERIFY2(worstNorm <= 1e-3, qPrintable(QString::number(worstNorm)));

    // The trained model, read back from its folder: metrics and embeddings.
    auto model = SentenceModel::load(outcome.finalModel);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    const auto sentences = reference.at("sentences").get<std::vector<std::string>>();
    const auto embeddings = (*model)->encode(sentences);
    QVERIFY(embeddings.ok());
    for (std::size_t row = 0; row < sentences.size(); ++row)
        for (std::size_t i = 0; i < 8; ++i)
            QVERIFY(std::abs(embeddings->values[row * static_cast<std::size_t>(embeddings->dim) + i] -
                             reference.at("embeddings_8_after")[row][i].get<float>()) < 1e-4);

    Experiment evaluation;
    const auto& evaluator = spec.at("evaluator");
    DataSpec dev;
    dev.name = "dev";
    dev.path = (data / evaluator.at("file").get<std::string>()).string();
    for (const auto& column : evaluator.at("columns")) dev.columns.emplace_back(column.get<std::string>(), column.get<std::string>());
    evaluation.eval.push_back(dev);
    EvaluatorSpec evaluatorSpec;
    evaluatorSpec.type = "EmbeddingSimilarityEvaluator";
    evaluatorSpec.data = "dev";
    evaluation.evaluators.push_back(evaluatorSpec);
    auto made = makeEvaluators(evaluation);
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    EvalContext context;
    context.embed = makeEvalEmbed(**model, {});
    context.similarity = (*model)->similarityName();
    const auto metrics = (*made)->evaluate(context);
    QVERIFY(metrics.ok());
    for (const auto& [key, value] : reference.at("metrics_after").items()) {
        bool found = false;
        for (const auto& [name, number] : *metrics) {
            if (!name.ends_with(key)) continue;
            found = true;
            QVERIFY2(std::abs(number - value.get<double>()) <= 1e-3, key.c_str());
        }
        QVERIFY2(found, key.c_str());
    }
}

QTEST_GUILESS_MAIN(TestReferenceRuns)
#include "tst_referenceruns.moc"
