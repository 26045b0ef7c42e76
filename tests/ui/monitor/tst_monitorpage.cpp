#include "core/experiment/experiment.h"
#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "ui/charts/plotview.h"
#include "ui/monitor/eventlog.h"
#include "ui/monitor/monitorpage.h"
#include "ui/monitor/similaritypanel.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QStyleFactory>
#include <QTabWidget>
#include <QTableWidget>
#include <QtCharts/QChartView>
#include <QScrollBar>
#include <QSlider>
#include <QtTest>

#include <cmath>
#include <cstdio>
#include <memory>

using namespace studio;
using State = TrainingSession::State;

namespace {

QPalette darkPalette()
{
    QPalette palette(QColor(0x35, 0x36, 0x3a), QColor(0x2b, 0x2c, 0x2f));
    for (const auto role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        palette.setColor(role, QColor(0xe8eaed));
    palette.setColor(QPalette::Base, QColor(0x202124));
    palette.setColor(QPalette::AlternateBase, QColor(0x292a2d));
    palette.setColor(QPalette::ToolTipBase, QColor(0x3c4043));
    palette.setColor(QPalette::Highlight, QColor(0x4c8bf5));
    palette.setColor(QPalette::PlaceholderText, QColor(0x9aa0a6));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, QColor(0x80868b));
    return palette;
}

/// As the trainer tells it: 40 bins of each kind, means and, for ranking losses, the loss of guessing.
Event qualityAt(std::int64_t step, int positiveBin, int negativeBin)
{
    Event event;
    event.kind = EventKind::Quality;
    event.step = step;
    event.text = "sts-dev";
    event.values = {{"alignment", 0.5}, {"uniformity", -2},      {"effective_rank", 70}, {"overlap", 0.25},
                    {"similarity_positives", 0.8}, {"similarity_negatives", 0.2}, {"chance_loss", 4.1589}};
    for (int bin = 0; bin < SimilarityRecord::kBins; ++bin) {
        char key[32];
        std::snprintf(key, sizeof key, "positives_%02d", bin);
        event.values.emplace_back(key, bin == positiveBin ? 30 : 0);
        std::snprintf(key, sizeof key, "negatives_%02d", bin);
        event.values.emplace_back(key, bin == negativeBin ? 50 : 0);
    }
    return event;
}

} // namespace

class TestMonitorPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init();
    void cleanup();

    void pointsArriveOnEveryChart();
    void buttonsFollowTheState();
    void stopShowsTheEnd();
    void failureIsShown();
    void nonFiniteLossesAreCounted();
    void progressAndThroughput();
    void logTellsEvents();
    void logFollowsTheEnd();
    void smoothingChangesTheTwin();
    void axisChangesEveryChart();
    void zoomAndCursorAreLinked();
    void metricsCanBeChosen();
    void secondRunStartsEmpty();
    void pageMadeLaterShowsTheRun();
    void plannedRateLiesUnderTheRealOne();
    void chanceLineOfRankingLosses();
    void pausesAreSpans();
    void similaritiesWithAScrubber();
    void similarityNumbers();
    void evaluationsAsATable();
    void machineIsShownWhileTraining();
    void everyControlHasAName();
    void fitsASmallScreen();
    void screenshots();

private:
    PlotView* plot(const char* name) const { return m_page->findChild<PlotView*>(name); }
    template <typename T>
    T* find(const char* name) const
    {
        return m_page->findChild<T*>(name);
    }
    void run(const Script& script);

    ScriptedEngine m_engine;
    std::unique_ptr<TrainingSession> m_session;
    std::unique_ptr<MonitorPage> m_page;
};

void TestMonitorPage::init()
{
    setEngineForTesting(&m_engine);
    m_session = std::make_unique<TrainingSession>();
    m_page = std::make_unique<MonitorPage>(m_session.get());
    m_page->resize(1100, 760);
    m_page->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
}

void TestMonitorPage::cleanup()
{
    m_page.reset();
    m_session.reset();
    setEngineForTesting(nullptr);
}

void TestMonitorPage::run(const Script& script)
{
    m_engine.setScript(script);
    QSignalSpy finished(m_session.get(), &TrainingSession::finished);
    QVERIFY(m_session->start(nullptr, "out"));
    QVERIFY(finished.wait(20000));
}

