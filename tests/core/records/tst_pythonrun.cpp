// Runs of the Python library, read from files that its own packages wrote (tests/interop/python_run_files.py).

#include "core/records/pythonrun.h"
#include "core/records/tensorboard.h"
#include "core/records/tfevents.h"
#include "support/testfiles.h"

#include <QtTest>

#include <cmath>

using namespace studio;

class TestPythonRun : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void scalarsOfTensorBoard();
    void readsWhatWeWrite();
    void damagedEventFiles();
    void aWholeRun();
    void stateAlone();
    void csvAlone();
    void hostileFiles();
    void ourOwnFoldersAreNone();

private:
    static std::string eventFile()
    {
        return (test::fixture("python-run") / "runs/Nov24_16-00-00_host/events.out.tfevents.1764000000.host.1.0").string();
    }
};

void TestPythonRun::scalarsOfTensorBoard()
{
    const auto read = readTfEvents(eventFile());
    QVERIFY(read);
    QCOMPARE(read->damagedRecords, std::size_t(0));
    QCOMPARE(read->lostBytes, std::uint64_t(0));
    QCOMPARE(read->scalars.size(), std::size_t(15));
    const auto value = [&](const char* tag, std::int64_t step) {
        for (const TfScalar& scalar : read->scalars)
            if (scalar.tag == tag && scalar.step == step) return scalar.value;
        return -1.0;
    };
    QCOMPARE(value("train/loss", 10), 0.5);
    QCOMPARE(value("eval/loss", 20), 0.25);                    // float_val
    QCOMPARE(value("eval/sts-dev_pearson_cosine", 20), 0.8125); // tensor_content
    QCOMPARE(value("eval/sts-dev_spearman_cosine", 20), 0.8);   // double_val
    QVERIFY(std::isnan(value("train/loss", 30)));
    QCOMPARE(read->scalars.front().time, 1764000010.0);
}

void TestPythonRun::readsWhatWeWrite()
{
    test::TempFolder folder;
    {
        auto writer = TensorBoardWriter::open(posixFileSystem(), folder.path().string(), nullptr);
        QVERIFY(writer);
        Event event;
        event.kind = EventKind::Evaluation;
        event.step = 7;
        event.time = 1764000000.5;
        event.values = {{"eval_loss", 0.125}};
        (*writer)->onEvent(event);
    }
    const RunData run = readPythonRun(folder.path());
    QCOMPARE(run.summary.problems.size(), std::size_t(0));
    QCOMPARE(run.summary.status.metrics, (MetricList{{"eval_loss", 0.125}}));
    QCOMPARE(run.summary.status.step, std::int64_t(7));
}

void TestPythonRun::damagedEventFiles()
{
    const std::string bytes = test::readFile(eventFile());
    const std::size_t all = parseTfEvents(bytes).scalars.size();
    // Cut at every length: never more than there is, the rest is counted.
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const auto read = parseTfEvents(std::string_view(bytes).substr(0, length));
        QVERIFY(read.scalars.size() <= all);
        QCOMPARE(read.damagedRecords, std::size_t(0));
    }
    // Each byte turned: a record less, or everything behind a broken length; never a wrong value.
    const auto whole = parseTfEvents(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string turned = bytes;
        turned[at] = static_cast<char>(turned[at] ^ 0x20);
        const auto read = parseTfEvents(turned);
        QVERIFY(read.damagedRecords == 1 || read.lostBytes > 0);
        for (const TfScalar& scalar : read.scalars) {
            const bool known = std::any_of(whole.scalars.begin(), whole.scalars.end(), [&](const TfScalar& one) {
                return one.tag == scalar.tag && one.step == scalar.step &&
                       (one.value == scalar.value || std::isnan(one.value));
            });
            QVERIFY(known);
        }
    }
}

