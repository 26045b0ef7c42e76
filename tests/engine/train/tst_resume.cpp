#include "core/arguments/argumentfields.h"
#include "core/files/checkpoints.h"
#include "core/records/events.h"
#include "core/records/resumepoint.h"
#include "core/records/runreader.h"
#include "tinyrun.h"

#include <QTest>

#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

/// A run that goes on from any of its checkpoints ends as the run that was never interrupted, bit for bit:
/// weights, optimizer, loss-owned weights, schedule, counters, best metric, patience, log.
class TestResume : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bitForBitAtEveryStep_data();
    void bitForBitAtEveryStep();
    void savingChangesNothing();
    void proofNamesTheFirstDifference_data();
    void proofNamesTheFirstDifference();
    void startsWhenThereIsNothing();
    void goesOnInTheSameFolder();
    void passesOverDamagedCheckpoints();
    void olderRunsInTheFolderAreNotMixedIn();
    void completedRunHasNothingLeftToDo();
    void changedExperimentIsTold();
    void intervalsOfTheCheckpointWin();
    void argumentNamesTheCheckpoint();
    void ignoreDataSkipBeginsTheEpochAnew();
    void callbackStatesAreRestoredWhenAsked();
    void goesOnFromAPythonCheckpoint();
    void readsAnOptimizerWithoutItsFile();
    void missingPartsAreNamed_data();
    void missingPartsAreNamed();
};

namespace {

/// Everything saved at every step, evaluations on the way, early stopping that watches.
void prepare(TinyRun& tiny)
{
    tiny.addEvaluation();
    auto& arguments = tiny.experiment.arguments;
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(1);
    arguments.evalStrategy = IntervalStrategy::Steps;
    arguments.evalSteps = Number(3);
    arguments.loggingSteps = Number(2);
    arguments.warmupRatio = Number(0.3);
    arguments.lrSchedulerType = SchedulerType::Cosine;
    arguments.includeNumInputTokensSeen = true;
    tiny.experiment.earlyStopping = EarlyStopping{100, 0};
}

/// A copy of a run as it was left after `step`: its records and that checkpoint.
void takeOver(const TinyRun& from, TinyRun& to, std::int64_t step)
{
    to.experiment = from.experiment;
    to.experiment.arguments.outputDir = to.out().string();
    fs::create_directories(to.out());
    fs::copy(from.out() / "runs", to.out() / "runs", fs::copy_options::recursive);
    const auto name = "checkpoint-" + std::to_string(step);
    fs::copy(from.out() / name, to.out() / name, fs::copy_options::recursive);
    to.request.resumeFrom = (to.out() / name).string();
    to.request.runDir = fs::directory_iterator(to.out() / "runs")->path();
}

std::string numbersOf(const Event& event)
{
    std::string text = std::to_string(event.step);
    for (const auto& [key, value] : event.values)
        if (!key.ends_with("_runtime") && !key.ends_with("_per_second"))
            text += " " + key + " " + QByteArray::number(value, 'g', 17).toStdString();
    return text;
}

/// Logs and evaluations that count, without their times.
std::vector<std::string> logOf(const fs::path& runDir)
{
    const auto read = readEvents(runDir / "events.jsonl");
    if (!read) return {};
    std::vector<std::string> lines;
    for (const auto& event : liveEvents(read->events))
        if (event.kind == EventKind::Log || event.kind == EventKind::Evaluation)
            lines.push_back(numbersOf(event));
    return lines;
}

} // namespace

