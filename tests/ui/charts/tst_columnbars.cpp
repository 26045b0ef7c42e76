#include "ui/charts/columnbars.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <random>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kColumns = 256;

/// Every sample, as reduceSeries() passes short series on.
Reduced allOf(const MetricSeries& series, const PlotRange& x)
{
    Reduced all;
    reduceSeries(series.axis(), series.values(),
                 {AxisKind::Step, x.low, x.high, static_cast<int>(series.size()) + 1, false}, all);
    return all;
}

MetricSeries noisy(int size, bool gaps)
{
    MetricSeries series("loss");
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    for (int i = 0; i < size; ++i)
        series.append({double(i)}, gaps && random() % 700 == 0 ? kNaN : 3 + normal(random) * (1 + i % 97));
    return series;
}

} // namespace

class TestColumnBars : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reducedPointsCoverWhatAllSamplesCover_data();
    void reducedPointsCoverWhatAllSamplesCover();
    void aBarReachesFromTheLowestToTheHighest();
    void slopesAreSharedByColumns();
    void gapsStayEmpty();
    void picture();
    void dashes();
};

void TestColumnBars::reducedPointsCoverWhatAllSamplesCover_data()
{
    QTest::addColumn<bool>("gaps");
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::newRow("whole") << false << 0.0 << 65536.0;
    QTest::newRow("zoomed") << false << 16384.0 << 32768.0;
    QTest::newRow("gaps") << true << 0.0 << 65536.0;
    QTest::newRow("gaps, zoomed, beyond the end") << true << 49152.0 << 81920.0;
}

/// The exact claim of the reduction: the line through four points a column covers the same pixels as the line
/// through all samples, in every column.
void TestColumnBars::reducedPointsCoverWhatAllSamplesCover()
{
    QFETCH(bool, gaps);
    QFETCH(double, low);
    QFETCH(double, high);
    const auto series = noisy(65536, gaps);
    const PlotMap map{QRectF(40, 20, kColumns, 300), {low, high}, {-400, 400}, false};
    Reduced reduced;
    series.reduce({AxisKind::Step, low, high, kColumns, false}, reduced);
    const Reduced all = allOf(series, map.x);
    QVERIFY(reduced.points.size() * 8 < all.points.size());
    const auto few = columnBars(reduced, map, 1), many = columnBars(all, map, 1);
    QCOMPARE(few.size(), std::size_t(kColumns));
    for (std::size_t column = 0; column < few.size(); ++column) {
        QCOMPARE(few[column].empty(), many[column].empty());
        if (few[column].empty()) continue;
        QCOMPARE(few[column].top, many[column].top);
        QCOMPARE(few[column].bottom, many[column].bottom);
    }
}

void TestColumnBars::aBarReachesFromTheLowestToTheHighest()
{
    Reduced points;
    points.points = {{2.1, 10, 0}, {2.3, 70, 1}, {2.6, 5, 2}, {2.9, 20, 3}};
    const PlotMap map{QRectF(0, 0, 8, 100), {0, 8}, {0, 100}, false};
    const auto bars = columnBars(points, map, 1);
    QCOMPARE(bars.size(), std::size_t(8));
    QCOMPARE(bars[2], (ColumnBar{30, 95}));
    QVERIFY(bars[1].empty());
    QVERIFY(bars[3].empty());
    // Twice as many pixels a unit: the values fall into two columns.
    const auto fine = columnBars(points, map, 2);
    QCOMPARE(fine.size(), std::size_t(16));
    QCOMPARE(fine[4].top, 60.0f);
    QCOMPARE(fine[5].bottom, 190.0f);
}

void TestColumnBars::slopesAreSharedByColumns()
{
    Reduced points;
    points.points = {{0, 0, 0}, {4, 80, 1}};
    const PlotMap map{QRectF(0, 0, 4, 100), {0, 4}, {0, 100}, false};
    const auto bars = columnBars(points, map, 1);
    for (int column = 0; column < 4; ++column)
        QCOMPARE(bars[std::size_t(column)],
                 (ColumnBar{float(80 - 20 * column), float(100 - 20 * column)}));
}

void TestColumnBars::gapsStayEmpty()
{
    Reduced points;
    points.points = {{0.5, 10, 0}, {1.5, 10, 1}, {6.5, 10, 5}, {7.5, 10, 6}};
    points.breaks = {2};
    const PlotMap map{QRectF(0, 0, 8, 100), {0, 8}, {0, 100}, false};
    const auto bars = columnBars(points, map, 1);
    for (std::size_t column : {0u, 1u, 6u, 7u})
        QVERIFY(!bars[column].empty());
    for (std::size_t column = 2; column < 6; ++column)
        QVERIFY(bars[column].empty());
}

void TestColumnBars::picture()
{
    BarPainter painter(3, 100);
    painter.add({{10, 20}, {}, {50.5f, 60}}, 0, Qt::red, {}, {}, 1);
    painter.add({{}, {-40, 300}, {}}, 1, Qt::blue, {}, {}, 1);
    const QImage image = painter.image(1);
    for (int y = 0; y < 100; ++y) {
        QCOMPARE(qAlpha(image.pixel(0, y)), y >= 10 && y < 20 ? 255 : 0);
        QCOMPARE(image.pixel(1, y), QColor(Qt::blue).rgba());
    }
    QCOMPARE(image.pixel(0, 15), QColor(Qt::red).rgba());
    // Half of this pixel is covered.
    QVERIFY(std::abs(qAlpha(image.pixel(2, 50)) - 128) <= 1);
    QCOMPARE(qAlpha(image.pixel(2, 51)), 255);
}

void TestColumnBars::dashes()
{
    const QVector<double> pattern{9, 4};
    QVERIFY(!dashGap(pattern, 0));
    QVERIFY(!dashGap(pattern, 8.9));
    QVERIFY(dashGap(pattern, 9));
    QVERIFY(dashGap(pattern, 12.9));
    QVERIFY(!dashGap(pattern, 13));
    QVERIFY(!dashGap({}, 10));
    BarPainter painter(26, 10);
    painter.add(std::vector<ColumnBar>(26, {0, 10}), 0, Qt::black, pattern, {}, 1);
    const QImage image = painter.image(1);
    for (int x = 0; x < 26; ++x)
        QCOMPARE(qAlpha(image.pixel(x, 5)) > 0, x % 13 < 9);
}

QTEST_MAIN(TestColumnBars)
#include "tst_columnbars.moc"
