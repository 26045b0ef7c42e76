#include "core/plan/runplan.h"

#include "core/arguments/argumentjson.h"

#include "support/testfiles.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace studio;

class TestRunPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void referenceRuns_data();
    void referenceRuns();
    void arithmetic_data();
    void arithmetic();
    void announced();
    void nothingToTrain_data();
    void nothingToTrain();
    void intervals();
    void strategies_data();
    void strategies();
    void thinning();
};

namespace {

const Json& runs()
{
    static const Json file = Json::parse(test::readFile(test::fixture("core/reference_steps.json")));
    return file["runs"];
}

std::vector<std::int64_t> stepsWhere(const RunPlan& plan, bool Due::*what)
{
    std::vector<std::int64_t> steps;
    for (std::int64_t step = 1; step <= plan.totalSteps; ++step) {
        if (dueAt(plan, step).*what) {
            steps.push_back(step);
        }
    }
    return steps;
}

} // namespace

void TestRunPlan::referenceRuns_data()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < runs().size(); ++i) {
        QTest::newRow(runs()[i]["run"].get<std::string>().c_str()) << static_cast<int>(i);
    }
}

/// Steps, epochs and learning rates of runs that the Python library made: equal to the last bit.
void TestRunPlan::referenceRuns()
{
    QFETCH(int, index);
    const Json& run = runs()[static_cast<std::size_t>(index)];
    const ArgumentsRead read = fromOriginal(run["args"]);
    QVERIFY(!hasErrors(read.issues));
    const auto plan = planRun(read.arguments, run["batches_per_epoch"].get<std::int64_t>());
    QVERIFY(plan.ok());
    QCOMPARE(plan->totalSteps, run["total_steps"].get<std::int64_t>());
    QCOMPARE(static_cast<std::size_t>(plan->totalSteps), run["steps"].size());
    const auto spec = scheduleSpec(read.arguments, plan->totalSteps);
    QVERIFY(spec.ok());
    QCOMPARE(spec->warmupSteps, plan->warmupSteps);
    std::int64_t batches = 0;
    for (const Json& entry : run["steps"]) {
        const std::int64_t step = entry["step"].get<std::int64_t>();
        batches += entry["batches"].get<std::int64_t>();
        QCOMPARE(plan->batchesAt(step), batches);
        QVERIFY(plan->epochAt(step) == entry["epoch"].get<double>());
        const double rate = lrAt(*spec, step - 1);
        QVERIFY2(rate == entry["learning_rate"].get<double>(),
                 qPrintable(QString("step %1: %2").arg(step).arg(rate, 0, 'g', 17)));
    }
}

void TestRunPlan::arithmetic_data()
{
    QTest::addColumn<int>("batches");
    QTest::addColumn<int>("accumulation");
    QTest::addColumn<double>("epochs");
    QTest::addColumn<int>("maxSteps");
    QTest::addColumn<int>("updates");
    QTest::addColumn<int>("total");
    QTest::addColumn<int>("loopEpochs");
    QTest::newRow("plain") << 188 << 1 << 3.0 << -1 << 188 << 564 << 3;
    QTest::newRow("rounded up") << 7 << 2 << 3.0 << -1 << 4 << 12 << 3;
    QTest::newRow("group larger than epoch") << 2 << 5 << 2.0 << -1 << 1 << 2 << 2;
    QTest::newRow("part of an epoch") << 10 << 1 << 1.5 << -1 << 10 << 15 << 2;
    QTest::newRow("tiny share") << 10 << 1 << 0.01 << -1 << 10 << 1 << 1;
    QTest::newRow("max steps") << 10 << 1 << 3.0 << 25 << 10 << 25 << 3;
    QTest::newRow("one step") << 10 << 4 << 3.0 << 1 << 3 << 1 << 1;
}

