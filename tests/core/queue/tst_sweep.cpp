#include "core/queue/sweep.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace studio;

class TestSweep : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void axesAreRead();
    void gridIsWholeAndOrdered();
    void randomIsSeededAndNeverRepeats();
    void whatCannotBe();
    void medianRule();
};

void TestSweep::axesAreRead()
{
    const auto list = parseSweepAxis("lr_scheduler_type=linear,cosine");
    QVERIFY(list.ok());
    QCOMPARE(list->values, (std::vector<std::string>{"\"linear\"", "\"cosine\""}));
    QCOMPARE(parseSweepAxis("a=[1,2],[3]")->values, (std::vector<std::string>{"[1,2]", "[3]"}));
    const auto range = parseSweepAxis("learning_rate=1e-6..1e-4");
    QVERIFY(range->values.empty() && range->logarithmic && !range->whole);
    QCOMPARE(range->high, 1e-4);
    const auto whole = parseSweepAxis("per_device_train_batch_size=8..64");
    QVERIFY(whole->whole && !whole->logarithmic);
    for (const char* bad : {"", "x", "=1", "x=", "x=1,,2", "x=5..1", "x=a..b"})
        QVERIFY2(!parseSweepAxis(bad).ok(), bad);
}

void TestSweep::gridIsWholeAndOrdered()
{
    const auto points = sweepPoints({{*parseSweepAxis("a=1,2,3"), *parseSweepAxis("b=true,false")}, 0, 0});
    QVERIFY(points.ok());
    QCOMPARE(points->size(), std::size_t(6));
    QCOMPARE(points->at(1), (SweepPoint{{"a", "1"}, {"b", "false"}}));
    QCOMPARE(points->at(2), (SweepPoint{{"a", "2"}, {"b", "true"}}));
}

void TestSweep::randomIsSeededAndNeverRepeats()
{
    const Sweep sweep{{*parseSweepAxis("learning_rate=1e-6..1e-4"), *parseSweepAxis("batch=8..11")}, 200, 5};
    const auto first = sweepPoints(sweep), again = sweepPoints(sweep);
    QCOMPARE(first->size(), std::size_t(200));
    QVERIFY(*first == *again);
    auto other = sweep;
    other.seed = 6;
    QVERIFY(*sweepPoints(other) != *first);
    QCOMPARE(std::set<SweepPoint>(first->begin(), first->end()).size(), std::size_t(200));
    int below = 0;
    std::set<std::string> batches;
    for (const auto& point : *first) {
        const double rate = std::stod(point[0].second);
        QVERIFY(rate >= 1e-6 && rate <= 1e-4);
        below += rate < 1e-5 ? 1 : 0;
        batches.insert(point[1].second);
    }
    QVERIFY2(below > 70 && below < 130, qPrintable(QString::number(below))); // half of a logarithmic range
    QCOMPARE(batches, (std::set<std::string>{"8", "9", "10", "11"}));
    // A small space is exhausted, not repeated.
    QCOMPARE(sweepPoints({{*parseSweepAxis("a=1,2"), *parseSweepAxis("b=1..3")}, 50, 1})->size(), std::size_t(6));
}

void TestSweep::whatCannotBe()
{
    QVERIFY(!sweepPoints({}).ok());
    QVERIFY(!sweepPoints({{*parseSweepAxis("a=1..5")}, 0, 0}).ok());
    QVERIFY(!sweepPoints({{*parseSweepAxis("a=1..5")}, 20000, 0}).ok());
    SweepAxis wide{"a", std::vector<std::string>(101, "1"), 0, 0, false, false};
    const auto many = sweepPoints({{wide, wide}, 0, 0});
    QVERIFY(!many.ok());
    QVERIFY(many.error().message.find("10201") != std::string::npos);
}

void TestSweep::medianRule()
{
    const std::vector<std::vector<Measured>> others = {
        {{10, 0.5}, {20, 0.7}}, {{10, 0.6}, {20, 0.8}}, {{10, 0.2}, {20, 0.4}}, {{10, 0.9}}};
    // Means up to 20: 0.6, 0.7, 0.3; the fourth did not come that far.
    QVERIFY(endsByMedianRule({{10, 0.1}, {20, 0.59}}, others, true));
    QVERIFY(!endsByMedianRule({{10, 0.1}, {20, 0.6}}, others, true));
    QVERIFY(!endsByMedianRule({{10, 0.7}, {20, 0.1}}, others, true)); // its best counts
    QVERIFY(endsByMedianRule({{10, 0.7}, {20, 0.9}}, others, false));
    QVERIFY(endsByMedianRule({{20, std::nan("")}}, others, true));
    // Too few others, or nothing measured yet.
    QVERIFY(!endsByMedianRule({{20, 0.0}}, {others.begin(), others.begin() + 2}, true));
    QVERIFY(!endsByMedianRule({}, others, true));
    QVERIFY(!endsByMedianRule({{30, 0.0}}, others, true));
}

QTEST_APPLESS_MAIN(TestSweep)
#include "tst_sweep.moc"