void TestMonitorPage::pointsArriveOnEveryChart()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    m_engine.setScript(script);
    for (const char* name : {"lossPlot", "metricPlot", "ratePlot", "normPlot"}) {
        QVERIFY2(plot(name), name);
        QCOMPARE(plot(name)->drawnPoints(), std::size_t(0));
    }
    m_session->start(nullptr, "out");
    for (const char* name : {"lossPlot", "metricPlot", "ratePlot", "normPlot"})
        QTRY_VERIFY2_WITH_TIMEOUT(plot(name)->drawnPoints() > 1, name, 20000);
    // They go on arriving, while the run is active.
    const auto before = plot("ratePlot")->drawnPoints();
    QTRY_VERIFY_WITH_TIMEOUT(plot("ratePlot")->drawnPoints() > before, 20000);
    QCOMPARE(m_session->state(), State::Running);
    QCOMPARE(plot("lossPlot")->curveCount(), 2);
}

void TestMonitorPage::buttonsFollowTheState()
{
    auto* start = find<QPushButton>("startButton");
    auto* stop = find<QPushButton>("stopButton");
    QSignalSpy startAsked(m_page.get(), &MonitorPage::startRequested);
    QSignalSpy stopAsked(m_page.get(), &MonitorPage::stopRequested);
    QVERIFY(start->isEnabled() && !stop->isEnabled());
    m_page->setStartAllowed(false, "The model folder is missing.");
    QVERIFY(!start->isEnabled());
    QCOMPARE(start->toolTip(), QString("The model folder is missing."));
    m_page->setStartAllowed(true);
    start->click();
    QCOMPARE(startAsked.size(), 1);

    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    m_engine.setScript(script);
    m_session->start(nullptr, "out");
    QVERIFY(!start->isEnabled() && stop->isEnabled());
    stop->click();
    QCOMPARE(stopAsked.size(), 1);
    m_session->stop();
    QVERIFY(!start->isEnabled() && !stop->isEnabled());
    QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled() && !stop->isEnabled(), 20000);
}

void TestMonitorPage::stopShowsTheEnd()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    m_engine.setScript(script);
    m_session->start(nullptr, "out");
    QTRY_COMPARE_WITH_TIMEOUT(find<QLabel>("runState")->text(), QString("Running"), 20000);
    QTRY_VERIFY_WITH_TIMEOUT(m_session->run()->step() > 60, 20000);
    m_session->stop();
    QCOMPARE(find<QLabel>("runState")->text(), QString("Stopping"));
    QTRY_COMPARE_WITH_TIMEOUT(find<QLabel>("runState")->text(), QString("Stopped"), 20000);
    QVERIFY2(find<QLabel>("timeLeft")->text().contains("best eval_sts-dev_spearman_cosine"),
             qPrintable(find<QLabel>("timeLeft")->text()));
    QVERIFY(find<QProgressBar>("runProgress")->value() < 1000);
}

void TestMonitorPage::failureIsShown()
{
    Script script;
    script.failAtStep = 40;
    script.failure = "No space is left on the device.";
    run(script);
    auto* trouble = find<QLabel>("trouble");
    QVERIFY(trouble->isVisible());
    QVERIFY(trouble->text().contains("No space is left on the device."));
    QCOMPARE(find<QLabel>("runState")->text(), QString("Failed"));
}

void TestMonitorPage::nonFiniteLossesAreCounted()
{
    Script script;
    script.nanSteps = {57, 58, 120};
    run(script);
    auto* trouble = find<QLabel>("trouble");
    QVERIFY(trouble->isVisible());
    QVERIFY2(trouble->text().startsWith("3 losses are not finite, the first at step 57"),
             qPrintable(trouble->text()));
    QVERIFY(plot("lossPlot")->badge().contains("3 not finite"));
}

void TestMonitorPage::progressAndThroughput()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    script.epochs = 3;
    m_engine.setScript(script);
    m_session->start(nullptr, "out");
    auto* progress = find<QProgressBar>("runProgress");
    QTRY_VERIFY2_WITH_TIMEOUT(progress->format().contains("of 1,000,000"), qPrintable(progress->format()),
                              20000);
    QVERIFY2(progress->format().contains("epoch 0.00 of 3"), qPrintable(progress->format()));
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("timeLeft")->text().startsWith("About "), 20000);
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("throughput")->text().contains("tokens/s"), 20000);
}

