#include "core/experiment/experiment.h"
#include "core/plan/runplan.h"
#include "core/records/events.h"
#include "core/records/resumepoint.h"
#include "core/records/runfolder.h"
#include "core/records/runreader.h"
#include "support/faultfilesystem.h"
#include "support/testfiles.h"

#include <QRegularExpression>
#include <QTest>

#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace studio;
namespace fs = std::filesystem;

namespace {

Event makeEvent(EventKind kind, std::int64_t step, std::string text = {}, MetricList values = {})
{
    Event e;
    e.kind = kind;
    e.step = step;
    e.epoch = static_cast<double>(step) / 10;
    e.time = 1764000000 + static_cast<double>(step);
    e.text = std::move(text);
    e.values = std::move(values);
    return e;
}

StepRecord stepRecord(std::int64_t step)
{
    StepRecord record;
    record.step = step;
    record.loss = 1;
    return record;
}

struct Listener : RunObserver
{
    std::vector<Event> events;
    std::vector<StepRecord> steps;
    void onEvent(const Event& e) override { events.push_back(e); }
    void onStep(const StepRecord& s) override { steps.push_back(s); }
};

Result<std::unique_ptr<RunFolder>> makeRun(const fs::path& runs, FileSystem& disk = posixFileSystem())
{
    return RunFolder::create(disk, runs, "STS-B: sample!", "{}\n");
}

void tell(RunObserver& run, std::int64_t from, std::int64_t to)
{
    for (std::int64_t step = from; step <= to; ++step) {
        run.onStep(stepRecord(step));
        run.onEvent(makeEvent(EventKind::Log, step, {}, {{"loss", 0.5}}));
    }
}

bool anyContains(const std::vector<std::string>& sentences, const char* part)
{
    for (const std::string& sentence : sentences) {
        if (sentence.find(part) != std::string::npos) return true;
    }
    return false;
}

} // namespace

class TestRunFolder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ids();
    void wholeStory();
    void interruptedAndResumed();
    void damage_data();
    void damage();
    void fullDiskLosesNothing();
    void everyCallFails();
    void killedBeforeItHadAState();
    void listsNewestFirst();
};

void TestRunFolder::ids()
{
    QCOMPARE(runSlug("STS-B: sample!"), std::string("sts-b-sample"));
    QCOMPARE(runSlug("../../etc"), std::string("etc"));
    QCOMPARE(runSlug("日本"), std::string("run"));
    QCOMPARE(runSlug(std::string(99, 'x')).size(), std::size_t(40));
    test::TempFolder temp;
    const auto one = makeRun(temp / "deep/runs");
    const auto two = makeRun(temp / "deep/runs");
    QVERIFY(one.ok() && two.ok());
    QVERIFY((*one)->id() != (*two)->id());
    const QRegularExpression form("^\\d{8}-\\d{6}-sts-b-sample$");
    QVERIFY2(form.match(QString::fromStdString((*one)->id())).hasMatch(), (*one)->id().c_str());
    QCOMPARE((*one)->path().filename().string(), (*one)->id());
    QCOMPARE(RunFolder::open((*one)->path()).error().code, ErrorCode::Busy);
    QCOMPARE(RunFolder::open(temp / "none").error().code, ErrorCode::NotFound);
}