void TestRunPlan::arithmetic()
{
    QFETCH(int, batches);
    QFETCH(int, accumulation);
    QFETCH(double, epochs);
    QFETCH(int, maxSteps);
    QFETCH(int, updates);
    QFETCH(int, total);
    QFETCH(int, loopEpochs);
    TrainingArguments arguments;
    arguments.gradientAccumulationSteps = accumulation;
    arguments.numTrainEpochs = epochs;
    arguments.maxSteps = maxSteps;
    const auto plan = planRun(arguments, batches);
    QVERIFY(plan.ok());
    QCOMPARE(plan->updatesPerEpoch, std::int64_t(updates));
    QCOMPARE(plan->totalSteps, std::int64_t(total));
    QCOMPARE(plan->epochs, std::int64_t(loopEpochs));
    QVERIFY(dueAfterStep(*plan, total).stop);
    QVERIFY(!dueAfterStep(*plan, total - 1).stop);
    QCOMPARE(plan->lastStepOfEpoch(plan->epochs - 1), plan->totalSteps);
}

void TestRunPlan::announced()
{
    QCOMPARE(announcedBatches(100, 16, false), std::int64_t(7));
    QCOMPARE(announcedBatches(100, 16, true), std::int64_t(6));
    QCOMPARE(announcedBatches(96, 16, false), std::int64_t(6));
    QCOMPARE(announcedBatches(0, 16, false), std::int64_t(0));
    const std::vector<std::int64_t> sets = {7, 4};
    QCOMPARE(announcedBatches(sets, MultiDatasetBatchSamplerKind::Proportional), std::int64_t(11));
    QCOMPARE(announcedBatches(sets, MultiDatasetBatchSamplerKind::RoundRobin), std::int64_t(8));
}

void TestRunPlan::nothingToTrain_data()
{
    QTest::addColumn<int>("batches");
    QTest::addColumn<double>("epochs");
    QTest::addColumn<int>("maxSteps");
    QTest::addColumn<int>("accumulation");
    QTest::addColumn<QString>("key");
    QTest::newRow("no batches") << 0 << 3.0 << -1 << 1 << "per_device_train_batch_size";
    QTest::newRow("no epochs") << 10 << 0.0 << -1 << 1 << "num_train_epochs";
    QTest::newRow("endless") << 10 << HUGE_VAL << -1 << 1 << "num_train_epochs";
    QTest::newRow("no steps") << 10 << 3.0 << 0 << 1 << "max_steps";
    QTest::newRow("typed by mistake") << 10 << 1e300 << -1 << 1 << "num_train_epochs";
    QTest::newRow("no accumulation") << 10 << 3.0 << -1 << 0 << "gradient_accumulation_steps";
}

void TestRunPlan::nothingToTrain()
{
    QFETCH(int, batches);
    QFETCH(double, epochs);
    QFETCH(int, maxSteps);
    QFETCH(int, accumulation);
    QFETCH(QString, key);
    TrainingArguments arguments;
    arguments.numTrainEpochs = epochs;
    arguments.maxSteps = maxSteps;
    arguments.gradientAccumulationSteps = accumulation;
    const auto plan = planRun(arguments, batches);
    QVERIFY(!plan.ok());
    QCOMPARE(plan.error().where.c_str(), key.toStdString().c_str());
}

void TestRunPlan::intervals()
{
    TrainingArguments arguments;
    arguments.maxSteps = 1000;
    arguments.loggingSteps = 0.0101; // a share of the run, rounded up
    arguments.saveSteps = 1;         // exactly 1 is a count
    arguments.evalStrategy = IntervalStrategy::Steps;
    auto plan = *planRun(arguments, 100);
    QCOMPARE(plan.loggingEvery, std::int64_t(11));
    QCOMPARE(plan.saveEvery, std::int64_t(1));
    QCOMPARE(plan.evalEvery, std::int64_t(11)); // unset: as logging_steps
    QCOMPARE(plan.saves, std::int64_t(1000));
    arguments.evalSteps = Number(0.5);
    QCOMPARE(planRun(arguments, 100)->evalEvery, std::int64_t(500));
}

