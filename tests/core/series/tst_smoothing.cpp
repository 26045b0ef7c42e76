#include "core/series/metricseries.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <random>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool close(double a, double b)
{
    return std::abs(a - b) <= 1e-12 * std::max({1.0, std::abs(a), std::abs(b)});
}

std::vector<double> noisy(int count, unsigned seed)
{
    std::mt19937 rng(seed);
    std::normal_distribution<double> normal;
    std::vector<double> values;
    for (int i = 0; i < count; ++i)
        values.push_back(2 * std::exp(-i / 300.0) + 0.1 * normal(rng));
    return values;
}

MetricSeries seriesOf(const std::vector<double>& values, double stepLength = 1)
{
    MetricSeries series("loss");
    for (std::size_t i = 0; i < values.size(); ++i)
        series.append({stepLength * double(i + 1)}, values[i]);
    return series;
}

} // namespace

class TestSmoothing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void exponentialIsTheClosedSum_data();
    void exponentialIsTheClosedSum();
    void exponentialByHand();
    void nonFinitePassesAndDoesNotCount();
    void constantSeriesIsLeftAlone();
    void timeWeightedIsTheWeightedMean();
    void timeWeightedDoesNotDependOnLogInterval();
    void meanIsTheMeanOfTheWindow();
    void appendingEqualsComputingAtOnce_data();
    void appendingEqualsComputingAtOnce();
    void truncateContinuesAsIfNeverSeen();
    void noneMeansNoTwin();
};

void TestSmoothing::exponentialIsTheClosedSum_data()
{
    QTest::addColumn<double>("weight");
    for (const double weight : {0.0, 0.3, 0.6, 0.9, 0.99, 0.999})
        QTest::addRow("%g", weight) << weight;
}

/// The debiased average is Σ w^(n-i) v_i / Σ w^(n-i): summed here directly, without a recurrence.
void TestSmoothing::exponentialIsTheClosedSum()
{
    QFETCH(double, weight);
    const auto values = noisy(400, 3);
    auto series = seriesOf(values);
    series.setSmoothing({SmoothingKind::Exponential, weight});
    QVERIFY(series.smoothed());
    for (const std::size_t n : {0u, 1u, 2u, 17u, 399u}) {
        long double sum = 0, norm = 0;
        for (std::size_t i = 0; i <= n; ++i) {
            const long double w = std::pow(static_cast<long double>(weight), static_cast<long double>(n - i));
            sum += w * values[i];
            norm += w;
        }
        QVERIFY2(close((*series.smoothed())[n], double(sum / norm)), qPrintable(QString::number(n)));
    }
}

void TestSmoothing::exponentialByHand()
{
    auto series = seriesOf({1, 2, 4});
    series.setSmoothing({SmoothingKind::Exponential, 0.5});
    const auto& smoothed = *series.smoothed();
    QVERIFY(close(smoothed[0], 1));
    QVERIFY(close(smoothed[1], (0.25 * 1 + 0.5 * 2) / 0.75));
    QVERIFY(close(smoothed[2], (0.125 * 1 + 0.25 * 2 + 0.5 * 4) / 0.875));
}

void TestSmoothing::nonFinitePassesAndDoesNotCount()
{
    const auto values = noisy(50, 5);
    auto plain = seriesOf(values);
    std::vector<double> holes;
    for (const double v : values) {
        holes.push_back(v);
        holes.push_back(kNaN);
    }
    auto holed = seriesOf(holes);
    const SmoothingSpec specs[] = {{SmoothingKind::Exponential, 0.9}, {SmoothingKind::Mean, 0, 7}};
    for (const auto& spec : specs) {
        plain.setSmoothing(spec);
        holed.setSmoothing(spec);
        for (std::size_t i = 0; i < values.size(); ++i) {
            QCOMPARE((*holed.smoothed())[2 * i], (*plain.smoothed())[i]);
            QVERIFY(std::isnan((*holed.smoothed())[2 * i + 1]));
        }
        QCOMPARE(holed.smoothed()->nonFinite().size(), values.size());
    }
}

void TestSmoothing::constantSeriesIsLeftAlone()
{
    auto series = seriesOf(std::vector<double>(100, 0.1));
    series.setSmoothing({SmoothingKind::Exponential, 0.97});
    for (std::size_t i = 0; i < 100; ++i)
        QCOMPARE((*series.smoothed())[i], 0.1);
}

