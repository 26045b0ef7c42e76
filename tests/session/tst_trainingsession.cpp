#include "core/experiment/experiment.h"
#include "core/records/runreader.h"
#include "core/runcontrol.h"
#include "session/recordqueue.h"
#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "support/testfiles.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest>

#include <algorithm>
#include <stdexcept>

using namespace studio;
using State = TrainingSession::State;

namespace {

/// An engine whose train() breaks its promise and throws.
class ThrowingEngine : public ScriptedEngine
{
public:
    TrainOutcome train(const TrainRequest&, RunObserver&, RunControl&) override
    {
        throw std::runtime_error("weights are gone");
    }
};

QList<State> statesOf(const QSignalSpy& spy)
{
    QList<State> states;
    for (const auto& call : spy)
        states << call.at(0).value<State>();
    return states;
}

} // namespace

class TestTrainingSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void tellsTheWholeStoryInOrder();
    void stopEndsWithinAStep();
    void stopBeforeTheFirstStep();
    void failureIsTold();
    void exceptionIsAFailure();
    void startIsRefusedWhileActive();
    void secondRunStartsAfresh();
    void slotOfFinishedMayStartAgain();
    void destructorStopsAndJoins();
    void lowersThePriorityOfTheTrainingThread();
    void evaluateAndSaveOnRequest();
    void pauseHoldsAndResumeGoesOn();
    void pauseAndFreeThenResumeTheRun();
    void discardRemovesAndStops();
    void aFullDiskPausesAndSaysSo();
    void settingsChangeWhileRunning();
    void everyStepArrivesAtFullSpeed();
    void eventLoopStaysQuick();
    void queueKeepsOrder();

private:
    void setScript(const Script& script) { m_engine.setScript(script); }
    ScriptedEngine m_engine;
};

void TestTrainingSession::init()
{
    setScript({});
    setEngineForTesting(&m_engine);
}

void TestTrainingSession::cleanup()
{
    setEngineForTesting(nullptr);
}

void TestTrainingSession::tellsTheWholeStoryInOrder()
{
    Script script;
    script.steps = 120;
    setScript(script);
    TrainingSession session;
    QSignalSpy states(&session, &TrainingSession::stateChanged);
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    QSignalSpy events(&session, &TrainingSession::eventArrived);
    QSignalSpy finished(&session, &TrainingSession::finished);
    QCOMPARE(session.state(), State::Idle);
    QVERIFY(session.start(nullptr, "out"));
    QVERIFY(session.isActive());
    QVERIFY(finished.wait(10000));

    QCOMPARE(statesOf(states), QList<State>({State::Starting, State::Running, State::Completed}));
    std::int64_t expected = 1;
    for (const auto& call : steps)
        for (const auto& record : call.at(0).value<QVector<StepRecord>>())
            QCOMPARE(record.step, expected++);
    QCOMPARE(expected, std::int64_t(121));
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(120));
    QCOMPARE(events.first().at(0).value<Event>().kind, EventKind::Started);
    QCOMPARE(events.last().at(0).value<Event>().kind, EventKind::Completed);
    QCOMPARE(session.run()->series("eval_sts-dev_spearman_cosine")->size(), std::size_t(2));
    QCOMPARE(finished.first().at(0).value<TrainOutcome>().end, RunEnd::Completed);
    QVERIFY(!session.isActive());
}

void TestTrainingSession::stopEndsWithinAStep()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(2);
    setScript(script);
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    QSignalSpy states(&session, &TrainingSession::stateChanged);
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(steps.wait(10000));
    const auto told = m_engine.stepsTold();
    session.stop();
    const auto atStop = m_engine.stepsTold();
    QCOMPARE(session.state(), State::Stopping);
    QVERIFY(finished.wait(10000));
    QCOMPARE(session.state(), State::Stopped);
    QVERIFY(told > 0);
    QVERIFY2(m_engine.stepsTold() <= atStop + 1, qPrintable(QString::number(m_engine.stepsTold() - atStop)));
    QCOMPARE(std::int64_t(session.run()->series("loss")->size()), m_engine.stepsTold());
    QCOMPARE(statesOf(states),
             QList<State>({State::Starting, State::Running, State::Stopping, State::Stopped}));
}

