#include "core/arguments/argumentfields.h"
#include "core/files/manifest.h"
#include "core/records/runreader.h"
#include "engine/model/safetensors.h"
#include "tinyrun.h"

#include <QTest>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

/// What each argument of the loop does, seen in the records of small runs.
class TestTrainingLoop : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void strategies_data();
    void strategies();
    void lengthOfARun_data();
    void lengthOfARun();
    void loggingFirstStep();
    void logHoldsMeansSinceTheLastOne();
    void nanFilter();
    void accumulationIsTheMean();
    void clipping();
    void tokensAreCounted();
    void tokensPerSecond();
    void memoryMetrics();
    void runNameNamesTheRun();
    void outputDirAndOverwrite();
    void seedsDecide();
    void trainOnlyWhenStarted();
};

namespace {

void set(TinyRun& tiny, const char* key, const Json& value)
{
    const auto status = findField(key)->set(tiny.experiment.arguments, value);
    QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
}

QString steps(const std::vector<std::int64_t>& values)
{
    QStringList parts;
    for (const auto value : values)
        parts << QString::number(value);
    return parts.join(' ');
}

double valueOf(const MetricList& values, const std::string& key)
{
    for (const auto& [name, value] : values)
        if (name == key) return value;
    return std::nan("");
}

} // namespace

void TestTrainingLoop::strategies_data()
{
    // Runs of 2 epochs of 6 steps.
    QTest::addColumn<QString>("arguments");
    QTest::addColumn<QString>("logs");
    QTest::addColumn<QString>("evaluations");
    QTest::addColumn<QString>("saves");
    const auto row = [](const char* name, const char* arguments, const char* logs, const char* evaluations,
                        const char* saves) {
        QTest::newRow(name) << arguments << logs << evaluations << saves;
    };
    row("nothing", R"({"logging_strategy": "no", "eval_strategy": "no", "save_strategy": "no"})", "", "", "");
    row("steps",
        R"({"logging_steps": 5, "eval_strategy": "steps", "eval_steps": 4, "save_strategy": "steps", "save_steps": 8})",
        "5 10", "4 8 12", "8 12");
    row("epochs", R"({"logging_strategy": "epoch", "eval_strategy": "epoch", "save_strategy": "epoch"})",
        "6 12", "6 12", "6 12");
    row("fractions",
        R"({"logging_steps": 0.25, "eval_strategy": "steps", "eval_steps": 0.5, "save_strategy": "steps", "save_steps": 0.3})",
        "3 6 9 12", "6 12", "4 8 12");
    row("eval_steps unset follows logging_steps", R"({"logging_steps": 5, "eval_strategy": "steps"})", "5 10",
        "5 10 12", "");
    row("delay in steps",
        R"({"logging_steps": 100, "eval_strategy": "steps", "eval_steps": 2, "eval_delay": 7})", "",
        "8 10 12", "");
    row("delay in epochs", R"({"logging_steps": 100, "eval_strategy": "epoch", "eval_delay": 1.5})", "", "12",
        "");
    row("start", R"({"logging_steps": 100, "eval_strategy": "epoch", "eval_on_start": true})", "", "0 6 12",
        "");
    row("a part of an epoch ends one",
        R"({"logging_strategy": "epoch", "eval_strategy": "epoch", "save_strategy": "epoch", "max_steps": 8})",
        "6 8", "6 8", "6 8");
}

void TestTrainingLoop::strategies()
{
    QFETCH(QString, arguments);
    TinyRun tiny;
    tiny.addEvaluation();
    tiny.experiment.arguments.numTrainEpochs = Number(2.0);
    const auto settings = Json::parse(arguments.toStdString());
    for (const auto& [key, value] : settings.items())
        set(tiny, key.c_str(), value);
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QTEST(steps(tiny.told.stepsOf(EventKind::Log)), "logs");
    QTEST(steps(tiny.told.stepsOf(EventKind::Evaluation)), "evaluations");
    QTEST(steps(tiny.told.stepsOf(EventKind::Checkpoint)), "saves");
    QTEST(steps(tiny.checkpoints()), "saves");
    QVERIFY(fs::exists(outcome.finalModel / "model.safetensors"));
}