void TestMonitorPage::logTellsEvents()
{
    run({});
    const QString text = find<QPlainTextEdit>("eventLog")->toPlainText();
    QVERIFY2(text.contains("Run scripted-1 started"), qPrintable(text));
    QVERIFY(text.contains("Evaluation at step 50"));
    QVERIFY(text.contains("Checkpoint at step 100"));
    QVERIFY(text.contains("Completed at step 200"));
    QVERIFY(text.contains("Step 20: loss "));
}

void TestMonitorPage::logFollowsTheEnd()
{
    EventLog log;
    log.resize(300, 120);
    log.show();
    QVERIFY(QTest::qWaitForWindowExposed(&log));
    for (int i = 0; i < 8; ++i)
        log.addLine(QString("line %1").arg(i), i);
    QScrollBar* bar = log.verticalScrollBar();
    // A long line brings the horizontal bar, which takes room from below.
    log.addLine(QString(300, 'x'), 8);
    QTRY_VERIFY(log.horizontalScrollBar()->isVisible());
    for (int i = 9; i < 30; ++i) {
        log.addLine(QString("line %1").arg(i), i);
        QCoreApplication::processEvents();
    }
    QCOMPARE(bar->value(), bar->maximum());
    // Somebody reads further up: it stays there.
    bar->setValue(2);
    log.addLine("more", 30);
    QCOMPARE(bar->value(), 2);
}

void TestMonitorPage::smoothingChangesTheTwin()
{
    run({});
    QVERIFY(plot("lossPlot")->badge().contains("smoothed 0.6"));
    for (auto* box : m_page->findChildren<QDoubleSpinBox*>())
        if (box->accessibleName() == "Smoothing weight") box->setValue(0.95);
    QVERIFY2(plot("lossPlot")->badge().contains("smoothed 0.95"), qPrintable(plot("lossPlot")->badge()));
    QComboBox* kind = nullptr;
    for (auto* box : m_page->findChildren<QComboBox*>())
        if (box->accessibleName() == "Smoothing") kind = box;
    QVERIFY(kind);
    kind->setCurrentText("Mean");
    QVERIFY(plot("lossPlot")->badge().contains("mean of 20"));
    kind->setCurrentText("Time-weighted");
    QVERIFY(plot("lossPlot")->badge().contains("time-weighted"));
    const auto& spec = m_session->run()->series("loss")->smoothing();
    QCOMPARE(spec.xRange, plot("lossPlot")->xRange().length());
    kind->setCurrentText("None");
    QVERIFY(!m_session->run()->series("loss")->smoothed());
}

void TestMonitorPage::axisChangesEveryChart()
{
    run({});
    auto* axis = find<QComboBox>("axisBox");
    axis->setCurrentText("Tokens");
    for (const char* name : {"lossPlot", "metricPlot", "ratePlot", "normPlot"}) {
        QCOMPARE(plot(name)->axisKind(), AxisKind::Tokens);
        QVERIFY(plot(name)->drawnPoints() > 0);
    }
    QVERIFY(plot("lossPlot")->xRange().high > 60000);
    axis->setCurrentText("Epoch");
    QVERIFY(plot("lossPlot")->xRange().high >= 1 && plot("lossPlot")->xRange().high < 2);
}

void TestMonitorPage::zoomAndCursorAreLinked()
{
    run({});
    auto* canvas = plot("lossPlot")->findChild<QChartView*>()->viewport();
    const QPoint middle(canvas->width() / 2, canvas->height() / 2);
    QTest::mousePress(canvas, Qt::LeftButton, {}, middle);
    QTest::mouseMove(canvas, middle + QPoint(80, 0));
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, middle + QPoint(80, 0));
    for (const char* name : {"metricPlot", "ratePlot", "normPlot"}) {
        QCOMPARE(plot(name)->xRange(), plot("lossPlot")->xRange());
        QVERIFY2(plot(name)->readout().startsWith("Step "), name);
    }
    QTest::mouseDClick(canvas, Qt::LeftButton, {}, middle);
    QVERIFY(plot("normPlot")->isFitted());
}

void TestMonitorPage::metricsCanBeChosen()
{
    run({});
    QCOMPARE(plot("metricPlot")->curveCount(), 2);
    QMenu* menu = nullptr;
    for (auto* button : m_page->findChildren<QPushButton*>())
        if (button->menu()) menu = button->menu();
    QVERIFY(menu);
    QCOMPARE(menu->actions().size(), 2);
    menu->actions().first()->setChecked(false);
    QCOMPARE(plot("metricPlot")->curveCount(), 1);
    menu->actions().first()->setChecked(true);
    QCOMPARE(plot("metricPlot")->curveCount(), 2);
}