void TestTrainingSession::stopBeforeTheFirstStep()
{
    Script script;
    script.loading = std::chrono::seconds(60);
    setScript(script);
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    QElapsedTimer clock;
    clock.start();
    session.start(nullptr, "out");
    session.stop();
    QVERIFY(finished.wait(10000));
    QCOMPARE(session.state(), State::Stopped);
    QVERIFY(clock.elapsed() < 5000);
    QCOMPARE(session.run()->step(), std::int64_t(0));
}

void TestTrainingSession::failureIsTold()
{
    Script script;
    script.failAtStep = 30;
    script.failure = "The disk is full.";
    setScript(script);
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(finished.wait(10000));
    QCOMPARE(session.state(), State::Failed);
    QCOMPARE(session.outcome().error.message, std::string("The disk is full."));
    QCOMPARE(session.run()->step(), std::int64_t(29));
}

void TestTrainingSession::exceptionIsAFailure()
{
    ThrowingEngine engine;
    setEngineForTesting(&engine);
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(finished.wait(10000));
    QCOMPARE(session.state(), State::Failed);
    QVERIFY(QString::fromStdString(session.outcome().error.message).contains("weights are gone"));
}

void TestTrainingSession::startIsRefusedWhileActive()
{
    Script script;
    script.perStep = std::chrono::milliseconds(1);
    script.steps = 100000;
    setScript(script);
    TrainingSession session;
    QVERIFY(session.start(nullptr, "out"));
    QVERIFY(!session.start(nullptr, "out"));
    QCOMPARE(session.runNumber(), quint64(1));
}

void TestTrainingSession::secondRunStartsAfresh()
{
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(finished.wait(10000));
    Script script;
    script.steps = 7;
    script.seed = 2;
    setScript(script);
    session.start(nullptr, "out");
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(0));
    QVERIFY(finished.wait(10000));
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(7));
    QCOMPARE(session.run()->runId(), QString("scripted-2"));
    QCOMPARE(session.runNumber(), quint64(2));
}

void TestTrainingSession::slotOfFinishedMayStartAgain()
{
    Script script;
    script.steps = 5;
    setScript(script);
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    connect(&session, &TrainingSession::finished, &session, [&] {
        if (session.runNumber() < 3) QVERIFY(session.start(nullptr, "out"));
    });
    session.start(nullptr, "out");
    QTRY_COMPARE_WITH_TIMEOUT(finished.size(), 3, 10000);
    QCOMPARE(session.state(), State::Completed);
}

void TestTrainingSession::destructorStopsAndJoins()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    setScript(script);
    QElapsedTimer clock;
    {
        TrainingSession session;
        QSignalSpy steps(&session, &TrainingSession::stepsAppended);
        session.start(nullptr, "out");
        QVERIFY(steps.wait(10000));
        clock.start();
    }
    QVERIFY2(clock.elapsed() < 1000, qPrintable(QString::number(clock.elapsed())));
    const auto told = m_engine.stepsTold();
    QTest::qWait(0);
    QCOMPARE(m_engine.stepsTold(), told);
}

void TestTrainingSession::lowersThePriorityOfTheTrainingThread()
{
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(finished.wait(10000));
    QVERIFY2(m_engine.niceness() >= 10, qPrintable(QString::number(m_engine.niceness())));
    // The window's own thread keeps its priority.
    ScriptedEngine probe;
    class Silent : public RunObserver
    {
        void onEvent(const Event&) override {}
        void onStep(const StepRecord&) override {}
    } silent;
    RunControl control;
    probe.train({}, silent, control);
    QVERIFY(probe.niceness() < m_engine.niceness());
}