void TestResume::bitForBitAtEveryStep_data()
{
    QTest::addColumn<QString>("data");      // sets, by their helper's name
    QTest::addColumn<QString>("arguments"); // on top of prepare()
    const auto row = [](const char* name, const char* data, const char* arguments) {
        QTest::newRow(name) << data << arguments;
    };
    row("plain sampler, two epochs", "scored", R"({"num_train_epochs": 2})");
    row("short last batch, fraction of an epoch", "scored-short", R"({"num_train_epochs": 1.6})");
    row("accumulation", "scored-short", R"({"num_train_epochs": 2, "gradient_accumulation_steps": 3})");
    row("no duplicates", "pairs", R"({"num_train_epochs": 2, "batch_sampler": "no_duplicates"})");
    row("group by label", "labelled", R"({"num_train_epochs": 2, "batch_sampler": "group_by_label"})");
    row("two sets, proportional", "scored pairs", R"({"num_train_epochs": 2})");
    row("two sets, round robin, accumulation", "scored pairs",
        R"({"num_train_epochs": 3, "multi_dataset_batch_sampler": "round_robin", "gradient_accumulation_steps": 2})");
    row("loss with weights", "softmax", R"({"num_train_epochs": 1})");
    row("plateau", "scored", R"({"num_train_epochs": 2, "lr_scheduler_type": "reduce_lr_on_plateau",
        "lr_scheduler_kwargs": {"patience": 0, "factor": 0.5}, "metric_for_best_model": "eval_loss"})");
    row("8-bit state", "scored", R"({"num_train_epochs": 1, "optim": "adamw_bnb_8bit"})");
    row("adafactor", "scored", R"({"num_train_epochs": 1, "optim": "adafactor"})");
    row("schedule-free", "scored",
        R"({"num_train_epochs": 1, "optim": "schedule_free_adamw", "lr_scheduler_type": "constant"})");
    row("grokadamw", "scored", R"({"num_train_epochs": 1, "optim": "grokadamw"})");
    row("apollo", "scored",
        R"({"num_train_epochs": 1, "optim": "apollo_adamw", "optim_target_modules": "all-linear",
        "optim_args": "rank=4,update_proj_gap=2"})");
    row("bfloat16, noise", "scored", R"({"num_train_epochs": 1, "bf16": true, "neftune_noise_alpha": 5})");
    row("gradient checkpointing", "scored", R"({"num_train_epochs": 1, "gradient_checkpointing": true})");
    row("LoRA adapters", "scored lora", R"({"num_train_epochs": 1})");
}

void TestResume::bitForBitAtEveryStep()
{
    QFETCH(QString, data);
    QFETCH(QString, arguments);
    TinyRun straight;
    prepare(straight);
    straight.experiment.train.clear();
    for (const auto& kind : data.split(' ')) {
        if (kind == "scored") straight.experiment.train.push_back(straight.scored("scored", 16));
        if (kind == "scored-short") straight.experiment.train.push_back(straight.scored("scored", 18));
        if (kind == "pairs") straight.experiment.train.push_back(straight.pairs("pairs", 16));
        if (kind == "lora") {
            LoraSpec lora;
            lora.r = 3;
            lora.loraDropout = 0.2;
            lora.bias = "lora_only";
            straight.experiment.model.lora = lora;
        }
        if (kind == "labelled") straight.experiment.train.push_back(straight.labelled("labelled", 20));
        if (kind == "softmax") {
            auto spec = straight.data(
                "classes", 16, 2, [](int row) { return std::to_string(row % 3); }, "label", "SoftmaxLoss");
            spec.loss->options["num_labels"] = 3;
            straight.experiment.train.push_back(spec);
        }
    }
    const auto settings = Json::parse(arguments.toStdString());
    for (const auto& [key, value] : settings.items()) {
        const auto status = findField(key)->set(straight.experiment.arguments, value);
        QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    }
    const auto whole = straight.run();
    QVERIFY2(whole.end == RunEnd::Completed, whole.error.text().c_str());
    const auto steps = straight.checkpoints();
    QVERIFY(steps.size() >= 3);
    const auto last = "checkpoint-" + std::to_string(steps.back());
    const auto log = logOf(whole.runDir);
    QVERIFY(log.size() >= 2);

    for (const auto step : steps) {
        TinyRun resumed;
        takeOver(straight, resumed, step);
        const auto outcome = resumed.run();
        const auto at = "from step " + std::to_string(step) + ": ";
        QVERIFY2(outcome.end == RunEnd::Completed, (at + outcome.error.text()).c_str());
        const auto difference = checkpointDifference(straight.out() / last, resumed.out() / last);
        QVERIFY2(difference.empty(), (at + difference).c_str());
        const auto* weights =
            straight.experiment.model.lora ? "adapter_model.safetensors" : "model.safetensors";
        QCOMPARE(readFile(outcome.finalModel / weights), readFile(whole.finalModel / weights));
        QCOMPARE(logOf(outcome.runDir), log);
        if (step == steps.back()) continue;
        // The ledger of the straight run knows the steps that were done again.
        QVERIFY2(resumed.told.found("came out bit for bit"), at.c_str());
        for (std::size_t i = 0; i < resumed.told.steps.size(); ++i) {
            const auto& before = straight.told.steps[static_cast<std::size_t>(step) + i];
            const auto& again = resumed.told.steps[i];
            QCOMPARE(again.step, before.step);
            QCOMPARE(again.batchHash, before.batchHash);
            QCOMPARE(again.loss, before.loss);
            QCOMPARE(again.gradNorm, before.gradNorm);
            QCOMPARE(again.learningRate, before.learningRate);
        }
    }
}