void TestRunFolder::wholeStory()
{
    test::TempFolder temp;
    Experiment experiment;
    experiment.name = "Story";
    Listener listener;
    fs::path folder;
    {
        auto run = RunFolder::create(temp / "runs", experiment);
        QVERIFY(run.ok());
        folder = (*run)->path();
        RunPlan plan;
        plan.totalSteps = 20;
        QVERIFY((*run)->writePlan(plan).ok());
        QVERIFY((*run)->writeEnvironment("{\"threads\": 2}").ok());
        RunRecorder recorder(**run, &listener);
        recorder.setOutputDir("/somewhere/out");
        recorder.onEvent(makeEvent(EventKind::Started, 0, (*run)->id(), {{"total_steps", 20}}));
        tell(recorder, 1, 7);
        recorder.onEvent(makeEvent(EventKind::Checkpoint, 7, "out/checkpoint-7"));

        RunSummary live = readRunSummary(folder);
        QVERIFY(live.status.state == RunState::Running);
        QVERIFY(live.owner.alive);
        QCOMPARE(live.status.step, std::int64_t(7));

        recorder.onEvent(makeEvent(EventKind::Paused, 7));
        QVERIFY(readRunSummary(folder).status.state == RunState::Paused);
        recorder.onEvent(makeEvent(EventKind::Resumed, 7));
        recorder.onEvent(
            makeEvent(EventKind::Evaluation, 7, "sts-dev", {{"eval_sts-dev_spearman_cosine", 0.86}}));
        tell(recorder, 8, 20);
        recorder.onEvent(makeEvent(EventKind::Completed, 20, folder.string(), {{"train_loss", 0.5}}));
        QVERIFY(recorder.status().ok());
    }
    QCOMPARE(listener.steps.size(), std::size_t(20));
    QCOMPARE(listener.events.size(), std::size_t(26));

    const RunData run = readRun(folder);
    QVERIFY2(run.summary.problems.empty(),
             run.summary.problems.empty() ? "" : run.summary.problems[0].c_str());
    QVERIFY(run.summary.status.state == RunState::Completed);
    QCOMPARE(run.summary.status.totalSteps, std::int64_t(20));
    QCOMPARE(run.summary.status.checkpoint, std::string("out/checkpoint-7"));
    QCOMPARE(run.summary.status.outputDir, std::string("/somewhere/out"));
    QCOMPARE(run.summary.status.metrics.front().second, 0.86);
    QCOMPARE(run.events.size(), std::size_t(26));
    QCOMPARE(run.steps->size(), std::size_t(20));
    QVERIFY(parseExperiment(run.experimentJson, "x").ok());
    QCOMPARE(test::readLines(folder / "log.txt").size(), std::size_t(26));
    QVERIFY(test::readFile(folder / "log.txt")
                .find("step 7  evaluation: sts-dev  eval_sts-dev_spearman_cosine 0.86") != std::string::npos);
    for (const char* file : {"experiment.json", "plan.json", "environment.json", "state.json", "eval"}) {
        QVERIFY2(fs::exists(folder / file), file);
    }
}

void TestRunFolder::interruptedAndResumed()
{
    test::TempFolder temp;
    const pid_t child = ::fork();
    if (child == 0) {
        auto run = makeRun(temp.path());
        RunRecorder recorder(**run, nullptr);
        recorder.onEvent(makeEvent(EventKind::Started, 0, (*run)->id(), {{"total_steps", 20}}));
        tell(recorder, 1, 12);
        ::kill(::getpid(), SIGKILL);
    }
    int ended = 0;
    QCOMPARE(::waitpid(child, &ended, 0), child);
    const auto runs = listRuns(temp.path());
    QCOMPARE(runs.size(), std::size_t(1));
    QVERIFY(runs[0].status.state == RunState::Interrupted);
    QVERIFY(!runs[0].owner.alive);
    QVERIFY(runs[0].status.step >= 11); // the last step may still have been in memory

    {
        auto again = RunFolder::open(runs[0].folder);
        QVERIFY(again.ok());
        QCOMPARE((*again)->id(), runs[0].status.id);
        RunRecorder recorder(**again, nullptr);
        recorder.onEvent(makeEvent(EventKind::Resumed, 10, "checkpoint-10"));
        QVERIFY(readRunSummary(runs[0].folder).status.state == RunState::Running);
        tell(recorder, 11, 20);
        recorder.onEvent(makeEvent(EventKind::Completed, 20));
    }
    const RunData run = readRun(runs[0].folder);
    QVERIFY(run.summary.status.state == RunState::Completed);
    QVERIFY(run.summary.problems.empty());
    const auto live = run.steps->live();
    std::size_t count = 0;
    for (const auto& [begin, end] : live)
        count += end - begin;
    QCOMPARE(count, std::size_t(20));
    int logs = 0;
    for (const Event& e : liveEvents(run.events))
        logs += e.kind == EventKind::Log;
    QCOMPARE(logs, 20);
}