void TestTrainingLoop::lengthOfARun_data()
{
    QTest::addColumn<double>("epochs");
    QTest::addColumn<int>("maxSteps");
    QTest::addColumn<int>("accumulation");
    QTest::addColumn<bool>("dropLast");
    QTest::addColumn<int>("steps");
    QTest::addColumn<double>("epochAtEnd");
    // 26 rows in batches of 4: 7 batches, the last of 2 rows.
    QTest::newRow("one epoch") << 1.0 << -1 << 1 << false << 7 << 1.0;
    QTest::newRow("one and a half") << 1.5 << -1 << 1 << false << 11 << 11 / 7.0;
    QTest::newRow("less than one") << 0.3 << -1 << 1 << false << 3 << 3 / 7.0;
    QTest::newRow("steps win") << 5.0 << 3 << 1 << false << 3 << 3 / 7.0;
    QTest::newRow("steps repeat the data") << 1.0 << 16 << 1 << false << 16 << 2 + 2 / 7.0;
    QTest::newRow("accumulation, short last group") << 2.0 << -1 << 3 << false << 6 << 2.0;
    QTest::newRow("last batch dropped") << 1.0 << -1 << 1 << true << 6 << 1.0;
}

void TestTrainingLoop::lengthOfARun()
{
    QFETCH(double, epochs);
    QFETCH(int, maxSteps);
    QFETCH(int, accumulation);
    QFETCH(bool, dropLast);
    QFETCH(int, steps);
    QFETCH(double, epochAtEnd);
    TinyRun tiny(26);
    auto& arguments = tiny.experiment.arguments;
    arguments.numTrainEpochs = Number(epochs);
    arguments.maxSteps = maxSteps;
    arguments.gradientAccumulationSteps = accumulation;
    arguments.dataloaderDropLast = dropLast;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(static_cast<int>(tiny.told.steps.size()), steps);
    QCOMPARE(tiny.told.of(EventKind::Log).back().epoch, epochAtEnd);
}

void TestTrainingLoop::loggingFirstStep()
{
    TinyRun tiny;
    tiny.experiment.arguments.loggingSteps = Number(4);
    tiny.experiment.arguments.loggingFirstStep = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.told.stepsOf(EventKind::Log), (std::vector<std::int64_t>{1, 4}));
}

void TestTrainingLoop::logHoldsMeansSinceTheLastOne()
{
    TinyRun tiny;
    tiny.experiment.arguments.loggingSteps = Number(3);
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto logs = tiny.told.of(EventKind::Log);
    const auto& steps = tiny.told.steps;
    QCOMPARE(tiny.told.value(logs[1], "loss"), (steps[3].loss + steps[4].loss + steps[5].loss) / 3);
    QCOMPARE(tiny.told.value(logs[1], "grad_norm"), steps[5].gradNorm);
    QCOMPARE(tiny.told.value(logs[1], "learning_rate"), steps[5].learningRate);
    double all = 0;
    for (const auto& step : steps)
        all += step.loss;
    QVERIFY(std::abs(tiny.told.value(tiny.told.of(EventKind::Completed).back(), "train_loss") - all / 6) <
            1e-12);
}

/// A loss that is not a number ends the run; what it logs last is filtered or not.
void TestTrainingLoop::nanFilter()
{
    for (const bool filter : {true, false}) {
        TinyRun tiny;
        auto& arguments = tiny.experiment.arguments;
        arguments.loggingNanInfFilter = filter;
        arguments.maxGradNorm = Number(0.0);
        arguments.loggingSteps = Number(6);
        // A rate that breaks the weights in the first step.
        arguments.learningRate = Number(1e30);
        arguments.lrSchedulerType = SchedulerType::Constant;
        QCOMPARE(tiny.run().end, RunEnd::Failed);
        QVERIFY(!std::isfinite(tiny.told.steps.back().loss));
        QVERIFY(tiny.told.found("not finite"));
        QCOMPARE(std::isfinite(tiny.told.value(tiny.told.of(EventKind::Log).back(), "loss")), filter);
    }
}