/// A run that saves all the time is the run that never does.
void TestResume::savingChangesNothing()
{
    for (const auto optim : {OptimizerName::AdamwTorch, OptimizerName::Adafactor}) {
        TinyRun saving, silent;
        prepare(saving);
        prepare(silent);
        silent.experiment.arguments.saveStrategy = SaveStrategy::No;
        saving.experiment.arguments.optim = silent.experiment.arguments.optim = optim;
        const auto a = saving.run();
        const auto b = silent.run();
        QCOMPARE(a.end, RunEnd::Completed);
        QCOMPARE(readFile(a.finalModel / "model.safetensors"), readFile(b.finalModel / "model.safetensors"));
    }
}

void TestResume::proofNamesTheFirstDifference_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("words");
    QTest::newRow("other data order") << "seed"
                                      << "step 3 differs from the interrupted run in its batch";
    QTest::newRow("other text") << "text"
                                << "in its loss";
    QTest::newRow("other dropout") << "dropout"
                                   << "in its loss";
}

void TestResume::proofNamesTheFirstDifference()
{
    QFETCH(QString, change);
    QFETCH(QString, words);
    TinyRun straight;
    prepare(straight);
    QCOMPARE(straight.run().end, RunEnd::Completed);
    TinyRun resumed;
    takeOver(straight, resumed, 2);
    if (change == "seed") resumed.experiment.arguments.dataSeed = 7;
    if (change == "dropout") resumed.experiment.model.dropout = 0.3;
    if (change == "text") {
        auto lines = readLines(straight.experiment.train.front().path);
        std::string text = lines.front() + "\n";
        for (std::size_t i = 1; i < lines.size(); ++i)
            text += "w7 " + lines[i] + "\n";
        writeFile(resumed.folder() / "changed.csv", text);
        resumed.experiment.train.front().path = (resumed.folder() / "changed.csv").string();
    }
    QCOMPARE(resumed.run().end, RunEnd::Completed);
    QVERIFY2(resumed.told.found(words.toStdString()), qPrintable(words));
    QVERIFY(!resumed.told.found("came out bit for bit"));
    if (change == "seed") QVERIFY(resumed.told.found("not bit for bit: data_seed"));
}

void TestResume::startsWhenThereIsNothing()
{
    TinyRun tiny;
    tiny.request.resume = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.told.steps.size(), std::size_t(6));
    QVERIFY(tiny.told.of(EventKind::Resumed).empty());
}

void TestResume::goesOnInTheSameFolder()
{
    TinyRun tiny;
    prepare(tiny);
    tiny.told.stepHook = [&](const StepRecord& record) {
        if (record.step == 4) tiny.control.requestStop();
    };
    const auto first = tiny.run();
    QCOMPARE(first.end, RunEnd::Stopped);
    TinyRun again;
    again.experiment = tiny.experiment;
    again.request.resume = true;
    again.request.outputDir = tiny.out();
    again.request.experiment = &again.experiment;
    const auto second = trainExperiment(again.request, again.told, again.control, again.hooks);
    QCOMPARE(second.end, RunEnd::Completed);
    QCOMPARE(second.runDir, first.runDir);
    QCOMPARE(again.told.steps.front().step, std::int64_t(5));
    const auto resumed = again.told.of(EventKind::Resumed);
    QCOMPARE(resumed.size(), std::size_t(1));
    QCOMPARE(resumed.front().step, std::int64_t(4));
    QCOMPARE(readRunSummary(second.runDir).status.state, RunState::Completed);
}

void TestResume::passesOverDamagedCheckpoints()
{
    TinyRun tiny;
    prepare(tiny);
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    // The newest lost a byte of its weights without changing its size; the one before lacks its manifest.
    auto weights = readFile(tiny.out() / "checkpoint-6" / "model.safetensors");
    weights.back() = static_cast<char>(weights.back() + 1);
    writeFile(tiny.out() / "checkpoint-6" / "model.safetensors", weights);
    fs::remove(tiny.out() / "checkpoint-5" / "manifest.json");
    const auto point = findResumePoint(posixFileSystem(), tiny.out(), tiny.out() / "runs");
    QVERIFY(point.ok());
    QCOMPARE(point->step, std::int64_t(4));
    QCOMPARE(point->notes.size(), std::size_t(2));
    QVERIFY(point->notes[0].find("checkpoint-6") != std::string::npos);
    tiny.request.resume = true;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QCOMPARE(tiny.told.steps.size(), std::size_t(2));
    QVERIFY(tiny.told.found("checkpoint-6 is passed over"));
}