void TestRunFolder::damage_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("cut"); // -1: remove it
    QTest::addColumn<QString>("problem");
    QTest::addColumn<bool>("completed");
    QTest::newRow("no state") << "state.json" << -1 << "state.json" << true;
    QTest::newRow("state cut") << "state.json" << 30 << "state.json" << true;
    QTest::newRow("no experiment") << "experiment.json" << -1 << "experiment.json" << true;
    QTest::newRow("no events") << "events.jsonl" << -1 << "" << true;
    QTest::newRow("events cut") << "events.jsonl" << 500 << "events.jsonl is cut off" << true;
    QTest::newRow("no steps") << "steps.bin" << -1 << "" << true;
    QTest::newRow("steps cut") << "steps.bin" << 530 << "steps.bin is cut off" << true;
    QTest::newRow("steps header cut") << "steps.bin" << 100 << "steps.bin" << true;
}

void TestRunFolder::damage()
{
    QFETCH(QString, file);
    QFETCH(int, cut);
    QFETCH(QString, problem);
    QFETCH(bool, completed);
    test::TempFolder temp;
    fs::path folder;
    {
        auto run = makeRun(temp.path());
        folder = (*run)->path();
        RunRecorder recorder(**run, nullptr);
        recorder.onEvent(makeEvent(EventKind::Started, 0, (*run)->id(), {{"total_steps", 9}}));
        tell(recorder, 1, 9);
        recorder.onEvent(makeEvent(EventKind::Completed, 9));
    }
    const fs::path path = folder / file.toStdString();
    if (cut < 0) {
        fs::remove(path);
    } else {
        fs::resize_file(path, static_cast<std::uintmax_t>(cut));
    }
    const RunData run = readRun(folder);
    if (problem.isEmpty()) {
        QVERIFY(run.summary.problems.empty());
    } else {
        QVERIFY2(anyContains(run.summary.problems, qPrintable(problem)),
                 run.summary.problems.empty() ? "no problem named" : run.summary.problems[0].c_str());
    }
    QCOMPARE(run.summary.status.state == RunState::Completed, completed);
    QCOMPARE(run.summary.status.id, folder.filename().string());
    QCOMPARE(listRuns(temp.path()).size(), std::size_t(1));
}

void TestRunFolder::fullDiskLosesNothing()
{
    test::TempFolder temp;
    test::FaultFileSystem disk(posixFileSystem());
    Listener listener;
    fs::path folder;
    {
        auto run = makeRun(temp.path(), disk);
        QVERIFY(run.ok());
        folder = (*run)->path();
        RunRecorder recorder(**run, &listener);
        recorder.onEvent(makeEvent(EventKind::Started, 0));
        disk.arm({1, ENOSPC, false, {test::Call::Write}});
        tell(recorder, 1, 5);
        QVERIFY(!recorder.status().ok());
        QCOMPARE(recorder.status().error().code, ErrorCode::DiskFull);
        disk.disarm();
        tell(recorder, 6, 10);
        QVERIFY(recorder.status().ok());
        recorder.onEvent(makeEvent(EventKind::Completed, 10));
    }
    int findings = 0;
    for (const Event& e : listener.events) {
        if (e.kind != EventKind::Finding) continue;
        ++findings;
        QVERIFY(e.text.find("disk is full") != std::string::npos);
    }
    QCOMPARE(findings, 1);
    QCOMPARE(listener.steps.size(), std::size_t(10));
    const RunData run = readRun(folder);
    QCOMPARE(run.steps->size(), std::size_t(10));
    int logs = 0;
    for (const Event& e : run.events)
        logs += e.kind == EventKind::Log;
    // The failing writes left half their bytes behind; those were cut off before going on.
    QCOMPARE(logs, 10);
    QVERIFY(run.summary.problems.empty());
    QVERIFY(run.summary.status.state == RunState::Completed);
}

