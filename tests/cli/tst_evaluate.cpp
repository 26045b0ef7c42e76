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
};

namespace {

struct Outcome
{
    int exitCode = -1;
    QByteArray out, err;
};

Outcome evaluate(const std::filesystem::path& file)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN),
                  {"evaluate", QString::fromStdString(test::fixture("model/tiny/bert").string()),
                   QString::fromStdString(file.string())});
    if (!process.waitForFinished(120000)) return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
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

QTEST_GUILESS_MAIN(TestEvaluate)
#include "tst_evaluate.moc"
