#include "session/progressestimate.h"
#include "session/runmodel.h"

#include <QSignalSpy>
#include <QtTest>

#include <cmath>
#include <limits>

using namespace studio;

namespace {

StepRecord step(std::int64_t number, double loss = 0.1, double seconds = 0.5)
{
    StepRecord record;
    record.step = number;
    record.loss = loss;
    record.learningRate = 1e-5;
    record.gradNorm = 2;
    record.seconds = seconds;
    record.samples = 16;
    record.tokens = 400;
    return record;
}

Event tell(EventKind kind, std::int64_t step, MetricList values = {}, const std::string& text = {})
{
    Event e;
    e.kind = kind;
    e.step = step;
    e.time = 1000 + static_cast<double>(step);
    e.text = text;
    e.values = std::move(values);
    return e;
}

} // namespace

class TestRunModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keepsEveryStepOnEveryAxis();
    void evaluationsBecomeSeries();
    void bestEvaluation_data();
    void bestEvaluation();
    void resumedRunReplacesWhatFollows();
    void countsNonFiniteLosses();
    void throughputForgetsOldSteps();
    void oneSignalForABatch();
    void clearedBeforeTheSeriesGo();
    void timeLeftWithoutInterruptions();
    void timeLeftAddsEvaluations();
    void timeLeftKnowsItsVariation();
    void timeLeftIsSilentAtFirst();
};

void TestRunModel::keepsEveryStepOnEveryAxis()
{
    RunModel run;
    run.addEvent(tell(EventKind::Started, 0,
                      {{"total_steps", 50}, {"epochs", 3}, {"updates_per_epoch", 20}, {"rows", 320}}, "r1"));
    for (int i = 1; i <= 10; ++i)
        run.appendStep(step(i, 1.0 / i), 1000 + i);
    const auto* loss = run.series("loss");
    QVERIFY(loss);
    QCOMPARE(loss->size(), std::size_t(10));
    QCOMPARE(loss->values()[3], 0.25);
    QCOMPARE(loss->axis().value(AxisKind::Step, 3), 4.0);
    QCOMPARE(loss->axis().value(AxisKind::Epoch, 3), 0.2);
    QCOMPARE(loss->axis().value(AxisKind::Samples, 3), 64.0);
    QCOMPARE(loss->axis().value(AxisKind::Tokens, 3), 1600.0);
    QCOMPARE(loss->axis().value(AxisKind::Elapsed, 3), 3.0);
    QCOMPARE(run.series("samples_per_second")->values()[0], 32.0);
    QCOMPARE(run.series("grad_norm")->size(), std::size_t(10));
    QCOMPARE(run.runId(), QString("r1"));
    QCOMPARE(run.progress().fraction().value(), 0.2);
    QVERIFY(!run.series("nothing"));
}

void TestRunModel::evaluationsBecomeSeries()
{
    RunModel run;
    QSignalSpy added(&run, &RunModel::seriesAdded);
    run.appendStep(step(1), 1001);
    run.appendStep(step(2), 1002);
    run.addEvent(tell(EventKind::Evaluation, 2,
                      {{"eval_loss", 0.2}, {"eval_dev_spearman_cosine", 0.8}, {"epoch", 0.1}}));
    run.addEvent(tell(EventKind::Evaluation, 4,
                      {{"eval_loss", 0.1}, {"eval_dev_spearman_cosine", 0.9}, {"epoch", 0.2}}));
    QCOMPARE(added.size(), 2);
    QCOMPARE(run.evaluationKeys(), QStringList({"eval_loss", "eval_dev_spearman_cosine"}));
    const auto* metric = run.series("eval_dev_spearman_cosine");
    QCOMPARE(metric->size(), std::size_t(2));
    QCOMPARE(metric->axis().value(AxisKind::Step, 1), 4.0);
    QCOMPARE(metric->axis().value(AxisKind::Samples, 0), 32.0);
    QCOMPARE(run.marks().size(), std::size_t(2));
    QVERIFY(RunModel::isMeasure("eval_dev_spearman_cosine"));
    QVERIFY(!RunModel::isMeasure("eval_samples_per_second"));
    QVERIFY(!RunModel::isMeasure("eval_runtime"));
}

void TestRunModel::bestEvaluation_data()
{
    QTest::addColumn<QString>("chosen");
    QTest::addColumn<bool>("greater");
    QTest::addColumn<QString>("key");
    QTest::addColumn<double>("value");
    QTest::newRow("by itself") << "" << true << "eval_dev_spearman_cosine" << 0.9;
    QTest::newRow("loss") << "eval_loss" << false << "eval_loss" << 0.1;
    QTest::newRow("loss, greatest") << "eval_loss" << true << "eval_loss" << 0.3;
}

void TestRunModel::bestEvaluation()
{
    QFETCH(QString, chosen);
    QFETCH(bool, greater);
    RunModel run;
    QVERIFY(!run.best());
    run.setBestMetric(chosen, greater);
    run.addEvent(tell(EventKind::Evaluation, 10, {{"eval_loss", 0.2}, {"eval_dev_spearman_cosine", 0.7}}));
    run.addEvent(tell(EventKind::Evaluation, 20, {{"eval_loss", 0.3}, {"eval_dev_spearman_cosine", 0.9}}));
    run.addEvent(tell(EventKind::Evaluation, 30, {{"eval_loss", 0.1}, {"eval_dev_spearman_cosine", 0.8}}));
    const auto best = run.best();
    QVERIFY(best);
    QTEST(best->key, "key");
    QTEST(best->value, "value");
}