void TestResume::olderRunsInTheFolderAreNotMixedIn()
{
    TinyRun tiny;
    prepare(tiny);
    const auto older = tiny.run();
    QCOMPARE(older.end, RunEnd::Completed);
    // A second run in the same folder, interrupted at step 2: the first one's checkpoint-6 is not its own.
    tiny.experiment.arguments.saveSteps = Number(100);
    tiny.told.stepHook = [&](const StepRecord& record) {
        if (record.step == 2) tiny.control.requestStop();
    };
    const auto second = tiny.run();
    QCOMPARE(second.end, RunEnd::Stopped);
    const auto point = findResumePoint(posixFileSystem(), tiny.out(), tiny.out() / "runs");
    QVERIFY(point.ok());
    QCOMPARE(point->step, std::int64_t(2));
    QCOMPARE(point->runDir, second.runDir);
}

void TestResume::completedRunHasNothingLeftToDo()
{
    TinyRun tiny;
    prepare(tiny);
    const auto first = tiny.run();
    const auto weights = readFile(first.finalModel / "model.safetensors");
    tiny.request.resume = true;
    const auto again = tiny.run();
    QCOMPARE(again.end, RunEnd::Completed);
    QVERIFY(tiny.told.steps.empty());
    QCOMPARE(again.runDir, first.runDir);
    QCOMPARE(readFile(again.finalModel / "model.safetensors"), weights);
}

void TestResume::changedExperimentIsTold()
{
    TinyRun straight;
    prepare(straight);
    QCOMPARE(straight.run().end, RunEnd::Completed);
    TinyRun resumed;
    takeOver(straight, resumed, 3);
    resumed.experiment.arguments.weightDecay = Number(0.1);
    QCOMPARE(resumed.run().end, RunEnd::Completed);
    QVERIFY(resumed.told.found("Changed since the run was started: arguments.weight_decay"));
}

void TestResume::intervalsOfTheCheckpointWin()
{
    TinyRun straight;
    prepare(straight);
    QCOMPARE(straight.run().end, RunEnd::Completed);
    TinyRun resumed;
    takeOver(straight, resumed, 3);
    resumed.experiment.arguments.loggingSteps = Number(1);
    QCOMPARE(resumed.run().end, RunEnd::Completed);
    QVERIFY(resumed.told.found("logging_steps stays 2"));
    QCOMPARE(resumed.told.stepsOf(EventKind::Log), (std::vector<std::int64_t>{4, 6}));
}

void TestResume::argumentNamesTheCheckpoint()
{
    TinyRun straight;
    prepare(straight);
    QCOMPARE(straight.run().end, RunEnd::Completed);

    TinyRun path;
    path.experiment = straight.experiment;
    path.experiment.arguments.outputDir = path.out().string();
    path.experiment.arguments.resumeFromCheckpoint = (straight.out() / "checkpoint-4").string();
    QCOMPARE(path.run().end, RunEnd::Completed);
    QCOMPARE(path.told.steps.front().step, std::int64_t(5));
    QCOMPARE(checkpointDifference(straight.out() / "checkpoint-6", path.out() / "checkpoint-6"),
             std::string());

    TinyRun newest;
    newest.experiment.arguments.resumeFromCheckpoint = "true";
    const auto outcome = newest.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY(outcome.error.text().find("no checkpoint") != std::string::npos);

    fs::remove_all(straight.out() / "checkpoint-6");
    straight.experiment.arguments.resumeFromCheckpoint = "true";
    QCOMPARE(straight.run().end, RunEnd::Completed);
    QCOMPARE(straight.told.steps.size(), std::size_t(1));
}

void TestResume::ignoreDataSkipBeginsTheEpochAnew()
{
    TinyRun straight;
    prepare(straight);
    QCOMPARE(straight.run().end, RunEnd::Completed);
    for (const bool ignore : {false, true}) {
        TinyRun resumed;
        takeOver(straight, resumed, 2);
        resumed.experiment.arguments.ignoreDataSkip = ignore;
        QCOMPARE(resumed.run().end, RunEnd::Completed);
        QCOMPARE(resumed.told.steps.front().batchHash, straight.told.steps[ignore ? 0 : 2].batchHash);
    }
}