void TestMonitorPage::secondRunStartsEmpty()
{
    run({});
    Script script;
    script.steps = 10;
    script.evaluateEvery = 5;
    run(script);
    QCOMPARE(m_session->run()->series("loss")->size(), std::size_t(10));
    QVERIFY(plot("lossPlot")->badge().startsWith("kept 12 "));
    QCOMPARE(plot("metricPlot")->curveCount(), 2);
    QVERIFY(plot("lossPlot")->xRange().high < 20);
    QVERIFY(!find<QPlainTextEdit>("eventLog")->toPlainText().contains("step 200"));
}

void TestMonitorPage::pageMadeLaterShowsTheRun()
{
    run({});
    MonitorPage later(m_session.get());
    later.resize(1000, 700);
    later.show();
    QVERIFY(QTest::qWaitForWindowExposed(&later));
    QVERIFY(later.findChild<PlotView*>("lossPlot")->drawnPoints() > 100);
    QVERIFY(later.findChild<PlotView*>("metricPlot")->drawnPoints() > 1);
    QVERIFY(later.findChild<QPlainTextEdit*>("eventLog")->toPlainText().contains("Completed"));
    QCOMPARE(later.findChild<QLabel*>("runState")->text(), QString("Completed"));
}

void TestMonitorPage::plannedRateLiesUnderTheRealOne()
{
    Script script;
    script.steps = 400;
    script.warmupSteps = 40;
    m_engine.setScript(script);
    auto experiment = std::make_shared<Experiment>();
    experiment->arguments.learningRate = script.peakRate;
    experiment->arguments.warmupSteps = Number(40);
    QSignalSpy finished(m_session.get(), &TrainingSession::finished);
    QVERIFY(m_session->start(experiment, "out"));
    QVERIFY(finished.wait(20000));
    auto* rate = plot("ratePlot");
    QCOMPARE(rate->curveCount(), 2);
    // The scripted engine follows the same schedule, so the readouts agree at every step.
    for (const double step : {1.0, 20.0, 41.0, 200.0, 400.0}) {
        rate->setCursorX(step);
        const auto lines = rate->readout().split('\n');
        QCOMPARE(lines.size(), 3);
        QCOMPARE(lines[1].section(' ', -1), lines[2].section(' ', -1));
    }
    QVERIFY(rate->badge().startsWith("kept 400 "));
    // Nobody knows at which time or token a planned step will be.
    find<QComboBox>("axisBox")->setCurrentText("Tokens");
    QCOMPARE(rate->curveCount(), 1);
    find<QComboBox>("axisBox")->setCurrentText("Epoch");
    QCOMPARE(rate->curveCount(), 2);
}

void TestMonitorPage::chanceLineOfRankingLosses()
{
    auto* run = m_session->run();
    for (int step = 1; step <= 20; ++step)
        run->appendStep({step, 4.0 - step * 0.1, 1e-5, 1, 0.1, 16, 400, 0}, 1000 + step);
    run->endBatch();
    const auto before = plot("lossPlot")->yRange();
    QVERIFY(!before.contains(4.1589));
    run->addEvent(qualityAt(20, 30, 20));
    run->endBatch();
    QVERIFY(plot("lossPlot")->yRange().contains(4.1589));
}

void TestMonitorPage::pausesAreSpans()
{
    auto* run = m_session->run();
    run->appendStep({1, 1, 1e-5, 1, 0.1, 16, 400, 0}, 1000);
    run->appendStep({2, 0.9, 1e-5, 1, 0.1, 16, 400, 0}, 1001);
    Event event;
    event.kind = EventKind::Paused;
    event.step = 2;
    event.time = 1001;
    run->addEvent(event);
    event.kind = EventKind::Resumed;
    event.time = 1100;
    run->addEvent(event);
    run->appendStep({3, 0.8, 1e-5, 1, 0.1, 16, 400, 0}, 1101);
    run->endBatch();
    find<QComboBox>("axisBox")->setCurrentText("Time since start");
    auto* loss = plot("lossPlot");
    const QImage image = loss->grab().toImage();
    // Shaded while it waited, plain while it trained: look just below the upper edge of the plot area.
    const double from = 70, width = loss->width() - 90;
    const auto pixel = [&](double seconds) {
        const double share = seconds / loss->xRange().high;
        return image.pixelColor(int((from + share * width) * image.devicePixelRatio()),
                                int(60 * image.devicePixelRatio()));
    };
    QVERIFY(pixel(50) != pixel(105));
}

