#include "ui/charts/plotcontent.h"
#include "ui/charts/plottable.h"

#include <QAbstractItemModelTester>
#include <QLocale>
#include <QtTest>

#include <cmath>
#include <functional>
#include <limits>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void fill(MetricSeries& series, int count, const std::function<double(int)>& value)
{
    for (int i = 1; i <= count; ++i)
        series.append({double(i), i / 100.0, 16.0 * i, 400.0 * i, 1e9 + i * 0.5}, value(i));
}

} // namespace

class TestPlotContent : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void fittedRangesHoldTheData();
    void liveAxisMovesInSteps();
    void zoomedViewStaysWhileDataGrow();
    void atMostFourPointsAColumn();
    void logAxisCountsWhatItLeavesOut();
    void alarmsAreCountedAndPlaced();
    void aMillionAlarmsAreFewMarks();
    void clippedOutliersAreCounted();
    void readoutShowsLoggedValues();
    void badgeStatesTheAccount();
    void summaryTellsTheStory();
    void csvHoldsLoggedValues();
    void tableTwin();
    void mapIsItsOwnInverse();
    void levelsWidenTheRangeOnlyWhenNear();
    void spansLieOnEveryAxis();
    void plansDoNotCount();
    void caretMovesAlongSamples();
};

void TestPlotContent::fittedRangesHoldTheData()
{
    MetricSeries loss("loss");
    fill(loss, 500, [](int i) { return 1.0 / i; });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(400);
    QVERIFY(content.x.low <= 1 && content.x.high >= 500 && content.x.high <= 650);
    QVERIFY(content.y.low <= 1.0 / 500 && content.y.high >= 1);
    content.axis = AxisKind::Tokens;
    content.fit();
    content.update(400);
    QVERIFY(content.x.high >= 200000);
}

void TestPlotContent::liveAxisMovesInSteps()
{
    MetricSeries loss("loss");
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    int moves = 0;
    PlotRange last;
    for (int i = 1; i <= 3000; ++i) {
        loss.append({double(i)}, 2 * std::exp(-i / 500.0) + 0.1);
        content.update(400);
        QVERIFY(content.x.contains(i));
        QVERIFY(content.y.contains(loss.values()[std::size_t(i - 1)]));
        moves += content.x != last;
        last = content.x;
    }
    QVERIFY2(moves < 45, qPrintable(QString::number(moves)));
}

void TestPlotContent::zoomedViewStaysWhileDataGrow()
{
    MetricSeries loss("loss");
    fill(loss, 100, [](int i) { return double(i); });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(400);
    content.showX({20, 40});
    content.update(400);
    QCOMPARE(content.x, (PlotRange{20, 40}));
    QVERIFY(content.y.low <= 20 && content.y.high >= 40 && content.y.high < 60);
    const auto y = content.y;
    fill(loss, 0, [](int) { return 0.0; });
    for (int i = 101; i < 1000; ++i)
        loss.append({double(i)}, 1e6);
    content.update(400);
    QCOMPARE(content.x, (PlotRange{20, 40}));
    QCOMPARE(content.y, y);
    content.fit();
    content.update(400);
    QVERIFY(content.x.high >= 999);
    // Nonsense is refused.
    content.showX({5, 5});
    content.showX({9, 3});
    content.showX({kNaN, 3});
    QVERIFY(content.xFitted);
}

void TestPlotContent::atMostFourPointsAColumn()
{
    MetricSeries loss("loss");
    fill(loss, 100000, [](int i) { return std::sin(i * 0.7); });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(300);
    QVERIFY(content.drawnPoints() <= 4 * 300 + 2);
    QVERIFY(content.drawnPoints() > 300);
    QCOMPARE(content.keptSamples(), std::size_t(100000));
}

void TestPlotContent::logAxisCountsWhatItLeavesOut()
{
    MetricSeries rate("rate");
    fill(rate, 100, [](int i) { return i <= 10 ? 0.0 : i * 1e-6; });
    PlotContent content;
    content.curves.push_back({{"Rate", &rate}});
    content.logY = true;
    content.fit();
    content.update(400);
    QVERIFY(content.y.low > 0 && content.y.low <= 11e-6 && content.y.high >= 1e-4);
    QVERIFY2(content.badge().contains("10 not shown (0 or below)"), qPrintable(content.badge()));
    for (const auto& point : content.curves[0].raw.points)
        QVERIFY(point.y > 0);
}