/// Two micro-batches of 4 make the same update as one batch of 8 of a loss that is a mean.
void TestTrainingLoop::accumulationIsTheMean()
{
    TinyRun one, two;
    for (auto* tiny : {&one, &two}) {
        tiny->experiment.model.dropout = 0;
        tiny->experiment.arguments.lrSchedulerType = SchedulerType::Constant;
    }
    one.experiment.arguments.perDeviceTrainBatchSize = 8;
    two.experiment.arguments.gradientAccumulationSteps = 2;
    QCOMPARE(one.run().end, RunEnd::Completed);
    QCOMPARE(two.run().end, RunEnd::Completed);
    QCOMPARE(one.told.steps.size(), std::size_t(3));
    QCOMPARE(two.told.steps.size(), std::size_t(3));
    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(std::abs(one.told.steps[i].loss - two.told.steps[i].loss) < 1e-5);
        QVERIFY(std::abs(one.told.steps[i].gradNorm / two.told.steps[i].gradNorm - 1) < 1e-3);
        QCOMPARE(one.told.steps[i].samples, two.told.steps[i].samples);
    }
}

void TestTrainingLoop::clipping()
{
    // Plain SGD: the length of a step is rate times the clipped norm.
    double moved[2] = {};
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny;
        auto& arguments = tiny.experiment.arguments;
        arguments.optim = OptimizerName::Sgd;
        arguments.lrSchedulerType = SchedulerType::Constant;
        arguments.maxSteps = 1;
        arguments.maxGradNorm = Number(i == 0 ? 0.0 : 1e-3);
        const auto outcome = tiny.run();
        QCOMPARE(outcome.end, RunEnd::Completed);
        const auto before = SafetensorsFile::open(fixture("model/tiny/bert/model.safetensors"));
        const auto after = SafetensorsFile::open(outcome.finalModel / "model.safetensors");
        QVERIFY(before.ok() && after.ok());
        double sum = 0;
        for (const auto& tensor : (*after)->tensors()) {
            const auto* start = (*before)->find(tensor.name);
            if (!start) start = (*before)->find("bert." + tensor.name);
            if (!start || start->bytes.size() != tensor.bytes.size() || tensor.type != TensorType::F32)
                continue;
            for (std::size_t k = 0; k + 4 <= tensor.bytes.size(); k += 4) {
                float a = 0, b = 0;
                std::memcpy(&a, start->bytes.data() + k, 4);
                std::memcpy(&b, tensor.bytes.data() + k, 4);
                sum += (static_cast<double>(b) - a) * (static_cast<double>(b) - a);
            }
        }
        moved[i] = std::sqrt(sum);
        const auto norm = tiny.told.steps.front().gradNorm;
        const auto expected = 1e-3 * (i == 0 ? norm : std::min(norm, 1e-3));
        QVERIFY2(std::abs(moved[i] / expected - 1) < 0.05,
                 qPrintable(QString("%1 instead of %2").arg(moved[i]).arg(expected)));
    }
    QVERIFY(moved[1] < moved[0]);
}

void TestTrainingLoop::tokensAreCounted()
{
    TinyRun tiny;
    tiny.experiment.arguments.includeNumInputTokensSeen = true;
    tiny.experiment.arguments.saveStrategy = SaveStrategy::Epoch;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    std::int64_t tokens = 0;
    const auto logs = tiny.told.of(EventKind::Log);
    for (std::size_t i = 0; i < logs.size(); ++i) {
        tokens += tiny.told.steps[i].tokens;
        QCOMPARE(tiny.told.value(logs[i], "num_input_tokens_seen"), static_cast<double>(tokens));
    }
    const auto state = Json::parse(readFile(tiny.out() / "checkpoint-6" / "trainer_state.json"));
    QCOMPARE(state["num_input_tokens_seen"].get<std::int64_t>(), tokens);

    TinyRun silent;
    QCOMPARE(silent.run().end, RunEnd::Completed);
    QVERIFY(std::isnan(silent.told.value(silent.told.of(EventKind::Log).front(), "num_input_tokens_seen")));
}