void TestRunFolder::everyCallFails()
{
    for (const int error : {ENOSPC, EIO, EROFS}) {
        for (int nth = 1;; ++nth) {
            test::TempFolder temp;
            test::FaultFileSystem disk(posixFileSystem());
            disk.arm({nth, error, true});
            Listener listener;
            auto run = makeRun(temp.path(), disk);
            bool told = !run.ok();
            if (run.ok()) {
                RunRecorder recorder(**run, &listener);
                told = !recorder.status().ok();
                recorder.onEvent(makeEvent(EventKind::Started, 0));
                tell(recorder, 1, 2);
                recorder.onEvent(makeEvent(EventKind::Completed, 2));
                recorder.close();
                for (const Event& e : listener.events)
                    told = told || e.kind == EventKind::Finding;
                QCOMPARE(listener.steps.size(), std::size_t(2));
                // Whatever failed: the run reads back.
                const RunData back = readRun((*run)->path());
                QVERIFY(hasEnded(back.summary.status.state) || told);
            }
            if (!disk.triggered()) {
                QVERIFY(!told);
                QVERIFY(nth > 20);
                break;
            }
        }
    }
}

/// A kill while the folder of a run is being made leaves nothing that counts as a run; one a little later leaves a run
/// that is gone on with.
void TestRunFolder::killedBeforeItHadAState()
{
    test::TempFolder folder;
    const auto runs = folder.path() / "runs";
    const auto made = [&](const char* name, const std::vector<const char*>& files) {
        std::filesystem::create_directories(runs / name / "eval");
        for (const char* file : files)
            test::writeFile(runs / name / file, "{}");
    };
    made("20260101-000000-nothing", {".lock"});
    made("20260101-000001-half", {".lock", "experiment.json", ".state.json.tmp"});
    made("20260101-000002-begun", {".lock", "experiment.json", "events.jsonl"});
    made("notes", {"mine.txt"});
    made("measured", {"eval/similarity.csv"});
    removeStillbornRuns(runs);
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(runs))
        left.push_back(entry.path().filename().string());
    std::sort(left.begin(), left.end());
    QCOMPARE(left, (std::vector<std::string>{"20260101-000002-begun", "measured", "notes"}));

    test::TempFolder other;
    auto run = RunFolder::create(other.path() / "runs", Experiment());
    QVERIFY(run.ok());
    const auto path = (*run)->path();
    run->reset(); // its state says nothing of an output folder yet
    const auto point = findResumePoint(posixFileSystem(), other.path(), other.path() / "runs");
    QVERIFY(point.ok());
    QCOMPARE(point->runDir, path);
}

void TestRunFolder::listsNewestFirst()
{
    test::TempFolder temp;
    for (const char* id : {"20260101-120000-b", "20261231-120000-a", "20260606-120000-c"}) {
        test::writeFile(temp / (std::string(id) + "/events.jsonl"),
                        eventToJsonLine(makeEvent(EventKind::Started, 0)) + "\n");
    }
    test::writeFile(temp / "notes/readme.txt", "not a run");
    const auto runs = listRuns(temp.path());
    QCOMPARE(runs.size(), std::size_t(3));
    QCOMPARE(runs[0].status.id, std::string("20261231-120000-a"));
    QCOMPARE(runs[2].status.id, std::string("20260101-120000-b"));
    QVERIFY(runs[0].status.state == RunState::Interrupted);
    QVERIFY(listRuns(temp / "nowhere").empty());
}

QTEST_APPLESS_MAIN(TestRunFolder)
#include "tst_runfolder.moc"