void TestTrainingSession::evaluateAndSaveOnRequest()
{
    Script script;
    script.steps = 1000000;
    script.evaluateEvery = script.checkpointEvery = 0;
    script.perStep = std::chrono::milliseconds(1);
    setScript(script);
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    session.start(nullptr, "out");
    QVERIFY(steps.wait(10000));
    QVERIFY(session.run()->evaluationKeys().isEmpty());
    session.evaluateNow();
    session.saveNow();
    QTRY_VERIFY_WITH_TIMEOUT(session.run()->marks().size() >= 2, 10000);
    QVERIFY(!session.run()->evaluationKeys().isEmpty());
}

void TestTrainingSession::pauseHoldsAndResumeGoesOn()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::microseconds(500);
    setScript(script);
    TrainingSession session;
    QSignalSpy states(&session, &TrainingSession::stateChanged);
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    QSignalSpy byItself(&session, &TrainingSession::pausedByItself);
    session.start(nullptr, "out");
    QVERIFY(steps.wait(10000));
    session.pause();
    QCOMPARE(session.state(), State::Pausing);
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Paused, 10000);
    QVERIFY(session.isActive());
    const auto told = m_engine.stepsTold();
    QTest::qWait(60);
    QCOMPARE(m_engine.stepsTold(), told);
    // Requests count while it waits.
    const auto marks = session.run()->marks().size();
    session.saveNow();
    QTRY_COMPARE_WITH_TIMEOUT(session.run()->marks().size(), marks + 1, 10000);
    session.resume();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Running, 10000);
    QTRY_VERIFY_WITH_TIMEOUT(m_engine.stepsTold() > told, 10000);
    QCOMPARE(byItself.size(), 0);
    // Stop ends a pause too.
    session.pause();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Paused, 10000);
    session.stop();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Stopped, 10000);
    QCOMPARE(statesOf(states), QList<State>({State::Starting, State::Running, State::Pausing, State::Paused,
                                             State::Running, State::Pausing, State::Paused, State::Stopping,
                                             State::Stopped}));
}

void TestTrainingSession::pauseAndFreeThenResumeTheRun()
{
    test::TempFolder folder;
    Script script;
    script.steps = 300;
    script.perStep = std::chrono::milliseconds(1);
    script.writesRun = true;
    setScript(script);
    Experiment experiment;
    experiment.name = "freed";
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    session.start(std::make_shared<Experiment>(experiment), folder / "out");
    QVERIFY(steps.wait(10000));
    session.pauseAndFree();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Freed, 10000);
    QVERIFY(!session.isActive());
    const auto run = session.runFolder();
    QCOMPARE(readRunSummary(run).status.state, RunState::Paused);
    const auto before = session.run()->series("loss")->size();
    QVERIFY(before > 0);

    // What it told before is there again, and the same folder is written.
    QVERIFY(session.resumeRun(run).ok());
    QCOMPARE(session.run()->series("loss")->size(), before);
    QVERIFY(!session.resumeRun(run).ok());
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Completed, 20000);
    QCOMPARE(session.outcome().runDir, run);
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(300));
    QCOMPARE(readRunSummary(run).status.state, RunState::Completed);

    QVERIFY(!session.resumeRun(folder / "nothing").ok());
}

void TestTrainingSession::discardRemovesAndStops()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    setScript(script);
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    session.start(nullptr, "out");
    QVERIFY(steps.wait(10000));
    session.discard();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Stopped, 10000);
    QCOMPARE(session.run()->events().back().text, std::string("stopped and discarded"));
}

void TestTrainingSession::aFullDiskPausesAndSaysSo()
{
    Script script;
    script.steps = 60;
    script.diskFullAtStep = 40;
    setScript(script);
    TrainingSession session;
    QSignalSpy byItself(&session, &TrainingSession::pausedByItself);
    session.start(nullptr, "out");
    QVERIFY(byItself.wait(10000));
    QCOMPARE(session.state(), State::Paused);
    QVERIFY(session.pauseReason().contains("disk is full"));
    QCOMPARE(session.run()->marks().back().kind, RunMark::Kind::Paused);
    QVERIFY(session.run()->marks().back().text.contains("disk is full"));
    session.resume();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Completed, 10000);
    QVERIFY(session.pauseReason().isEmpty());
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(60));
}