void TestPlotContent::alarmsAreCountedAndPlaced()
{
    MetricSeries loss("loss");
    fill(loss, 1000, [](int i) { return i == 250 || i == 251 || i == 800 ? kNaN : 1.0; });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(400);
    const auto alarms = content.alarms(50);
    QCOMPARE(alarms.size(), std::size_t(2));
    QCOMPARE(alarms[0].x, 250.0);
    QCOMPARE(alarms[0].count, std::size_t(2));
    QCOMPARE(alarms[1].x, 800.0);
    QVERIFY(content.badge().contains("3 not finite"));
    content.showX({300, 700});
    QVERIFY(content.alarms(50).empty());
}

void TestPlotContent::aMillionAlarmsAreFewMarks()
{
    MetricSeries loss("loss");
    for (int i = 1; i <= 1000000; ++i)
        loss.append({double(i)}, kNaN);
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(400);
    const auto alarms = content.alarms(50);
    QVERIFY(alarms.size() <= 51);
    std::size_t sum = 0;
    for (const auto& alarm : alarms)
        sum += alarm.count;
    QCOMPARE(sum, std::size_t(1000000));
    QCOMPARE(content.drawnPoints(), std::size_t(0));
}

void TestPlotContent::clippedOutliersAreCounted()
{
    MetricSeries loss("loss");
    fill(loss, 1000, [](int i) { return i % 250 == 0 ? 1000.0 : 1 + 0.001 * (i % 100); });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.clipOutliers = true;
    content.update(400);
    QVERIFY(content.y.high < 2);
    QCOMPARE(content.curves[0].above, std::size_t(4));
    QVERIFY2(content.badge().contains("4 above"), qPrintable(content.badge()));
    content.clipOutliers = false;
    content.fit();
    content.update(400);
    QVERIFY(content.y.high >= 1000);
    QCOMPARE(content.curves[0].above, std::size_t(0));
}

void TestPlotContent::readoutShowsLoggedValues()
{
    MetricSeries loss("loss"), metric("spearman");
    fill(loss, 1000, [](int i) { return 0.5 / i; });
    loss.setSmoothing({SmoothingKind::Exponential, 0.6});
    metric.append({500}, 0.8123);
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.curves.push_back({{"Spearman", &metric}});
    content.update(50);
    const double x = content.snap(400.3).value();
    QCOMPARE(x, 400.0);
    const auto lines = content.readout(x);
    QCOMPARE(lines.size(), 3);
    QCOMPARE(lines[0], QString("Step 400"));
    QVERIFY2(lines[1].startsWith("Loss 0.001250 (smoothed 0.0012"), qPrintable(lines[1]));
    QCOMPARE(lines[2], QString("Spearman 0.8123 at 500"));
}

void TestPlotContent::badgeStatesTheAccount()
{
    MetricSeries loss("loss");
    fill(loss, 12345, [](int i) { return std::cos(i); });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.update(100);
    QCOMPARE(content.badge(), QString("kept 12,345 · drawn %1").arg(content.drawnPoints()));
    loss.setSmoothing({SmoothingKind::Exponential, 0.6});
    content.update(100);
    QVERIFY(content.badge().endsWith("smoothed 0.6"));
    loss.setSmoothing({SmoothingKind::Mean, 0, 50});
    content.update(100);
    QVERIFY(content.badge().endsWith("mean of 50"));
}

void TestPlotContent::summaryTellsTheStory()
{
    MetricSeries loss("loss");
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    QCOMPARE(content.summary("Loss"), QString("Loss: no values yet."));
    fill(loss, 200, [](int i) { return 2 - i * 0.005; });
    content.update(100);
    QCOMPARE(content.summary("Loss"), QString("Loss fell from 1.995 to 1.000 until step 200."));
}

void TestPlotContent::csvHoldsLoggedValues()
{
    MetricSeries loss("loss");
    fill(loss, 50, [](int i) { return i == 7 ? kNaN : 0.1 * i; });
    loss.setSmoothing({SmoothingKind::Mean, 0, 1});
    PlotContent content;
    content.curves.push_back({{"Loss, \"train\"", &loss}});
    content.showX({5, 8});
    content.update(2);
    const auto lines = content.csv().split('\n');
    QCOMPARE(lines.size(), 6);
    QCOMPARE(lines[0], QByteArray("curve,step,epoch,samples,tokens,seconds,unix_time,value,smoothed"));
    QCOMPARE(lines[1], QByteArray("\"Loss, \"\"train\"\"\",5,0.05,80,2000,2,1000000002.5,0.5,0.5"));
    QVERIFY(lines[3].endsWith(",nan,nan"));
    QVERIFY(lines[5].isEmpty());
}