void TestPythonRun::aWholeRun()
{
    QVERIFY(isPythonRun(test::fixture("python-run")));
    const RunData run = readPythonRun(test::fixture("python-run"));
    QVERIFY2(run.summary.problems.empty(), run.summary.problems.empty() ? "" : run.summary.problems[0].c_str());
    const RunStatus& status = run.summary.status;
    QVERIFY(run.summary.foreign);
    QCOMPARE(status.name, std::string("python-run"));
    QCOMPARE(status.totalSteps, std::int64_t(40));
    QCOMPARE(status.state, RunState::Completed); // the event file knows train_runtime
    QCOMPARE(status.started, 1764000010.0);
    QCOMPARE(run.logged.size(), std::size_t(3));
    QCOMPARE(run.logged[1].loss, 0.375);
    QCOMPARE(run.logged[1].learningRate, 1e-05); // of trainer_state.json, in double precision
    QCOMPARE(run.logged[1].seconds, 10.0);
    QVERIFY(std::isnan(run.logged[2].loss));
    std::vector<std::int64_t> evaluated;
    for (const Event& event : run.events)
        if (event.kind == EventKind::Evaluation) evaluated.push_back(event.step);
    QCOMPARE(evaluated, (std::vector<std::int64_t>{0, 20, 30}));
    QVERIFY(run.experimentJson.find("\"per_device_train_batch_size\": 16") != std::string::npos);
}

void TestPythonRun::stateAlone()
{
    test::TempFolder folder;
    for (const int step : {9, 20, 100}) // the newest by its number, not by its name
        test::writeFile(folder / ("checkpoint-" + std::to_string(step)) / "trainer_state.json",
                        R"({"global_step": )" + std::to_string(step) + R"(, "max_steps": 200, "log_history": [{"step": )" +
                            std::to_string(step) + R"(, "loss": Infinity, "learning_rate": 1e-05}]})");
    const RunData run = readPythonRun(folder.path());
    QCOMPARE(run.summary.status.step, std::int64_t(100));
    QCOMPARE(run.summary.status.state, RunState::Interrupted);
    QCOMPARE(run.logged.size(), std::size_t(1));
}

void TestPythonRun::csvAlone()
{
    test::TempFolder folder;
    test::writeFile(folder / "triplet_evaluation_nli-dev_results.csv",
                    "epoch,steps,accuracy_cosine\n0.5,50,0.75\nbroken line\n1.0,100,0.8\n");
    QVERIFY(isPythonRun(folder.path()));
    const RunData run = readPythonRun(folder.path());
    QCOMPARE(run.summary.status.metrics, (MetricList{{"eval_nli-dev_accuracy_cosine", 0.8}}));
    QCOMPARE(run.summary.problems.size(), std::size_t(1));
    QVERIFY(run.summary.problems[0].find("1 lines") != std::string::npos);
}

void TestPythonRun::hostileFiles()
{
    for (const char* text : {"", "{", "[]", "{\"log_history\": 3}", "{\"log_history\": [3, {\"step\": \"x\"}, {}]}",
                             "{\"log_history\": [{\"step\": 1e400}]}", "\xff\xfe"}) {
        test::TempFolder folder;
        test::writeFile(folder / "trainer_state.json", text);
        test::writeFile(folder / "mteb_results.csv", text);
        test::writeFile(folder / "events.out.tfevents.1", text);
        const RunData run = readPythonRun(folder.path());
        QVERIFY2(!run.summary.problems.empty(), text);
        QVERIFY(run.logged.empty());
    }
}

void TestPythonRun::ourOwnFoldersAreNone()
{
    test::TempFolder folder;
    test::writeFile(folder / "checkpoint-10/trainer_state.json", "{}");
    test::writeFile(folder / "checkpoint-10/manifest.json", "{}");
    QVERIFY(!isPythonRun(folder.path()));
    QVERIFY(!isPythonRun(folder / "nowhere"));
}

QTEST_GUILESS_MAIN(TestPythonRun)
#include "tst_pythonrun.moc"