void TestTrainingSession::settingsChangeWhileRunning()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    setScript(script);
    Experiment experiment;
    experiment.arguments.loggingSteps = Number(20);
    experiment.arguments.evalSteps = Number(0.1); // resolved by the plan only
    experiment.earlyStopping = EarlyStopping{3, 0};
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    session.start(std::make_shared<Experiment>(experiment), "out");
    QVERIFY(steps.wait(10000));
    const LiveSettings before = session.liveSettings();
    QCOMPARE(before.loggingSteps, std::int64_t(20));
    QCOMPARE(before.evalSteps, std::int64_t(0));
    QCOMPARE(before.patience, std::optional<std::int64_t>(3));
    LiveSettings after = before;
    after.evalSteps = 7;
    after.patience = 5;
    after.rateFactor = 0.5;
    const auto changes = changesBetween(before, after);
    QCOMPARE(changes.size(), std::size_t(3));
    session.change(changes);
    QTRY_VERIFY_WITH_TIMEOUT(session.liveSettings() == after, 10000);
    const auto& marks = session.run()->marks();
    QCOMPARE(std::count_if(marks.begin(), marks.end(),
                           [](const RunMark& mark) { return mark.kind == RunMark::Kind::Changed; }),
             std::ptrdiff_t(3));
    // The plan of the run knows what fractions became.
    QCOMPARE(liveSettings(&experiment, R"({"eval_every":14,"save_every":0})", {}).evalSteps, std::int64_t(14));
}

void TestTrainingSession::everyStepArrivesAtFullSpeed()
{
    Script script;
    script.steps = 200000;
    script.logEvery = 1000;
    script.evaluateEvery = 20000;
    setScript(script);
    TrainingSession session;
    QSignalSpy steps(&session, &TrainingSession::stepsAppended);
    QSignalSpy finished(&session, &TrainingSession::finished);
    session.start(nullptr, "out");
    QVERIFY(finished.wait(60000));
    QCOMPARE(session.run()->series("loss")->size(), std::size_t(200000));
    // One signal a tick, however many steps and events it brings.
    QVERIFY2(steps.size() < 400, qPrintable(QString::number(steps.size())));
}

/// A generous guard of the design's budget (p99 ≤ 50 ms): a posted event is handled soon while records pour
/// in.
void TestTrainingSession::eventLoopStaysQuick()
{
    Script script;
    script.steps = 3000;
    script.perStep = std::chrono::microseconds(500);
    setScript(script);
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    std::vector<double> waits;
    QElapsedTimer clock;
    clock.start();
    QTimer probe;
    probe.setInterval(5);
    connect(&probe, &QTimer::timeout, this, [&] {
        const auto posted = clock.nsecsElapsed();
        QMetaObject::invokeMethod(
            this, [&, posted] { waits.push_back(double(clock.nsecsElapsed() - posted) / 1e6); },
            Qt::QueuedConnection);
    });
    session.start(nullptr, "out");
    probe.start();
    QVERIFY(finished.wait(60000));
    probe.stop();
    QVERIFY(waits.size() > 50);
    std::sort(waits.begin(), waits.end());
    const double p99 = waits[waits.size() * 99 / 100];
    QVERIFY2(p99 < 100, qPrintable(QString("p99 %1 ms").arg(p99)));
}

void TestTrainingSession::queueKeepsOrder()
{
    RecordQueue queue;
    QueueObserver observer(queue, 4);
    StepRecord record;
    for (int i = 1; i <= 3; ++i) {
        record.step = i;
        observer.onStep(record);
    }
    Event event;
    event.step = 3;
    observer.onEvent(event);
    const auto taken = queue.take();
    QCOMPARE(taken.size(), std::size_t(4));
    QCOMPARE(std::get<TimedStep>(taken[1].content).record.step, std::int64_t(2));
    QVERIFY(std::get<Event>(taken[3].content).time > 0);
    QCOMPARE(taken[3].run, std::uint64_t(4));
    QVERIFY(queue.take().empty());
}

QTEST_GUILESS_MAIN(TestTrainingSession)
#include "tst_trainingsession.moc"
