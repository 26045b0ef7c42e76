// Against numpy and scipy (tests/interop/oracle_statistics.py).

#include "core/statistics/pairedcomparison.h"
#include "core/json.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QtTest>

using namespace studio;

class TestPairedComparison : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_reference = Json::parse(test::readFile(test::fixture("statistics/paired.json"))); }
    void paired();
    void intervals();
    void student();
    void nothing();

private:
    Json m_reference;
};

void TestPairedComparison::paired()
{
    for (const Json& one : m_reference["paired"]) {
        const auto a = one["a"].get<std::vector<double>>(), b = one["b"].get<std::vector<double>>();
        const auto found = comparePaired(a, b, one["resamples"].get<int>(), one["seed"].get<std::uint64_t>());
        QCOMPARE(found.wins, one["wins"].get<std::int64_t>());
        QCOMPARE(found.ties, one["ties"].get<std::int64_t>());
        QCOMPARE(found.losses, one["losses"].get<std::int64_t>());
        const auto near = [&](double value, const char* key) {
            QVERIFY2(std::abs(value - one[key].get<double>()) <= 1e-12, key);
        };
        near(found.meanDifference, "mean");
        near(found.low, "low");
        near(found.high, "high");
        near(found.shareBelowZero, "below_zero");
        // Another generator: the interval is the same up to the noise of resampling.
        const double width = std::max(found.high - found.low, 1e-12);
        QVERIFY(std::abs(found.low - one["scipy_low"].get<double>()) <= 0.1 * width);
        QVERIFY(std::abs(found.high - one["scipy_high"].get<double>()) <= 0.1 * width);
    }
}

void TestPairedComparison::intervals()
{
    for (const Json& one : m_reference["intervals"]) {
        const auto found = meanInterval(one["values"].get<std::vector<double>>());
        QVERIFY(std::abs(found.mean - one["mean"].get<double>()) <= 1e-14);
        QVERIFY(std::abs(found.halfWidth - one["half"].get<double>()) <= 1e-9);
    }
}

void TestPairedComparison::student()
{
    for (const Json& one : m_reference["student"])
        QVERIFY2(std::abs(studentQuantile(one[0].get<std::int64_t>()) - one[1].get<double>()) <= 1e-5, one.dump().c_str());
}

void TestPairedComparison::nothing()
{
    QCOMPARE(comparePaired({}, {}).wins, std::int64_t(0));
    QCOMPARE(meanInterval({}).count, std::int64_t(0));
    QCOMPARE(meanInterval(std::vector<double>{2}).halfWidth, 0.0);
}

QTEST_GUILESS_MAIN(TestPairedComparison)
#include "tst_pairedcomparison.moc"
