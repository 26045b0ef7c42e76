#include "core/series/metricseries.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <map>
#include <random>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Column
{
    std::size_t first = 0, last = 0, low = 0, high = 0;
    bool any = false;
};

/// The definition of the reduction: walk all samples, drop those that cannot be shown, and remember first,
/// last, lowest and highest of each pixel column.
std::map<int, Column> columnsOf(const MetricSeries& series, const ReduceRequest& request)
{
    std::map<int, Column> columns;
    const double width = (request.x1 - request.x0) / request.columns;
    for (std::size_t i = 0; i < series.size(); ++i) {
        const double x = series.axis().value(request.axis, i), y = series.values()[i];
        if (x < request.x0 || x > request.x1 || !std::isfinite(y) || (request.positiveOnly && y <= 0))
            continue;
        int c = 0;
        while (c + 1 < request.columns && x >= request.x0 + width * (c + 1))
            ++c;
        auto& column = columns[c];
        if (!column.any) column = {i, i, i, i, true};
        column.last = i;
        if (y < series.values()[column.low]) column.low = i;
        if (y > series.values()[column.high]) column.high = i;
    }
    return columns;
}

bool contains(const Reduced& reduced, std::size_t index)
{
    return std::any_of(reduced.points.begin(), reduced.points.end(),
                       [&](const auto& p) { return p.index == index; });
}

} // namespace

class TestReduction : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyExtremeOfEveryColumnSurvives_data();
    void everyExtremeOfEveryColumnSurvives();
    void shortSeriesPassWhole();
    void neighboursLeadOutOfThePicture();
    void gapsStayGaps();
    void gapInsideAColumnIsNotDrawn();
    void countsOfWhatIsLeftOut();
    void lowestPositiveSurvivesBelowZero();
    void spikeInAMillion();
    void otherAxes();
    void nothingToDraw();
};

void TestReduction::everyExtremeOfEveryColumnSurvives_data()
{
    QTest::addColumn<bool>("positiveOnly");
    QTest::newRow("linear") << false;
    QTest::newRow("logarithmic") << true;
}

void TestReduction::everyExtremeOfEveryColumnSurvives()
{
    QFETCH(bool, positiveOnly);
    std::mt19937 rng(3);
    std::normal_distribution<double> normal;
    Reduced reduced;
    for (int round = 0; round < 60; ++round) {
        MetricSeries series("loss");
        double x = 0;
        const int size = 1 + int(rng() % 6000);
        for (int i = 0; i < size; ++i) {
            x += double(rng() % 3) * 0.5;
            series.append({x}, rng() % 29 ? normal(rng) : kNaN);
        }
        ReduceRequest request;
        request.x0 = x * double(rng() % 100) / 125.0 - 1;
        request.x1 = request.x0 + x * (0.01 + double(rng() % 100) / 100.0);
        request.columns = 1 + int(rng() % 200);
        request.positiveOnly = positiveOnly;
        series.reduce(request, reduced);

        QVERIFY(reduced.points.size() <= std::size_t(request.columns) * 4 + 2);
        for (std::size_t i = 1; i < reduced.points.size(); ++i) {
            QVERIFY(reduced.points[i].index > reduced.points[i - 1].index);
            QVERIFY(reduced.points[i].x >= reduced.points[i - 1].x);
        }
        for (const auto& point : reduced.points) {
            QVERIFY(std::isfinite(point.y));
            QVERIFY(!positiveOnly || point.y > 0);
            QCOMPARE(point.y, series.values()[point.index]);
        }
        // With the columns of a twin nothing is different.
        Reduced again;
        reduceSeries(series.axis(), series.values(), request, again, &reduced);
        QCOMPARE(again.points.size(), reduced.points.size());
        for (std::size_t i = 0; i < again.points.size(); ++i)
            QCOMPARE(again.points[i].index, reduced.points[i].index);
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (const auto& [number, column] : columnsOf(series, request)) {
            QVERIFY(contains(reduced, column.first));
            QVERIFY(contains(reduced, column.last));
            QVERIFY(contains(reduced, column.low));
            QVERIFY(contains(reduced, column.high));
            low = std::min(low, series.values()[column.low]);
            high = std::max(high, series.values()[column.high]);
        }
        if (low <= high) {
            QCOMPARE(reduced.yMin, low);
            QCOMPARE(reduced.yMax, high);
        } else {
            QVERIFY(reduced.yMin > reduced.yMax);
        }
    }
}

void TestReduction::shortSeriesPassWhole()
{
    MetricSeries series("loss");
    for (int i = 0; i < 100; ++i)
        series.append({double(i)}, std::sin(i));
    Reduced reduced;
    series.reduce({AxisKind::Step, 0, 99, 25, false}, reduced);
    QCOMPARE(reduced.points.size(), std::size_t(100));
    QCOMPARE(reduced.samples, std::size_t(100));
}

void TestReduction::neighboursLeadOutOfThePicture()
{
    MetricSeries series("loss");
    for (int i = 0; i < 100; ++i)
        series.append({double(i)}, i);
    Reduced reduced;
    series.reduce({AxisKind::Step, 40.5, 50.5, 100, false}, reduced);
    QCOMPARE(reduced.points.front().index, 40u);
    QCOMPARE(reduced.points.back().index, 51u);
    QCOMPARE(reduced.samples, std::size_t(10));
    QCOMPARE(reduced.yMin, 41.0);
    QCOMPARE(reduced.yMax, 50.0);
}