void TestTrainingLoop::tokensPerSecond()
{
    for (const bool wanted : {false, true}) {
        TinyRun tiny;
        tiny.experiment.arguments.includeTokensPerSecond = wanted;
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        const auto values = tiny.told.of(EventKind::Completed).back().values;
        std::int64_t tokens = 0;
        for (const auto& step : tiny.told.steps)
            tokens += step.tokens;
        const auto speed = valueOf(values, "train_tokens_per_second");
        QCOMPARE(!std::isnan(speed), wanted);
        // train_runtime is rounded to four digits.
        const auto seconds = valueOf(values, "train_runtime");
        if (wanted) QVERIFY(std::abs(speed * seconds / static_cast<double>(tokens) - 1) < 1e-3 + 1e-4 / seconds);
    }
}

void TestTrainingLoop::memoryMetrics()
{
    for (const bool skip : {true, false}) {
        TinyRun tiny;
        tiny.experiment.arguments.skipMemoryMetrics = skip;
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        const auto values = tiny.told.of(EventKind::Completed).back().values;
        QCOMPARE(std::isnan(valueOf(values, "before_init_mem_cpu")), skip);
        QCOMPARE(std::isnan(valueOf(values, "train_mem_cpu_peaked_delta")), skip);
        if (!skip) QVERIFY(valueOf(values, "before_init_mem_cpu") > 1e6);
    }
}

void TestTrainingLoop::runNameNamesTheRun()
{
    TinyRun tiny;
    tiny.experiment.arguments.runName = "Second try";
    const auto outcome = tiny.run();
    QCOMPARE(readRunSummary(outcome.runDir).status.name, std::string("Second try"));
    QVERIFY(outcome.runDir.filename().string().ends_with("second-try"));
}

void TestTrainingLoop::outputDirAndOverwrite()
{
    // An output folder that is used again keeps what others wrote, and rotation never touches it.
    TinyRun tiny;
    QCOMPARE(tiny.experiment.arguments.outputDir, tiny.out().string());
    tiny.experiment.arguments.saveStrategy = SaveStrategy::Epoch;
    tiny.experiment.arguments.saveTotalLimit = 1;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto first = readFile(tiny.out() / "checkpoint-6" / "manifest.json");
    tiny.experiment.arguments.maxSteps = 2;
    tiny.experiment.arguments.overwriteOutputDir = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.checkpoints(), (std::vector<std::int64_t>{2, 6}));
    QCOMPARE(readFile(tiny.out() / "checkpoint-6" / "manifest.json"), first);
}

void TestTrainingLoop::seedsDecide()
{
    const auto hashes = [](std::int64_t seed, std::optional<std::int64_t> dataSeed) {
        TinyRun tiny;
        tiny.experiment.arguments.seed = seed;
        tiny.experiment.arguments.dataSeed = dataSeed;
        if (tiny.run().end != RunEnd::Completed) return std::vector<double>();
        std::vector<double> result;
        for (const auto& step : tiny.told.steps) {
            result.push_back(step.batchHash);
            result.push_back(step.loss);
        }
        return result;
    };
    const auto first = hashes(1, {});
    QVERIFY(!first.empty());
    QCOMPARE(hashes(1, {}), first);
    const auto otherSeed = hashes(2, {});
    QVERIFY(otherSeed[0] != first[0] && otherSeed != first);
    // Another order of the data with the same draws of dropout, and the other way round.
    QVERIFY(hashes(1, 2)[0] == otherSeed[0] && hashes(1, 2) != otherSeed);
}

void TestTrainingLoop::trainOnlyWhenStarted()
{
    // do_train and do_eval are notes for scripts; starting a run is what trains.
    TinyRun tiny;
    tiny.experiment.arguments.doTrain = false;
    tiny.experiment.arguments.doEval = false;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.told.steps.size(), std::size_t(6));
}

QTEST_GUILESS_MAIN(TestTrainingLoop)
#include "tst_trainingloop.moc"
