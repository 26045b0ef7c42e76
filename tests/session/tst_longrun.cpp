// Runs that go on for a day: bounded memory, pauses that leave nothing behind.

#include "core/experiment/experiment.h"
#include "core/records/runreader.h"
#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "support/testfiles.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest>

#include <algorithm>
#include <fstream>

#include <unistd.h>

using namespace studio;
using State = TrainingSession::State;

namespace {

/// Resident memory of this process in MB.
double residentMb()
{
    std::ifstream file("/proc/self/statm");
    double total = 0, resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

} // namespace

class TestLongRun : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { setEngineForTesting(nullptr); }
    void aDayOfSteps();
    void hundredPauses();
    void thinningKeepsExtremes();

private:
    ScriptedEngine m_engine;
};

/// 10 million steps are 24 hours at 116 steps a second. STUDIO_LONG_STEPS sets another number; ./test tells 3 million,
/// which is behind the point from which memory must not grow.
void TestLongRun::aDayOfSteps()
{
    const auto wanted = qEnvironmentVariableIntValue("STUDIO_LONG_STEPS");
    Script script;
    script.steps = wanted > 0 ? wanted : 3'000'000;
    script.logEvery = 500;
    script.evaluateEvery = 20000;
    script.checkpointEvery = 50000;
    script.writesRun = true;
    m_engine.setScript(script);
    setEngineForTesting(&m_engine);
    const test::TempFolder folder;
    TrainingSession session;
    QSignalSpy finished(&session, &TrainingSession::finished);
    Experiment experiment;
    experiment.name = "day";
    const double before = residentMb();
    double peak = before, atMillion = 0;
    std::int64_t told = 0;
    connect(&session, &TrainingSession::stepsAppended, this, [&](const QVector<StepRecord>& steps) {
        told += steps.size();
        peak = std::max(peak, residentMb());
        if (atMillion == 0 && told > 1'200'000) atMillion = peak;
    });
    QElapsedTimer clock;
    clock.start();
    QVERIFY(session.start(std::make_shared<Experiment>(experiment), folder / "out"));
    QVERIFY(finished.wait(280000));
    QCOMPARE(session.state(), State::Completed);
    QCOMPARE(told, script.steps);
    const auto* loss = session.run()->series("loss");
    qInfo("%lld steps in %.1f s: %.0f MB before, %.0f MB peak (%.0f MB after 1.2 million), %zu points kept, %zu events",
          static_cast<long long>(told), clock.elapsed() / 1e3, before, peak, atMillion, loss->size(),
          session.run()->events().size());
    QVERIFY(loss->size() <= std::size_t(1) << 20);
    QCOMPARE(loss->axis().value(AxisKind::Step, loss->size() - 1), static_cast<double>(script.steps));
    QVERIFY2(peak - before < 600, qPrintable(QString::number(peak - before)));
    // The files hold every step.
    const auto stored = readRun(session.runFolder());
    QCOMPARE(stored.steps->size(), static_cast<std::size_t>(script.steps));
    QVERIFY(stored.summary.problems.empty());
}

void TestLongRun::hundredPauses()
{
    Script script;
    script.steps = 100'000'000;
    script.perStep = std::chrono::microseconds(200);
    script.evaluateEvery = 0;
    m_engine.setScript(script);
    setEngineForTesting(&m_engine);
    TrainingSession session;
    QVERIFY(session.start(nullptr, "out"));
    double early = 0;
    for (int cycle = 0; cycle < 100; ++cycle) {
        session.pause();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Paused, 10000);
        const auto step = m_engine.stepsTold();
        session.resume();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Running, 10000);
        QTRY_VERIFY_WITH_TIMEOUT(m_engine.stepsTold() > step, 10000);
        if (cycle == 9) early = residentMb();
    }
    const double grown = residentMb() - early;
    qInfo("%.1f MB grown over 90 pauses", grown);
    QVERIFY2(grown < 10, qPrintable(QString::number(grown)));
    // Stop within a step, and the window's part of quitting within a second.
    QElapsedTimer clock;
    clock.start();
    const auto at = m_engine.stepsTold();
    session.stop();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), State::Stopped, 1000);
    QVERIFY(m_engine.stepsTold() <= at + 2);
    QVERIFY(clock.elapsed() < 1000);
}

void TestLongRun::thinningKeepsExtremes()
{
    RunModel model;
    StepRecord record;
    record.seconds = 0.01;
    record.samples = 8;
    for (int step = 1; step <= 2'500'000; ++step) {
        record.step = step;
        record.loss = step == 1234 ? 99.0 : step == 777'777 ? std::nan("") : step == 2'000'001 ? -5.0 : 1.0 + step % 7;
        model.appendStep(record, 1e9 + step);
    }
    const auto* loss = model.series("loss");
    QVERIFY(loss->size() <= std::size_t(1) << 20 && loss->size() > 400'000);
    const auto extremes = loss->values().extremes(0, loss->size());
    QCOMPARE(loss->values()[extremes.max], 99.0);
    QCOMPARE(loss->axis().value(AxisKind::Step, extremes.max), 1234.0);
    QCOMPARE(loss->values()[extremes.min], -5.0);
    QCOMPARE(model.nonFiniteLosses(), std::int64_t(1));
    QCOMPARE(loss->axis().value(AxisKind::Step, loss->size() - 1), 2'500'000.0);
    QCOMPARE(model.samples(), std::int64_t(20'000'000));
    QCOMPARE(model.series("learning_rate")->size(), loss->size());
    // Going back to an earlier step works on thinned curves.
    record.step = 1'000'000;
    model.appendStep(record, 3e9);
    QCOMPARE(model.series("loss")->axis().value(AxisKind::Step, model.series("loss")->size() - 1), 1'000'000.0);
}

QTEST_GUILESS_MAIN(TestLongRun)
#include "tst_longrun.moc"