void TestReduction::gapsStayGaps()
{
    MetricSeries series("loss");
    for (int i = 0; i < 20; ++i)
        series.append({double(i)}, i >= 5 && i < 8 ? kNaN : 1.0);
    Reduced reduced;
    series.reduce({AxisKind::Step, 0, 19, 100, false}, reduced);
    QCOMPARE(reduced.points.size(), std::size_t(17));
    QCOMPARE(reduced.breaks.size(), std::size_t(1));
    QCOMPARE(reduced.points[reduced.breaks[0]].index, 8u);
    // The same when columns hold many samples.
    MetricSeries large("loss");
    for (int i = 0; i < 20000; ++i)
        large.append({double(i)}, i >= 5000 && i < 8000 ? kNaN : std::sin(i));
    large.reduce({AxisKind::Step, 0, 20000, 100, false}, reduced);
    QCOMPARE(reduced.breaks.size(), std::size_t(1));
    QCOMPARE(reduced.points[reduced.breaks[0]].index, 8000u);
}

void TestReduction::gapInsideAColumnIsNotDrawn()
{
    MetricSeries series("loss");
    for (int i = 0; i < 10000; ++i)
        series.append({double(i)}, i == 5050 ? kNaN : std::sin(i));
    Reduced reduced;
    series.reduce({AxisKind::Step, 0, 10000, 10, false}, reduced);
    QVERIFY(reduced.breaks.empty());
    QCOMPARE(reduced.nonFinite, std::size_t(1));
}

void TestReduction::countsOfWhatIsLeftOut()
{
    MetricSeries series("loss");
    for (int i = 0; i < 1000; ++i)
        series.append({double(i)}, i % 10 == 0 ? kNaN : i % 10 == 1 ? -1.0 : i % 10 == 2 ? 0.0 : 1.0);
    Reduced reduced;
    series.reduce({AxisKind::Step, 100, 299, 10, true}, reduced);
    QCOMPARE(reduced.samples, std::size_t(200));
    QCOMPARE(reduced.nonFinite, std::size_t(20));
    QCOMPARE(reduced.notPositive, std::size_t(40));
    QCOMPARE(reduced.yMin, 1.0);
}

/// A column with values on both sides of zero keeps its lowest positive value on a logarithmic axis.
void TestReduction::lowestPositiveSurvivesBelowZero()
{
    MetricSeries series("loss");
    for (int i = 0; i < 1000; ++i)
        series.append({double(i)}, i == 500 ? -3.0 : i == 400 ? 0.001 : 1.0);
    Reduced reduced;
    series.reduce({AxisKind::Step, 0, 1000, 1, true}, reduced);
    QVERIFY(contains(reduced, 400));
    QVERIFY(!contains(reduced, 500));
    QCOMPARE(reduced.yMin, 0.001);
}

void TestReduction::spikeInAMillion()
{
    MetricSeries series("loss");
    for (int i = 0; i < 1000000; ++i)
        series.append({double(i)}, i == 654321 ? 99.0 : i == 123456 ? -99.0 : 1.0);
    Reduced reduced;
    series.reduce({AxisKind::Step, 0, 1e6, 1000, false}, reduced);
    QVERIFY(reduced.points.size() <= 4000);
    QVERIFY(contains(reduced, 654321));
    QVERIFY(contains(reduced, 123456));
    QCOMPARE(reduced.samples, std::size_t(1000000));
}

void TestReduction::otherAxes()
{
    auto axis = std::make_shared<SampleAxis>();
    MetricSeries series("loss", axis);
    for (int i = 1; i <= 10; ++i) {
        axis->append({double(i), i / 10.0, 16.0 * i, 500.0 * i, 1000.0 + i});
        series.append(i);
    }
    Reduced reduced;
    series.reduce({AxisKind::Tokens, 1000, 2000, 100, false}, reduced);
    QCOMPARE(reduced.samples, std::size_t(3));
    series.reduce({AxisKind::Elapsed, 0, 4, 100, false}, reduced);
    QCOMPARE(reduced.samples, std::size_t(5));
    series.reduce({AxisKind::Wall, 1001, 1004, 100, false}, reduced);
    QCOMPARE(reduced.samples, std::size_t(4));
}

void TestReduction::nothingToDraw()
{
    MetricSeries series("loss");
    Reduced reduced;
    series.reduce({}, reduced);
    QVERIFY(reduced.points.empty());
    series.append({1}, kNaN);
    series.reduce({AxisKind::Step, 0, 2, 10, false}, reduced);
    QVERIFY(reduced.points.empty());
    QCOMPARE(reduced.nonFinite, std::size_t(1));
    QVERIFY(reduced.yMin > reduced.yMax);
    series.reduce({AxisKind::Step, 2, 0, 10, false}, reduced);
    QCOMPARE(reduced.samples, std::size_t(0));
    series.reduce({AxisKind::Step, kNaN, 5, 10, false}, reduced);
    QCOMPARE(reduced.samples, std::size_t(0));
}

QTEST_APPLESS_MAIN(TestReduction)
#include "tst_reduction.moc"