void TestMonitorPage::similaritiesWithAScrubber()
{
    auto* run = m_session->run();
    auto* panel = find<SimilarityPanel>("similarityPanel");
    auto* slider = find<QSlider>("similaritySlider");
    QCOMPARE(panel->shownRecord(), -1);
    QVERIFY(!slider->isEnabled());
    for (const int step : {100, 200, 300}) {
        run->addEvent(qualityAt(step, 25 + step / 30, 20));
        run->endBatch();
    }
    QCOMPARE(panel->records().size(), std::size_t(3));
    // It follows the newest.
    QCOMPARE(panel->shownRecord(), 2);
    QVERIFY(find<QLabel>("similarityWhen")->text().startsWith("Step 300"));
    slider->setValue(0);
    QVERIFY(find<QLabel>("similarityWhen")->text().startsWith("Step 100"));
    run->addEvent(qualityAt(400, 38, 20));
    run->endBatch();
    QCOMPARE(panel->shownRecord(), 0);
    slider->setValue(slider->maximum());
    QVERIFY(find<QLabel>("similarityWhen")->text().startsWith("Step 400"));
    // The run goes on from step 200: what was measured after it is measured anew.
    run->addEvent(qualityAt(300, 30, 20));
    run->endBatch();
    QCOMPARE(panel->records().size(), std::size_t(3));
    QVERIFY(find<QLabel>("similarityWhen")->text().startsWith("Step 300"));
    QVERIFY(find<QWidget>("similarityHistogram")->accessibleDescription().contains("overlap 0.2500"));
    run->clear();
    QCOMPARE(panel->shownRecord(), -1);
}

void TestMonitorPage::similarityNumbers()
{
    const auto apart = SimilarityRecord::from(qualityAt(1, 30, 20));
    QCOMPARE(apart.positives[30], 30.0);
    QCOMPARE(apart.negatives[20], 50.0);
    QCOMPARE(apart.separation(), 1.0);
    QVERIFY(apart.threshold() > -1 + 2.0 * 20 / 40 && apart.threshold() <= -1 + 2.0 * 30 / 40);
    QCOMPARE(SimilarityRecord::from(qualityAt(1, 20, 20)).separation(), 0.5);
    QCOMPARE(SimilarityRecord::from(qualityAt(1, 10, 20)).separation(), 0.0);
    // By the definition, over all pairs of values that lie in the middle of their bins.
    SimilarityRecord mixed;
    double won = 0, pairs = 0;
    for (std::size_t bin = 0; bin < SimilarityRecord::kBins; ++bin) {
        mixed.positives[bin] = double(bin * bin % 7);
        mixed.negatives[bin] = double((bin + 3) * 5 % 11);
    }
    for (std::size_t p = 0; p < SimilarityRecord::kBins; ++p)
        for (std::size_t n = 0; n < SimilarityRecord::kBins; ++n) {
            const double count = mixed.positives[p] * mixed.negatives[n];
            pairs += count;
            won += p > n ? count : p == n ? count / 2 : 0;
        }
    QVERIFY(std::abs(mixed.separation() - won / pairs) < 1e-12);
    QVERIFY(std::isnan(SimilarityRecord().separation()));
    QVERIFY(std::isnan(SimilarityRecord().threshold()));
}

void TestMonitorPage::evaluationsAsATable()
{
    Script script;
    script.steps = 150;
    run(script); // evaluates every 50 steps
    auto* rows = find<QTableWidget>("evaluationRows");
    QCOMPARE(rows->rowCount(), 3);
    QCOMPARE(rows->item(1, 0)->text(), QString("100"));
    QCOMPARE(rows->horizontalHeaderItem(2)->text(), QString("loss"));
    const auto* series = m_session->run()->series("eval_loss");
    int best = 0;
    for (int row = 0; row < 3; ++row)
        if (series->values()[std::size_t(row)] < series->values()[std::size_t(best)]) best = row;
    for (int row = 0; row < 3; ++row)
        QCOMPARE(rows->item(row, 2)->font().bold(), row == best);
    find<QPushButton>("copyEvaluations")->click();
    const auto lines = QApplication::clipboard()->text().split('\n');
    QCOMPARE(lines.size(), 5);
    QVERIFY(lines[0].startsWith("step,epoch,eval_loss,"));
    // The logged value, with every digit.
    QCOMPARE(lines[2].section(',', 2, 2).toDouble(), series->values()[1]);
    m_session->run()->clear();
    QCOMPARE(rows->rowCount(), 0);
}

