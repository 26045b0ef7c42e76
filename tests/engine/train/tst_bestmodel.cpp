#include "tinyrun.h"

#include <QTest>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

/// Which checkpoints are kept, which one is the best, and early stopping.
class TestBestModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void evalOnStartCountsForNothing();
    void bestModelAtEnd_data();
    void bestModelAtEnd();
    void greaterIsBetterFollowsTheName();
    void saveBest();
    void saveTotalLimitKeepsBestAndNewest();
    void saveOnlyModelCannotBeResumed();
    void savesAreSafetensors();
    void earlyStoppingEndsTheRun();
    void earlyStoppingThreshold();
    void earlyStoppingRoundTrips();
};

namespace {

std::string weightsOf(const fs::path& folder)
{
    return readFile(folder / "model.safetensors");
}

} // namespace

void TestBestModel::evalOnStartCountsForNothing()
{
    TinyRun tiny;
    tiny.addEvaluation();
    auto& arguments = tiny.experiment.arguments;
    arguments.evalStrategy = IntervalStrategy::Epoch;
    arguments.saveStrategy = SaveStrategy::Epoch;
    arguments.evalOnStart = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto state = Json::parse(readFile(tiny.out() / "checkpoint-6" / "trainer_state.json"));
    QCOMPARE(state["best_global_step"].get<int>(), 6);
}

void TestBestModel::bestModelAtEnd_data()
{
    QTest::addColumn<QString>("metric");
    QTest::addColumn<bool>("greater");
    QTest::newRow("smallest loss") << "eval_loss" << false;
    QTest::newRow("largest loss") << "loss" << true;
    QTest::newRow("evaluator") << "eval_dev_spearman_cosine" << true;
}

void TestBestModel::bestModelAtEnd()
{
    QFETCH(QString, metric);
    QFETCH(bool, greater);
    TinyRun tiny;
    tiny.addEvaluation(20);
    auto& arguments = tiny.experiment.arguments;
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(1);
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(1);
    arguments.loadBestModelAtEnd = true;
    arguments.metricForBestModel = metric.toStdString();
    arguments.greaterIsBetter = greater;
    arguments.learningRate = Number(5e-3);
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());

    const auto key = metric == "loss" ? std::string("eval_loss") : metric.toStdString();
    std::int64_t best = 0;
    double bestValue = 0;
    for (const auto& event : tiny.told.of(EventKind::Evaluation)) {
        const auto value = tiny.told.value(event, key);
        if (best == 0 || (greater ? value > bestValue : value < bestValue)) {
            best = event.step;
            bestValue = value;
        }
    }
    const auto name = "checkpoint-" + std::to_string(best);
    QCOMPARE(weightsOf(outcome.finalModel), weightsOf(tiny.out() / name));
    const auto state = Json::parse(readFile(tiny.out() / "checkpoint-6" / "trainer_state.json"));
    QCOMPARE(state["best_metric"].get<double>(), bestValue);
    QCOMPARE(state["best_global_step"].get<std::int64_t>(), best);
    QVERIFY(state["best_model_checkpoint"].get<std::string>().ends_with(name));
}

void TestBestModel::greaterIsBetterFollowsTheName()
{
    // Unset: a name that ends with "loss" is better when smaller.
    for (const bool loss : {true, false}) {
        TinyRun tiny;
        tiny.addEvaluation(20);
        auto& arguments = tiny.experiment.arguments;
        arguments.evalStrategy = IntervalStrategy::Steps;
        arguments.evalSteps = Number(1);
        arguments.saveStrategy = SaveStrategy::Steps;
        arguments.saveSteps = Number(1);
        arguments.loadBestModelAtEnd = true;
        arguments.metricForBestModel = loss ? "eval_loss" : "eval_dev_spearman_cosine";
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        double extreme = std::nan("");
        for (const auto& event : tiny.told.of(EventKind::Evaluation)) {
            const auto value = tiny.told.value(event, *arguments.metricForBestModel);
            if (std::isnan(extreme) || (loss ? value < extreme : value > extreme)) extreme = value;
        }
        const auto state = Json::parse(readFile(tiny.out() / "checkpoint-6" / "trainer_state.json"));
        QCOMPARE(state["best_metric"].get<double>(), extreme);
    }
}

void TestBestModel::saveBest()
{
    TinyRun tiny;
    tiny.addEvaluation(20);
    auto& arguments = tiny.experiment.arguments;
    arguments.numTrainEpochs = Number(3.0);
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(2);
    arguments.saveStrategy = SaveStrategy::Best;
    arguments.metricForBestModel = "eval_dev_spearman_cosine";
    arguments.loadBestModelAtEnd = true;
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    std::vector<std::int64_t> improved;
    double best = -2;
    for (const auto& event : tiny.told.of(EventKind::Evaluation)) {
        const auto value = tiny.told.value(event, "eval_dev_spearman_cosine");
        if (value <= best) continue;
        best = value;
        improved.push_back(event.step);
    }
    QVERIFY(improved.size() < tiny.told.of(EventKind::Evaluation).size());
    QCOMPARE(tiny.checkpoints(), improved);
    // The original never reloads it with this strategy; here the final model is the best one.
    QCOMPARE(weightsOf(outcome.finalModel),
             weightsOf(tiny.out() / ("checkpoint-" + std::to_string(improved.back()))));
}

