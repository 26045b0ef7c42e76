#include "core/series/metricseries.h"
#include "core/series/valuecolumn.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <random>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// The definition, by a plain scan.
ValueColumn::Extremes scan(const std::vector<double>& values, std::size_t first, std::size_t last)
{
    ValueColumn::Extremes found;
    for (std::size_t i = first; i < last; ++i) {
        const double v = values[i];
        if (!std::isfinite(v)) continue;
        if (found.min == ValueColumn::npos || v < values[found.min]) found.min = i;
        if (found.max == ValueColumn::npos || v > values[found.max]) found.max = i;
        if (v > 0 && (found.minPositive == ValueColumn::npos || v < values[found.minPositive]))
            found.minPositive = i;
    }
    return found;
}

} // namespace

class TestValueColumn : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void extremesEqualPlainScan();
    void tiesGoToTheFirst();
    void countsWhatCannotBeShown();
    void truncateThenAppendEqualsFresh();
    void emptyRanges();
    void axisNeverGoesBack();
    void nearestSample();
};

void TestValueColumn::extremesEqualPlainScan()
{
    std::mt19937 rng(7);
    std::normal_distribution<double> normal;
    for (const std::size_t size : {1u, 63u, 64u, 65u, 511u, 512u, 4097u, 40000u}) {
        ValueColumn column;
        std::vector<double> values;
        for (std::size_t i = 0; i < size; ++i) {
            const double v = rng() % 31 == 0 ? (rng() % 2 ? kNaN : -kInf) : std::round(normal(rng) * 8) / 8;
            column.append(v);
            values.push_back(v);
        }
        for (int round = 0; round < 300; ++round) {
            std::size_t a = rng() % (size + 1), b = rng() % (size + 1);
            if (a > b) std::swap(a, b);
            const auto expected = scan(values, a, b);
            const auto found = column.extremes(a, b);
            QCOMPARE(found.min, expected.min);
            QCOMPARE(found.max, expected.max);
            QCOMPARE(found.minPositive, expected.minPositive);
        }
    }
}

void TestValueColumn::tiesGoToTheFirst()
{
    ValueColumn column;
    for (int i = 0; i < 1000; ++i)
        column.append(i % 10 == 3 ? 5.0 : 1.0);
    const auto found = column.extremes(50, 950);
    QCOMPARE(found.max, std::size_t(53));
    QCOMPARE(found.min, std::size_t(50));
}

void TestValueColumn::countsWhatCannotBeShown()
{
    ValueColumn column;
    for (const double v : {1.0, kNaN, 0.0, -1.0, kInf, 2.0, -kInf})
        column.append(v);
    QCOMPARE(column.nonFinite().size(), std::size_t(3));
    QCOMPARE(column.nonFinite()[0], 1u);
    QCOMPARE(column.nonFinite()[1], 4u);
    QCOMPARE(column.nonFinite()[2], 6u);
    QCOMPARE(column.nonFiniteIn(0, 7), std::size_t(3));
    QCOMPARE(column.nonFiniteIn(2, 6), std::size_t(1));
    QCOMPARE(column.nonPositiveIn(0, 7), std::size_t(2));
    QCOMPARE(column.nonPositiveIn(3, 4), std::size_t(1));
    QVERIFY(std::isnan(column[1]));
}

void TestValueColumn::truncateThenAppendEqualsFresh()
{
    std::mt19937 rng(11);
    const auto value = [&] { return double(int(rng() % 2000) - 1000); };
    std::vector<double> values;
    ValueColumn column;
    for (int i = 0; i < 5000; ++i)
        values.push_back(value());
    for (const double v : values)
        column.append(v);
    for (const std::size_t keep : {4999u, 4096u, 4095u, 513u, 512u, 64u, 10u}) {
        column.truncate(keep);
        values.resize(keep);
        for (int i = 0; i < 700; ++i) {
            values.push_back(value());
            column.append(values.back());
        }
        for (int round = 0; round < 50; ++round) {
            const std::size_t a = rng() % values.size(), b = a + rng() % (values.size() - a);
            QCOMPARE(column.extremes(a, b).min, scan(values, a, b).min);
            QCOMPARE(column.extremes(a, b).max, scan(values, a, b).max);
        }
        QCOMPARE(column.size(), values.size());
    }
}

void TestValueColumn::emptyRanges()
{
    ValueColumn column;
    QCOMPARE(column.extremes(0, 0).min, ValueColumn::npos);
    for (int i = 0; i < 200; ++i)
        column.append(kNaN);
    QCOMPARE(column.extremes(0, 200).max, ValueColumn::npos);
    QCOMPARE(column.extremes(64, 64).max, ValueColumn::npos);
    column.truncate(0);
    QVERIFY(column.empty());
    QVERIFY(column.nonFinite().empty());
}

void TestValueColumn::axisNeverGoesBack()
{
    SampleAxis axis;
    axis.append({1, 0.1, 16, 300, 1000});
    axis.append({2, kNaN, 32, 280, 990});
    axis.append({3, 0.3, 48, 900, 1010});
    QCOMPARE(axis.value(AxisKind::Epoch, 1), 0.1);
    QCOMPARE(axis.value(AxisKind::Tokens, 1), 300.0);
    QCOMPARE(axis.value(AxisKind::Wall, 1), 1000.0);
    QCOMPARE(axis.value(AxisKind::Elapsed, 0), 0.0);
    QCOMPARE(axis.value(AxisKind::Elapsed, 2), 10.0);
    QCOMPARE(axis.lowerBound(AxisKind::Elapsed, 5), std::size_t(2));
    QCOMPARE(axis.upperBound(AxisKind::Elapsed, 0), std::size_t(2));
}

void TestValueColumn::nearestSample()
{
    MetricSeries series("loss");
    for (const double step : {10.0, 20.0, 40.0})
        series.append({step, 0, 0, 0, 0}, step);
    QCOMPARE(series.nearest(AxisKind::Step, -5), std::size_t(0));
    QCOMPARE(series.nearest(AxisKind::Step, 14), std::size_t(0));
    QCOMPARE(series.nearest(AxisKind::Step, 16), std::size_t(1));
    QCOMPARE(series.nearest(AxisKind::Step, 31), std::size_t(2));
    QCOMPARE(series.nearest(AxisKind::Step, 1e9), std::size_t(2));
}

QTEST_APPLESS_MAIN(TestValueColumn)
#include "tst_valuecolumn.moc"
