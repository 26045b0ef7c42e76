// `sentence-train evaluate` with every evaluator of the catalog, on a tiny model.

#include "core/catalog/catalog.h"
#include "core/experiment/experiment.h"
#include "support/evaluationsets.h"
#include "support/testfiles.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;

class TestEvaluate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void allEvaluators();
    void classifierNeedsARun();
    void classifierOfAFinalModel_data();
    void classifierOfAFinalModel();
};

namespace {

struct Outcome
{
    int exitCode = -1;
    QByteArray out, err;
};

Outcome called(const QStringList& arguments)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN), arguments);
    if (!process.waitForFinished(120000)) return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

Outcome evaluate(const std::filesystem::path& file,
                 const std::filesystem::path& model = test::fixture("model/tiny/bert"))
{
    return called({"evaluate", QString::fromStdString(model.string()), QString::fromStdString(file.string())});
}

} // namespace

void TestEvaluate::allEvaluators()
{
    test::TempFolder folder;
    Experiment experiment;
    std::vector<std::string> names;
    for (const auto& info : evaluatorCatalog()) {
        if (info.shape == EvalShape::None || info.shape == EvalShape::ClassPairs) continue;
        names.push_back("set" + std::to_string(names.size()));
        experiment.eval.push_back(test::evaluationSet(folder.path(), info.shape, names.back()));
        experiment.evaluators.push_back(test::evaluatorFor(info, names.back()));
    }
    const auto file = folder / "all.experiment.json";
    QVERIFY(saveExperiment(experiment, file).ok());
    const auto outcome = evaluate(file);
    QVERIFY2(outcome.exitCode == 0, outcome.err.constData());
    const auto metrics = nlohmann::json::parse(outcome.out.toStdString());
    for (std::size_t i = 0; i < names.size(); ++i) {
        // The mean over retrieval sets has a name of its own.
        const auto prefix = experiment.evaluators[i].type == "NanoBEIREvaluator"
                                ? std::string("NanoBEIR_mean")
                                : names[i] + "_";
        int found = 0;
        for (const auto& [key, value] : metrics.items()) {
            if (!key.starts_with(prefix)) continue;
            ++found;
            QVERIFY2(value.is_number() && std::isfinite(value.get<double>()), key.c_str());
        }
        QVERIFY2(found > 0, experiment.evaluators[i].type.c_str());
    }
    QVERIFY(metrics.contains("sequential_score"));
}

/// The classifier belongs to a loss, which a model folder does not hold: said, not guessed.
void TestEvaluate::classifierNeedsARun()
{
    test::TempFolder folder;
    Experiment experiment;
    experiment.eval = {test::evaluationSet(folder.path(), EvalShape::ClassPairs, "classes")};
    experiment.evaluators = {test::evaluatorFor(*findEvaluator("LabelAccuracyEvaluator"), "classes")};
    const auto file = folder / "classes.experiment.json";
    QVERIFY(saveExperiment(experiment, file).ok());
    const auto outcome = evaluate(file);
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.err.contains("SoftmaxLoss"), outcome.err.constData());
}

void TestEvaluate::classifierOfAFinalModel_data()
{
    QTest::addColumn<QByteArray>("options");
    QTest::newRow("the original's defaults") << QByteArray("{}");
    QTest::newRow("another concatenation")
        << QByteArray(R"({"concatenation_sent_multiplication": true, "concatenation_sent_rep": false})");
}

/// The final model and a checkpoint hold the classifier of their run: what `run` measured is measured again.
void TestEvaluate::classifierOfAFinalModel()
{
    QFETCH(QByteArray, options);
    test::TempFolder folder;
    Experiment experiment;
    experiment.model.path = test::fixture("model/tiny/bert").string();
    experiment.model.dropout = 0;
    auto set = test::evaluationSet(folder.path(), EvalShape::ClassPairs, "classes");
    experiment.eval = {set};
    experiment.evaluators = {test::evaluatorFor(*findEvaluator("LabelAccuracyEvaluator"), "classes")};
    set.loss = LossSpec{"SoftmaxLoss", Json::parse(options.toStdString())};
    set.loss->options["num_labels"] = 3;
    set.name = "train";
    experiment.train = {set};
    auto& arguments = experiment.arguments;
    arguments.numTrainEpochs = Number(20.0);
    arguments.learningRate = Number(0.01);
    arguments.evalStrategy = IntervalStrategy::Epoch;
    arguments.saveStrategy = SaveStrategy::Epoch;
    arguments.saveTotalLimit = 1;
    const auto file = folder / "softmax.experiment.json";
    QVERIFY(saveExperiment(experiment, file).ok());
    const auto out = folder / "out";
    const auto trained = called({"run", QString::fromStdString(file.string()), "--output",
                                 QString::fromStdString(out.string()), "--events", "-"});
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    double measured = -1;
    for (const auto& line : trained.out.split('\n')) {
        const auto event = nlohmann::json::parse(line.toStdString(), nullptr, false);
        if (event.is_object() && event.dump().find("eval_classes_accuracy") != std::string::npos)
            measured = event["values"].value("eval_classes_accuracy", -1.0);
    }
    QVERIFY(measured >= 0);
    std::vector<std::filesystem::path> models{out / "final"};
    for (const auto& entry : std::filesystem::directory_iterator(out))
        if (entry.path().filename().string().starts_with("checkpoint-")) models.push_back(entry.path());
    QCOMPARE(models.size(), std::size_t(2));
    for (const auto& model : models) {
        const auto outcome = evaluate(file, model);
        QVERIFY2(outcome.exitCode == 0, outcome.err.constData());
        const auto metrics = nlohmann::json::parse(outcome.out.toStdString());
        QCOMPARE(metrics.value("classes_accuracy", -1.0), measured);
    }
}

QTEST_GUILESS_MAIN(TestEvaluate)
#include "tst_evaluate.moc"
