#include "core/experiment/experiment.h"
#include "core/records/runstate.h"
#include "session/queuerunner.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "support/testfiles.h"

#include <QSignalSpy>
#include <QtTest>

using namespace studio;
using State = QueueState;

/// Fails the runs whose name says so.
class PickyEngine : public ScriptedEngine
{
public:
    TrainOutcome train(const TrainRequest& request, RunObserver& observer, RunControl& control) override
    {
        Script script;
        script.steps = 30;
        script.writesRun = true;
        script.perStep = std::chrono::milliseconds(1);
        if (request.experiment->name == "bad") script.failAtStep = 10;
        if (request.experiment->name == "long") script.steps = 1000000;
        setScript(script);
        return ScriptedEngine::train(request, observer, control);
    }
};

class TestQueueRunner : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { setEngineForTesting(nullptr); }
    void oneFailureDoesNotStopTheRest();
    void stopAfterThisOne();
    void onlyOneProgramWorksThroughIt();
    void aWindowFindsItsProcessAgain();
    void aProcessThatCannotStart();
    void theWindowDiedInTheMiddle();

private:
    void add(const char* name, bool ownProcess = false)
    {
        Experiment experiment;
        experiment.name = name;
        QueueAdd how;
        how.output = *m_folder / "out";
        how.ownProcess = ownProcess;
        QVERIFY(file().add(experiment, how).ok());
    }
    QueueFile file() const { return QueueFile(*m_folder / "queue"); }
    std::vector<State> states() const
    {
        std::vector<State> all;
        const auto queue = file().read();
        for (const auto& entry : queue->entries)
            all.push_back(entry.state);
        return all;
    }

    std::unique_ptr<test::TempFolder> m_folder;
    PickyEngine m_engine;
};

void TestQueueRunner::init()
{
    m_folder = std::make_unique<test::TempFolder>();
    setEngineForTesting(&m_engine);
}

void TestQueueRunner::oneFailureDoesNotStopTheRest()
{
    for (const char* name : {"good", "bad", "better"})
        add(name);
    TrainingSession session;
    QueueRunner runner(file(), &session);
    QSignalSpy ended(&runner, &QueueRunner::ended);
    QSignalSpy started(&runner, &QueueRunner::runStarted);
    QVERIFY(runner.start().ok());
    QVERIFY(ended.wait(20000));
    QCOMPARE(states(), (std::vector<State>{State::Completed, State::Failed, State::Completed}));
    QCOMPARE(started.size(), 3);
    QVERIFY(ended.first().first().toString().contains("2 of 3"));
    const auto queue = file().read();
    QVERIFY(queue->entries[1].message.find("script says") != std::string::npos);
    QVERIFY(!queue->going && !runner.isGoing());
    // The failed one goes on in its own folder.
    QVERIFY(runner.change([](QueueContents& contents) { return contents.again("2"); }).ok());
    QVERIFY(runner.start().ok());
    QVERIFY(ended.wait(20000));
    std::size_t runs = 0;
    for ([[maybe_unused]] const auto& run : std::filesystem::directory_iterator(queue->entries[1].output / "runs"))
        ++runs;
    QCOMPARE(runs, std::size_t(1));
}

void TestQueueRunner::stopAfterThisOne()
{
    for (const char* name : {"long", "good"})
        add(name);
    TrainingSession session;
    QueueRunner runner(file(), &session);
    QSignalSpy ended(&runner, &QueueRunner::ended);
    QVERIFY(runner.start().ok());
    QTRY_COMPARE(session.state(), TrainingSession::State::Running);
    QCOMPARE(runner.current(), QString("1"));
    runner.setStopAfterThis(true);
    runner.stopCurrent();
    QVERIFY(ended.wait(20000));
    QCOMPARE(states(), (std::vector<State>{State::Stopped, State::Waiting}));
}

void TestQueueRunner::onlyOneProgramWorksThroughIt()
{
    add("long");
    TrainingSession session, otherSession;
    QueueRunner runner(file(), &session);
    QVERIFY(runner.start().ok());
    QueueRunner other(file(), &otherSession);
    QVERIFY(!other.isGoing());
    const Status refused = other.start();
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Busy);
    runner.stopCurrent();
    QTRY_VERIFY_WITH_TIMEOUT(!runner.isGoing(), 20000);
}

/// A stand-in for sentence-train: it takes half a second and leaves the records of a completed run.
void TestQueueRunner::aWindowFindsItsProcessAgain()
{
    RunStatus status;
    status.id = "20261124-000000-own";
    status.state = RunState::Completed;
    status.metrics = {{"eval_loss", 0.25}};
    test::writeFile(*m_folder / "state.json", runStatusToJson(status));
    const auto script = *m_folder / "train.sh";
    test::writeFile(script, "#!/bin/sh\nsleep 0.5\nmkdir -p \"$4/runs/20261124-000000-own\"\ncp \"" +
                                (*m_folder / "state.json").string() +
                                "\" \"$4/runs/20261124-000000-own/state.json\"\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    add("own", true);
    add("good");
    {
        TrainingSession session;
        QueueRunner runner(file(), &session);
        runner.setProgram(QString::fromStdString(script.string()));
        QVERIFY(runner.start().ok());
        QCOMPARE(states()[0], State::Running);
        QVERIFY(!session.isActive());
    } // the window closes
    QCOMPARE(states()[0], State::Running);
    TrainingSession session;
    QueueRunner runner(file(), &session);
    QVERIFY(runner.isGoing());
    QCOMPARE(runner.current(), QString("1"));
    QSignalSpy ended(&runner, &QueueRunner::ended);
    QVERIFY(ended.wait(20000));
    QCOMPARE(states(), (std::vector<State>{State::Completed, State::Completed}));
    QCOMPARE(file().read()->entries[0].metrics, (MetricList{{"eval_loss", 0.25}}));
}

void TestQueueRunner::aProcessThatCannotStart()
{
    add("own", true);
    TrainingSession session;
    QueueRunner runner(file(), &session);
    runner.setProgram("/nonexistent/sentence-train");
    QSignalSpy ended(&runner, &QueueRunner::ended);
    QVERIFY(runner.start().ok());
    QVERIFY(ended.wait(20000));
    QCOMPARE(states()[0], State::Failed);
    QVERIFY(!file().read()->entries[0].message.empty());
}

void TestQueueRunner::theWindowDiedInTheMiddle()
{
    add("good");
    // What a program that was killed leaves.
    QVERIFY(file().change([](QueueContents& queue) {
                      queue.going = true;
                      queue.entries[0].state = State::Running;
                      queue.entries[0].pid = 999999999;
                      return Status();
                  }).ok());
    TrainingSession session;
    QueueRunner runner(file(), &session);
    QVERIFY(!runner.isGoing());
    QCOMPARE(states()[0], State::Interrupted);
    QVERIFY(runner.change([](QueueContents& contents) { return contents.again("1"); }).ok());
    QSignalSpy ended(&runner, &QueueRunner::ended);
    QVERIFY(runner.start().ok());
    QVERIFY(ended.wait(20000));
    QCOMPARE(states()[0], State::Completed);
}

QTEST_GUILESS_MAIN(TestQueueRunner)
#include "tst_queuerunner.moc"