void TestRunModel::resumedRunReplacesWhatFollows()
{
    RunModel run;
    for (int i = 1; i <= 10; ++i)
        run.appendStep(step(i, 1), 1000 + i);
    run.addEvent(tell(EventKind::Evaluation, 5, {{"eval_loss", 0.5}}));
    run.addEvent(tell(EventKind::Evaluation, 10, {{"eval_loss", 0.4}}));
    run.appendStep(step(6, 2), 2006);
    run.appendStep(step(7, 2), 2007);
    const auto* loss = run.series("loss");
    QCOMPARE(loss->size(), std::size_t(7));
    QCOMPARE(loss->values()[4], 1.0);
    QCOMPARE(loss->values()[5], 2.0);
    QCOMPARE(loss->axis().value(AxisKind::Samples, 6), 7 * 16.0);
    QCOMPARE(run.series("eval_loss")->size(), std::size_t(1));
    QCOMPARE(run.marks().size(), std::size_t(1));
    QCOMPARE(run.step(), std::int64_t(7));
}

void TestRunModel::countsNonFiniteLosses()
{
    RunModel run;
    run.appendStep(step(1, 0.5), 1);
    run.appendStep(step(2, std::numeric_limits<double>::quiet_NaN()), 2);
    run.appendStep(step(3, std::numeric_limits<double>::infinity()), 3);
    QCOMPARE(run.nonFiniteLosses(), std::int64_t(2));
    QVERIFY(std::isnan(run.series("loss")->values()[1]));
}

void TestRunModel::throughputForgetsOldSteps()
{
    RunModel run;
    for (int i = 1; i <= 5; ++i)
        run.appendStep(step(i, 1, 4), i);
    QCOMPARE(run.samplesPerSecond(), 4.0);
    for (int i = 6; i <= 200; ++i)
        run.appendStep(step(i, 1, 0.1), i);
    QCOMPARE(run.samplesPerSecond(), 160.0);
    QCOMPARE(run.tokensPerSecond(), 4000.0);
}

void TestRunModel::oneSignalForABatch()
{
    RunModel run;
    QSignalSpy changed(&run, &RunModel::changed);
    for (int i = 1; i <= 1000; ++i)
        run.appendStep(step(i), i);
    run.endBatch();
    run.endBatch();
    QCOMPARE(changed.size(), 1);
}

void TestRunModel::clearedBeforeTheSeriesGo()
{
    RunModel run;
    run.appendStep(step(1), 1);
    std::size_t seen = 0;
    connect(&run, &RunModel::cleared, this, [&] { seen = run.series("loss")->size(); });
    run.clear();
    QCOMPARE(seen, std::size_t(1));
    QCOMPARE(run.series("loss")->size(), std::size_t(0));
    QCOMPARE(run.step(), std::int64_t(0));
}

void TestRunModel::timeLeftWithoutInterruptions()
{
    ProgressEstimate estimate;
    estimate.setTotalSteps(100);
    estimate.addStep(1, 30); // warming up: not typical
    for (int i = 2; i <= 40; ++i)
        estimate.addStep(i, 0.5);
    QCOMPARE(estimate.secondsPerStep(), 0.5);
    QCOMPARE(estimate.timeLeft()->seconds, 30.0);
    QCOMPARE(estimate.timeLeft()->low, 30.0);
    QCOMPARE(estimate.timeLeft()->high, 30.0);
    QCOMPARE(estimate.fraction().value(), 0.4);
}

void TestRunModel::timeLeftAddsEvaluations()
{
    ProgressEstimate estimate;
    estimate.setTotalSteps(100);
    double clock = 0;
    for (int i = 1; i <= 50; ++i) {
        estimate.addStep(i, 1);
        clock += 1;
        if (i % 20 != 0) continue;
        estimate.setPhase("evaluating", clock);
        clock += 7;
        estimate.setPhase("training", clock);
    }
    // 50 steps and the evaluations at 60, 80 and 100 are to come.
    QCOMPARE(estimate.timeLeft()->seconds, 50.0 + 3 * 7.0);
}

void TestRunModel::timeLeftKnowsItsVariation()
{
    ProgressEstimate estimate;
    estimate.setTotalSteps(1000);
    for (int i = 1; i <= 100; ++i)
        estimate.addStep(i, i % 2 ? 0.5 : 1.5);
    const auto left = estimate.timeLeft();
    QVERIFY(std::abs(left->seconds - 900) < 20);
    QVERIFY(left->low < left->seconds && left->seconds < left->high);
    // Two standard errors of a sum of 900 values around a mean of 100 values, deviation 0.5.
    const double spread = 2 * 0.5 * std::sqrt(900.0 * 900.0 / 100 + 900);
    QVERIFY2(std::abs((left->high - left->seconds) - spread) < 0.05 * spread,
             qPrintable(QString::number(left->high - left->seconds)));
}

void TestRunModel::timeLeftIsSilentAtFirst()
{
    ProgressEstimate estimate;
    QVERIFY(!estimate.fraction());
    estimate.setTotalSteps(100);
    for (int i = 1; i < ProgressEstimate::kMinimumSteps; ++i)
        estimate.addStep(i, 1);
    QVERIFY(!estimate.timeLeft());
    estimate.addStep(ProgressEstimate::kMinimumSteps, 1);
    QVERIFY(estimate.timeLeft());
}

QTEST_GUILESS_MAIN(TestRunModel)
#include "tst_runmodel.moc"