/// A new run from a checkpoint counts patience anew unless restore_callback_states_from_checkpoint is set;
/// going on with the same run always keeps it.
void TestResume::callbackStatesAreRestoredWhenAsked()
{
    TinyRun straight;
    prepare(straight);
    auto& arguments = straight.experiment.arguments;
    arguments.evalSteps = Number(1);
    arguments.metricForBestModel = "eval_loss";
    straight.experiment.earlyStopping = EarlyStopping{100, 1000}; // nothing is good enough but the first
    QCOMPARE(straight.run().end, RunEnd::Completed);
    const auto counterIn = [](const fs::path& checkpoint) {
        const auto state = Json::parse(readFile(checkpoint / "trainer_state.json"));
        return state["stateful_callbacks"]["EarlyStoppingCallback"]["attributes"]
                    ["early_stopping_patience_counter"]
                        .get<int>();
    };
    QCOMPARE(counterIn(straight.out() / "checkpoint-6"), 5);
    for (const bool restore : {false, true}) {
        TinyRun resumed;
        takeOver(straight, resumed, 3);
        resumed.request.runDir.clear();
        resumed.experiment.arguments.restoreCallbackStatesFromCheckpoint = restore;
        QCOMPARE(resumed.run().end, RunEnd::Completed);
        QCOMPARE(counterIn(resumed.out() / "checkpoint-6"), restore ? 5 : 3);
    }
}

void TestResume::goesOnFromAPythonCheckpoint()
{
    const auto checkpoint = fixture("python-checkpoint/checkpoint-3");
    if (!fs::exists(checkpoint)) QSKIP("needs tests/fixtures/python-checkpoint");
    const auto expected = Json::parse(readFile(fixture("python-checkpoint/expected.json")));
    TinyRun tiny;
    auto& spec = tiny.experiment.train.front();
    spec.path = fixture("python-checkpoint/pairs.csv").string();
    auto& arguments = tiny.experiment.arguments;
    tiny.experiment.model.dropout = 0;
    for (const auto& [key, value] : expected.at("arguments").items()) {
        const auto status = findField(key)->set(arguments, value);
        QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    }
    tiny.request.resumeFrom = checkpoint.string();
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(tiny.told.found("checkpoint of the Python library"));
    QVERIFY(!tiny.told.found("optimizer starts anew"));
    // With dropout 0 the next steps are those of Python's own run that was never interrupted.
    const auto& steps = expected.at("steps");
    QCOMPARE(tiny.told.steps.size(), steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& step = tiny.told.steps[i];
        QCOMPARE(step.step, steps[i].at("step").get<std::int64_t>());
        QCOMPARE(step.learningRate, steps[i].at("learning_rate").get<double>());
        const auto loss = steps[i].at("loss").get<double>();
        QVERIFY2(std::abs(step.loss - loss) <= 1e-4 * std::abs(loss),
                 qPrintable(QString("step %1: %2 instead of %3").arg(step.step).arg(step.loss).arg(loss)));
        const auto norm = steps[i].at("grad_norm").get<double>();
        QVERIFY(std::abs(step.gradNorm - norm) <= 1e-3 * norm);
    }
}

void TestResume::readsAnOptimizerWithoutItsFile()
{
    const auto checkpoint = fixture("python-checkpoint/checkpoint-3");
    if (!fs::exists(checkpoint)) QSKIP("needs tests/fixtures/python-checkpoint");
    TinyRun tiny;
    fs::copy(checkpoint, tiny.folder() / "checkpoint-3", fs::copy_options::recursive);
    fs::remove(tiny.folder() / "checkpoint-3" / "optimizer.pt");
    tiny.request.resumeFrom = (tiny.folder() / "checkpoint-3").string();
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(tiny.told.found("optimizer starts anew"));
}

void TestResume::missingPartsAreNamed_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("optimizer") << "resume/optimizer.safetensors";
    QTest::newRow("state") << "resume/state.json";
    QTest::newRow("trainer state") << "trainer_state.json";
    QTest::newRow("weights") << "model.safetensors";
}

/// The original restores what it finds and starts the rest anew without a word.
void TestResume::missingPartsAreNamed()
{
    QFETCH(QString, file);
    TinyRun tiny;
    prepare(tiny);
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    fs::remove(tiny.out() / "checkpoint-3" / file.toStdString());
    tiny.request.resumeFrom = (tiny.out() / "checkpoint-3").string();
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find(fs::path(file.toStdString()).filename().string()) != std::string::npos,
             outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
}

QTEST_GUILESS_MAIN(TestResume)
#include "tst_resume.moc"