void TestRunPlan::strategies_data()
{
    QTest::addColumn<QString>("arguments");
    QTest::addColumn<QList<int>>("logs");
    QTest::addColumn<QList<int>>("evaluations");
    QTest::addColumn<QList<int>>("saves");
    const auto row = [](const char* name, const char* json, QList<int> logs, QList<int> evaluations,
                        QList<int> saves) { QTest::newRow(name) << json << logs << evaluations << saves; };
    // Ten batches an epoch, 25 updates.
    row("steps", R"({"logging_steps":10,"eval_strategy":"steps","eval_steps":10,"save_steps":10})", {10, 20},
        {10, 20, 25}, {10, 20, 25});
    row("first step", R"({"logging_steps":10,"logging_first_step":true,"save_strategy":"no"})", {1, 10, 20},
        {}, {});
    row("epochs", R"({"logging_strategy":"epoch","eval_strategy":"epoch","save_strategy":"epoch"})",
        {10, 20, 25}, {10, 20, 25}, {10, 20, 25});
    row("delay in steps", R"({"logging_strategy":"no","eval_strategy":"steps","eval_steps":5,"eval_delay":12,
        "save_strategy":"no"})",
        {}, {15, 20, 25}, {});
    row("delay in epochs",
        R"({"logging_strategy":"no","eval_strategy":"epoch","eval_delay":1.5,"save_strategy":"no"})", {},
        {20, 25}, {});
    row("delay unset",
        R"({"logging_strategy":"no","eval_strategy":"epoch","eval_delay":null,"save_strategy":"no"})", {},
        {10, 20, 25}, {});
    row("shares", R"({"logging_steps":0.2,"eval_strategy":"steps","eval_steps":0.4,"save_steps":0.4})",
        {5, 10, 15, 20, 25}, {10, 20, 25}, {10, 20, 25});
    row("save 0", R"({"logging_steps":100,"save_steps":0})", {}, {}, {25});
    row("best", R"({"logging_steps":100,"eval_strategy":"steps","eval_steps":10,"save_strategy":"best"})", {},
        {10, 20, 25}, {});
}

void TestRunPlan::strategies()
{
    QFETCH(QString, arguments);
    QFETCH(QList<int>, logs);
    QFETCH(QList<int>, evaluations);
    QFETCH(QList<int>, saves);
    TrainingArguments values = fromOriginal(Json::parse(arguments.toStdString())).arguments;
    values.maxSteps = 25;
    const RunPlan plan = *planRun(values, 10);
    const auto compare = [](const std::vector<std::int64_t>& ours, const QList<int>& wanted) {
        QCOMPARE(QList<qint64>(ours.begin(), ours.end()), QList<qint64>(wanted.begin(), wanted.end()));
    };
    compare(stepsWhere(plan, &Due::log), logs);
    compare(stepsWhere(plan, &Due::evaluate), evaluations);
    compare(stepsWhere(plan, &Due::save), saves);
    compare(logSteps(plan), logs);
    compare(evaluationSteps(plan), evaluations);
    compare(studio::saveSteps(plan), saves);
    QCOMPARE(plan.logPoints, std::int64_t(logs.size()));
    QCOMPARE(plan.evaluations, std::int64_t(evaluations.size()));
    QCOMPARE(plan.saves,
             std::int64_t(values.saveStrategy == SaveStrategy::Best ? evaluations.size() : saves.size()));
}

void TestRunPlan::thinning()
{
    TrainingArguments arguments;
    arguments.maxSteps = 100000;
    arguments.loggingSteps = 1;
    const RunPlan plan = *planRun(arguments, 1000);
    QCOMPARE(plan.logPoints, std::int64_t(100000));
    const auto ticks = logSteps(plan, 50);
    QVERIFY(ticks.size() <= 50 && ticks.size() >= 40);
    QCOMPARE(ticks.back(), std::int64_t(100000));

    // Counting and thinning do not walk through the run.
    arguments.maxSteps = 4000000000000000;
    QCOMPARE(planRun(arguments, 1000)->logPoints, arguments.maxSteps);
    QVERIFY(logSteps(*planRun(arguments, 1000), 50).size() <= 50);
    // Numbers that cannot be counted are cut, not wrapped.
    arguments.gradientAccumulationSteps = 5000;
    arguments.perDeviceTrainBatchSize = 4000000000;
    QCOMPARE(planRun(arguments, 5000)->samples, std::numeric_limits<std::int64_t>::max());
    arguments.maxSteps = std::numeric_limits<std::int64_t>::max();
    QVERIFY(!planRun(arguments, 5000).ok());
}

QTEST_APPLESS_MAIN(TestRunPlan)
#include "tst_runplan.moc"