void TestMonitorPage::machineIsShownWhileTraining()
{
    Script script;
    script.steps = 1000000;
    script.perStep = std::chrono::milliseconds(1);
    m_engine.setScript(script);
    m_session->start(nullptr, "out");
    auto* machine = find<QLabel>("machine");
    QTRY_VERIFY_WITH_TIMEOUT(machine->text().contains("memory"), 20000);
    QVERIFY(machine->text().contains("ms a step"));
    QVERIFY(machine->text().contains("gradient norm"));
    QVERIFY(machine->text().contains("CPU"));
    QSignalSpy finished(m_session.get(), &TrainingSession::finished);
    m_session->stop();
    QVERIFY(finished.wait(20000));
    QVERIFY(!machine->isVisible());
}

void TestMonitorPage::everyControlHasAName()
{
    for (const auto* widget : m_page->findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_")) continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool named = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        QVERIFY2(named || widget->inherits("QSplitterHandle"), widget->metaObject()->className());
    }
}

void TestMonitorPage::fitsASmallScreen()
{
    QVERIFY2(
        m_page->minimumSizeHint().width() <= 900 && m_page->minimumSizeHint().height() <= 640,
        qPrintable(
            QString("%1×%2").arg(m_page->minimumSizeHint().width()).arg(m_page->minimumSizeHint().height())));
}

/// Not a test of pixels: writes pictures to look at into the folder that STUDIO_SCREENSHOTS names.
void TestMonitorPage::screenshots()
{
    const QString folder = qEnvironmentVariable("STUDIO_SCREENSHOTS");
    if (folder.isEmpty()) QSKIP("STUDIO_SCREENSHOTS names no folder for pictures.");
    QVERIFY(QDir().mkpath(folder));
    QApplication::setStyle(QStyleFactory::create("Fusion"));
    const QPalette light = QApplication::style()->standardPalette();
    Script script;
    script.steps = 1080;
    script.evaluateEvery = 90;
    script.checkpointEvery = 360;
    script.warmupSteps = 108;
    script.nanSteps = {700, 701};
    script.perStep = std::chrono::milliseconds(2);
    m_page->setExperimentName("STS-B with cosine loss");
    run(script);
    for (int i = 0; i < 5; ++i) {
        // Two humps that move apart.
        Event event = qualityAt(216 * (i + 1), 0, 0);
        for (auto& [key, value] : event.values) {
            const bool positive = key.rfind("positives_", 0) == 0;
            if (!positive && key.rfind("negatives_", 0) != 0) continue;
            const double bin = std::stod(key.substr(10)), middle = positive ? 27 + i * 2 : 24 - i;
            value = std::round(100 * std::exp(-(bin - middle) * (bin - middle) / 12));
        }
        m_session->run()->addEvent(event);
    }
    m_session->run()->endBatch();
    QApplication::processEvents();
    const QString scale = QString::number(m_page->devicePixelRatioF());
    for (const bool dark : {false, true}) {
        QApplication::setPalette(dark ? darkPalette() : light);
        const QString name = QString("%1/monitor-%2-%3").arg(folder, dark ? "dark" : "light", scale);
        QVERIFY(m_page->grab().save(name + ".png"));
        auto* canvas = plot("lossPlot")->findChild<QChartView*>()->viewport();
        QTest::mouseMove(canvas, QPoint(canvas->width() / 2, canvas->height() / 2));
        plot("lossPlot")->setLogY(true);
        QVERIFY(m_page->grab().save(name + "-cursor-log.png"));
        plot("lossPlot")->setLogY(false);
        QTest::mouseMove(canvas, QPoint(1, 1));
        for (const int tab : {2, 1, 0}) {
            find<QTabWidget>("runDetails")->setCurrentIndex(tab);
            QApplication::processEvents();
            if (tab > 0) QVERIFY(m_page->grab().save(QString("%1-tab%2.png").arg(name).arg(tab)));
        }
    }
    QApplication::setPalette(light);
}

QTEST_MAIN(TestMonitorPage)
#include "tst_monitorpage.moc"