void TestPlotContent::tableTwin()
{
    MetricSeries loss("loss"), metric("spearman");
    fill(loss, 30, [](int i) { return double(i); });
    metric.append({10}, 0.5);
    metric.append({10.5}, 0.6);
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.curves.push_back({{"Spearman", &metric}});
    content.update(100);
    PlotTable table(content);
    QAbstractItemModelTester tester(&table);
    QCOMPARE(table.rowCount(), 31);
    QCOMPARE(table.columnCount(), 3);
    QCOMPARE(table.headerData(2, Qt::Horizontal, Qt::DisplayRole).toString(), QString("Spearman"));
    QCOMPARE(table.index(9, 2).data().toString(), QString("0.5000"));
    QCOMPARE(table.index(9, 1).data().toString(), QString("10.00"));
    QVERIFY(!table.index(0, 2).data().isValid());
    QCOMPARE(table.index(10, 2).data().toString(), QString("0.6000"));
}

void TestPlotContent::mapIsItsOwnInverse()
{
    for (const bool log : {false, true}) {
        const PlotMap map{QRectF(50, 20, 400, 200), {10, 90}, {0.01, 100}, log};
        for (const double value : {0.01, 0.5, 7.0, 100.0})
            QVERIFY(std::abs(map.fromY(map.toY(value)) - value) < 1e-9 * value);
        QCOMPARE(map.toY(100), 20.0);
        QCOMPARE(map.toY(0.01), 220.0);
        QCOMPARE(map.fromX(map.toX(33)), 33.0);
    }
}

void TestPlotContent::caretMovesAlongSamples()
{
    MetricSeries loss("loss");
    for (const double step : {10.0, 20.0, 50.0})
        loss.append({step}, step);
    PlotContent content;
    QVERIFY(!content.moved(0, 1));
    content.curves.push_back({{"Loss", &loss}});
    QCOMPARE(content.moved(10, 1).value(), 20.0);
    QCOMPARE(content.moved(20, 1).value(), 50.0);
    QCOMPARE(content.moved(50, 1).value(), 50.0);
    QCOMPARE(content.moved(50, -5).value(), 10.0);
}

void TestPlotContent::levelsWidenTheRangeOnlyWhenNear()
{
    MetricSeries loss("loss");
    fill(loss, 100, [](int i) { return 2 + i * 0.01; });
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    content.levels = {{3.3, "chance"}};
    content.update(100);
    QVERIFY(content.y.contains(3.3));
    content.levels = {{9, "chance"}};
    content.fit();
    content.update(100);
    QVERIFY(!content.y.contains(9));
    QVERIFY(content.y.high < 4);
}

void TestPlotContent::spansLieOnEveryAxis()
{
    MetricSeries loss("loss");
    loss.append({1, 0.1, 16, 400, 1000}, 1);
    loss.append({2, 0.2, 32, 800, 1001}, 1);
    loss.append({3, 0.3, 48, 1200, 1101}, 1);
    PlotContent content;
    content.curves.push_back({{"Loss", &loss}});
    const PlotSpan pause{{2, 0.2, 32, 800, 1001}, {2, 0.2, 32, 800, 1100}, "Paused for 1 min 39 s"};
    content.spans = {pause};
    QCOMPARE(content.spanPosition(pause), (PlotRange{2, 2}));
    content.axis = AxisKind::Elapsed;
    QCOMPARE(content.spanPosition(pause), (PlotRange{1, 100}));
    content.axis = AxisKind::Wall;
    QCOMPARE(content.spanPosition(pause), (PlotRange{1001, 1100}));
    QCOMPARE(content.spanTexts(1050, 0), QStringList{"Paused for 1 min 39 s"});
    QVERIFY(content.spanTexts(1000.5, 0).isEmpty());
}

void TestPlotContent::plansDoNotCount()
{
    MetricSeries plan("plan"), rate("rate");
    for (int step = 1; step <= 1000; ++step)
        plan.append({double(step)}, 1.0 / step);
    PlotContent content;
    content.curves.push_back({{"Planned", &plan, false, 0, true}});
    content.curves.push_back({{"Learning rate", &rate, false, 0}});
    content.update(100);
    QVERIFY(content.isEmpty());
    for (int step = 1; step <= 10; ++step)
        rate.append({double(step)}, 1.0 / step);
    content.update(100);
    QVERIFY(!content.isEmpty());
    QCOMPARE(content.keptSamples(), std::size_t(10));
    QVERIFY(content.x.high < 30);
    QVERIFY(!content.summary("Rate").contains("Planned"));
    QCOMPARE(content.moved(10, 1).value(), 10.0);
}

QTEST_MAIN(TestPlotContent)
#include "tst_plotcontent.moc"