void TestBestModel::saveTotalLimitKeepsBestAndNewest()
{
    TinyRun tiny;
    tiny.addEvaluation(20);
    auto& arguments = tiny.experiment.arguments;
    arguments.numTrainEpochs = Number(2.0);
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(1);
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(1);
    arguments.saveTotalLimit = 2;
    arguments.loadBestModelAtEnd = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto state = Json::parse(readFile(tiny.out() / "checkpoint-12" / "trainer_state.json"));
    const auto best = state["best_global_step"].get<std::int64_t>();
    std::vector<std::int64_t> expected{best == 12 ? 11 : best, 12};
    QCOMPARE(tiny.checkpoints(), expected);
}

void TestBestModel::saveOnlyModelCannotBeResumed()
{
    TinyRun tiny;
    auto& arguments = tiny.experiment.arguments;
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(3);
    arguments.saveOnlyModel = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(!fs::exists(tiny.out() / "checkpoint-3" / "resume"));
    QVERIFY(fs::exists(tiny.out() / "checkpoint-3" / "trainer_state.json"));
    tiny.request.resumeFrom = (tiny.out() / "checkpoint-3").string();
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY(outcome.error.text().find("save_only_model") != std::string::npos);
}

void TestBestModel::savesAreSafetensors()
{
    // Whatever save_safetensors says: the other format can carry code.
    TinyRun tiny;
    tiny.experiment.arguments.saveSafetensors = false;
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Completed);
    QVERIFY(fs::exists(outcome.finalModel / "model.safetensors"));
    QVERIFY(!fs::exists(outcome.finalModel / "pytorch_model.bin"));
}

void TestBestModel::earlyStoppingEndsTheRun()
{
    TinyRun tiny;
    tiny.addEvaluation();
    auto& arguments = tiny.experiment.arguments;
    arguments.numTrainEpochs = Number(10.0);
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(2);
    arguments.saveStrategy = SaveStrategy::Epoch;
    arguments.metricForBestModel = "eval_loss";
    arguments.greaterIsBetter = true; // training makes it smaller: hardly ever an improvement
    tiny.experiment.earlyStopping = EarlyStopping{3, 0};
    QCOMPARE(tiny.run().end, RunEnd::Completed);

    // The rule, applied to what was told.
    std::int64_t bad = 0, end = 0;
    std::optional<double> best;
    for (const auto& event : tiny.told.of(EventKind::Evaluation)) {
        const auto value = tiny.told.value(event, "eval_loss");
        const bool better = !best || value > *best;
        bad = better ? 0 : bad + 1;
        if (better) best = value;
        if (bad == 3 && end == 0) end = event.step;
    }
    QVERIFY(end > 0 && end < 60);
    QCOMPARE(tiny.told.steps.back().step, end);
    QVERIFY(tiny.told.found("Early stopping"));
    // The epoch that was cut short was saved all the same.
    QCOMPARE(tiny.checkpoints().back(), end);
    const auto state =
        Json::parse(readFile(tiny.out() / ("checkpoint-" + std::to_string(end)) / "trainer_state.json"));
    const auto& callback = state["stateful_callbacks"]["EarlyStoppingCallback"];
    QCOMPARE(callback["args"]["early_stopping_patience"].get<int>(), 3);
    QCOMPARE(callback["attributes"]["early_stopping_patience_counter"].get<int>(), 3);
}

void TestBestModel::earlyStoppingThreshold()
{
    TinyRun tiny;
    tiny.addEvaluation();
    auto& arguments = tiny.experiment.arguments;
    arguments.numTrainEpochs = Number(3.0);
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(1);
    tiny.experiment.earlyStopping = EarlyStopping{2, 1000}; // no improvement is that large
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.told.steps.back().step, std::int64_t(3));
}

void TestBestModel::earlyStoppingRoundTrips()
{
    Experiment experiment;
    experiment.earlyStopping = EarlyStopping{4, 0.25};
    const auto text = experimentToJson(experiment);
    const auto read = parseExperiment(text, "test");
    QVERIFY(read.ok() && read->experiment.earlyStopping);
    QCOMPARE(read->experiment.earlyStopping->patience, std::int64_t(4));
    QCOMPARE(read->experiment.earlyStopping->threshold, 0.25);
    QCOMPARE(experimentToJson(read->experiment), text);
    bool named = false;
    for (const auto& issue : validateExperiment(read->experiment))
        named |= issue.code == "experiment.early_stopping";
    QVERIFY(named); // eval_strategy is "no"
}

QTEST_GUILESS_MAIN(TestBestModel)
#include "tst_bestmodel.moc"