void TestSmoothing::timeWeightedIsTheWeightedMean()
{
    const std::vector<double> x{0, 1, 2, 10, 11, 30};
    const std::vector<double> y{3, 1, 2, 5, 4, 9};
    MetricSeries series("loss");
    for (std::size_t i = 0; i < x.size(); ++i)
        series.append({x[i]}, y[i]);
    const double weight = 0.98, range = 400;
    series.setSmoothing({SmoothingKind::TimeWeighted, weight, 20, AxisKind::Step, range});
    for (std::size_t n = 0; n < x.size(); ++n) {
        double sum = 0, norm = 0;
        for (std::size_t i = 0; i <= n; ++i) {
            const double w = std::pow(std::sqrt(weight), (x[n] - x[i]) / range * 1000);
            sum += w * y[i];
            norm += w;
        }
        QVERIFY2(close((*series.smoothed())[n], sum / norm), qPrintable(QString::number(n)));
    }
    series.setSmoothing({SmoothingKind::TimeWeighted, weight, 20, AxisKind::Step, 0});
    QCOMPARE((*series.smoothed())[5], 9.0);
}

/// The reason for this kind: a run that logs every 10th step looks like one that logs every step.
void TestSmoothing::timeWeightedDoesNotDependOnLogInterval()
{
    std::vector<double> dense, sparse;
    for (int i = 1; i <= 2000; ++i) {
        const double v = std::sin(i / 300.0);
        dense.push_back(v);
        if (i % 10 == 0) sparse.push_back(v);
    }
    auto every = seriesOf(dense);
    auto tenth = seriesOf(sparse, 10);
    const SmoothingSpec timeWeighted{SmoothingKind::TimeWeighted, 0.98, 20, AxisKind::Step, 2000};
    const SmoothingSpec plain{SmoothingKind::Exponential, 0.98};
    every.setSmoothing(timeWeighted);
    tenth.setSmoothing(timeWeighted);
    const double weightedGap = std::abs((*every.smoothed())[1999] - (*tenth.smoothed())[199]);
    every.setSmoothing(plain);
    tenth.setSmoothing(plain);
    const double plainGap = std::abs((*every.smoothed())[1999] - (*tenth.smoothed())[199]);
    QVERIFY2(weightedGap * 5 < plainGap, qPrintable(QString("%1 %2").arg(weightedGap).arg(plainGap)));
}

void TestSmoothing::meanIsTheMeanOfTheWindow()
{
    const auto values = noisy(1000, 9);
    auto series = seriesOf(values);
    for (const int window : {1, 2, 20, 999, 5000}) {
        series.setSmoothing({SmoothingKind::Mean, 0, window});
        for (std::size_t n = 0; n < values.size(); n += 37) {
            const std::size_t first = n + 1 > std::size_t(window) ? n + 1 - std::size_t(window) : 0;
            double sum = 0;
            for (std::size_t i = first; i <= n; ++i)
                sum += values[i];
            QVERIFY(close((*series.smoothed())[n], sum / double(n + 1 - first)));
        }
    }
}

void TestSmoothing::appendingEqualsComputingAtOnce_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("exponential") << int(SmoothingKind::Exponential);
    QTest::newRow("time weighted") << int(SmoothingKind::TimeWeighted);
    QTest::newRow("mean") << int(SmoothingKind::Mean);
}

void TestSmoothing::appendingEqualsComputingAtOnce()
{
    QFETCH(int, kind);
    const SmoothingSpec spec{static_cast<SmoothingKind>(kind), 0.9, 13, AxisKind::Step, 500};
    const auto values = noisy(500, 13);
    MetricSeries live("loss");
    live.setSmoothing(spec);
    for (std::size_t i = 0; i < values.size(); ++i)
        live.append({double(i + 1)}, values[i]);
    auto stored = seriesOf(values);
    stored.setSmoothing(spec);
    for (std::size_t i = 0; i < values.size(); ++i)
        QCOMPARE((*live.smoothed())[i], (*stored.smoothed())[i]);
}

void TestSmoothing::truncateContinuesAsIfNeverSeen()
{
    const auto values = noisy(300, 17);
    const SmoothingSpec spec{SmoothingKind::Exponential, 0.95};
    auto series = seriesOf(values);
    series.setSmoothing(spec);
    series.truncate(100);
    QCOMPARE(series.size(), std::size_t(100));
    QCOMPARE(series.axis().size(), std::size_t(100));
    for (std::size_t i = 100; i < 300; ++i)
        series.append({double(i + 1)}, values[i]);
    auto fresh = seriesOf(values);
    fresh.setSmoothing(spec);
    for (std::size_t i = 0; i < 300; ++i)
        QCOMPARE((*series.smoothed())[i], (*fresh.smoothed())[i]);
}

void TestSmoothing::noneMeansNoTwin()
{
    auto series = seriesOf({1, 2, 3});
    QVERIFY(!series.smoothed());
    series.setSmoothing({SmoothingKind::Mean, 0, 2});
    QCOMPARE(series.smoothed()->size(), std::size_t(3));
    series.setSmoothing({});
    QVERIFY(!series.smoothed());
    Reduced reduced;
    series.reduceSmoothed({AxisKind::Step, 0, 10, 10, false}, reduced);
    QVERIFY(reduced.points.empty());
}

QTEST_APPLESS_MAIN(TestSmoothing)
#include "tst_smoothing.moc"
