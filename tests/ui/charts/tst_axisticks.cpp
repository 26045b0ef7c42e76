#include "ui/charts/axisticks.h"
#include "ui/charts/curvepalette.h"

#include <QLocale>
#include <QPalette>
#include <QSet>
#include <QtTest>

#include <cmath>

using namespace studio;

class TestAxisTicks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void stepsAreOneTwoFive_data();
    void stepsAreOneTwoFive();
    void rangesHoldTheirData_data();
    void rangesHoldTheirData();
    void growingRangeMovesSeldom();
    void ticksAreRoundUniqueAndInside_data();
    void ticksAreRoundUniqueAndInside();
    void logTicks_data();
    void logTicks();
    void axisTicksAreWholeOrRound();
    void texts_data();
    void texts();
    void durations();
    void coloursCanBeSeenAndToldApart_data();
    void coloursCanBeSeenAndToldApart();
};

void TestAxisTicks::stepsAreOneTwoFive_data()
{
    QTest::addColumn<double>("atLeast");
    QTest::addColumn<double>("step");
    QTest::newRow("1") << 1.0 << 1.0;
    QTest::newRow("1.1") << 1.1 << 2.0;
    QTest::newRow("3") << 3.0 << 5.0;
    QTest::newRow("7") << 7.0 << 10.0;
    QTest::newRow("0.03") << 0.03 << 0.05;
    QTest::newRow("2e-7") << 2e-7 << 2e-7;
    QTest::newRow("0") << 0.0 << 1.0;
}

void TestAxisTicks::stepsAreOneTwoFive()
{
    QFETCH(double, atLeast);
    QFETCH(double, step);
    QVERIFY(std::abs(niceStep(atLeast) - step) < 1e-9 * step);
}

void TestAxisTicks::rangesHoldTheirData_data()
{
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::newRow("loss") << 0.031 << 0.147;
    QTest::newRow("constant") << 0.5 << 0.5;
    QTest::newRow("zero") << 0.0 << 0.0;
    QTest::newRow("negative") << -3.0 << 7.0;
    QTest::newRow("tiny") << 1e-9 << 2e-5;
    QTest::newRow("large") << 1e7 << 3e9;
    QTest::newRow("near") << 0.80012 << 0.80013;
}

void TestAxisTicks::rangesHoldTheirData()
{
    QFETCH(double, low);
    QFETCH(double, high);
    const auto range = niceRange(low, high);
    QVERIFY(range.low <= low && range.high >= high && range.length() > 0);
    if (high > low)
        QVERIFY2(range.length() < 2 * (high - low) || low >= 0, qPrintable(QString::number(range.length())));
    if (low >= 0 && high > low) QVERIFY(range.low >= 0);
    if (low <= 0) return;
    const auto log = niceLogRange(low, high);
    QVERIFY(log.low > 0 && log.low <= low && log.high >= high && log.high > log.low);
}

void TestAxisTicks::growingRangeMovesSeldom()
{
    PlotRange current{0, 0};
    int moves = 0;
    for (int step = 1; step <= 10000; ++step) {
        const PlotRange needed{0, double(step)};
        if (stillFits(current, needed, false)) continue;
        current = growingRange(needed.low, needed.high);
        QVERIFY(current.high >= step);
        ++moves;
    }
    QVERIFY2(moves < 45, qPrintable(QString::number(moves)));
    QVERIFY(!stillFits({0, 1000}, {0, 100}, false));
}

void TestAxisTicks::ticksAreRoundUniqueAndInside_data()
{
    rangesHoldTheirData_data();
}

void TestAxisTicks::ticksAreRoundUniqueAndInside()
{
    QFETCH(double, low);
    QFETCH(double, high);
    const auto range = niceRange(low, high);
    const auto ticks = linearTicks(range, 6);
    QVERIFY(ticks.size() >= 2 && ticks.size() <= 8);
    QSet<QString> labels;
    for (const auto& tick : ticks) {
        QVERIFY(tick.value >= range.low - 1e-6 * range.length() &&
                tick.value <= range.high + 1e-6 * range.length());
        labels.insert(tick.label);
    }
    QCOMPARE(labels.size(), qsizetype(ticks.size()));
}

void TestAxisTicks::logTicks_data()
{
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::addColumn<QStringList>("labels");
    QTest::newRow("two decades") << 0.1 << 10.0 << QStringList{"0.1", "0.2", "0.5", "1", "2", "5", "10"};
    QTest::newRow("many") << 1e-8 << 1.0 << QStringList{"1e-08", "1e-06", "1e-04", "0.01", "1"};
    QTest::newRow("part of one") << 0.5 << 0.9 << QStringList{"0.5", "0.6", "0.7", "0.8", "0.9"};
}

void TestAxisTicks::logTicks()
{
    QFETCH(double, low);
    QFETCH(double, high);
    QStringList labels;
    for (const auto& tick : studio::logTicks({low, high}, 6))
        labels << tick.label;
    QTEST(labels, "labels");
}

void TestAxisTicks::axisTicksAreWholeOrRound()
{
    for (const auto& tick : axisTicks(AxisKind::Step, {0, 3}, 10))
        QCOMPARE(tick.value, std::round(tick.value));
    QStringList labels;
    for (const auto& tick : axisTicks(AxisKind::Elapsed, {0, 300}, 6))
        labels << tick.label;
    QCOMPARE(
        labels,
        QStringList({"0:00", "1:00", "2:00", "3:00", "4:00", "5:00"}).replaceInStrings("0:00", labels[0]));
    // Clock times are multiples of the step in local time: whole minutes here.
    for (const auto& tick : axisTicks(AxisKind::Wall, {1.7e9, 1.7e9 + 600}, 6))
        QCOMPARE(std::fmod(tick.value, 60.0), 0.0);
    QVERIFY(axisTicks(AxisKind::Step, {0, 0}, 5).empty());
}

void TestAxisTicks::texts_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("loss") << 0.031415926 << "0.03142";
    QTest::newRow("rate") << 2e-5 << "2.000e-05";
    QTest::newRow("one") << 1.0 << "1.000";
    QTest::newRow("thousands") << 12345.0 << "12345";
    QTest::newRow("large") << 1.5e6 << "1.500e+06";
    QTest::newRow("nan") << std::nan("") << "not a number";
    QTest::newRow("inf") << double(INFINITY) << "infinity";
    QTest::newRow("zero") << 0.0 << "0";
}

void TestAxisTicks::texts()
{
    QFETCH(double, value);
    QTEST(valueText(value), "text");
}

void TestAxisTicks::durations()
{
    QCOMPARE(durationText(0.4), QString("0 s"));
    QCOMPARE(durationText(45), QString("45 s"));
    QCOMPARE(durationText(200), QString("3 min 20 s"));
    QCOMPARE(durationText(3900), QString("1 h 05 min"));
    QCOMPARE(durationText(200000), QString("2 d 7 h"));
    QCOMPARE(positionText(AxisKind::Elapsed, 75), QString("1:15"));
}

void TestAxisTicks::coloursCanBeSeenAndToldApart_data()
{
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestAxisTicks::coloursCanBeSeenAndToldApart()
{
    QFETCH(bool, dark);
    QPalette palette;
    palette.setColor(QPalette::Base, dark ? QColor(0x1e1e1e) : Qt::white);
    palette.setColor(QPalette::Text, dark ? Qt::white : Qt::black);
    QSet<QRgb> colours;
    int dashed = 0;
    for (int i = 0; i < curveStyleCount(); ++i) {
        const auto style = curveStyle(i, palette);
        QVERIFY2(
            contrast(style.colour, palette.color(QPalette::Base)) >= 3,
            qPrintable(QString("%1: %2").arg(i).arg(contrast(style.colour, palette.color(QPalette::Base)))));
        colours.insert(style.colour.rgb());
        dashed += !style.dash.isEmpty();
    }
    QCOMPARE(colours.size(), qsizetype(curveStyleCount()));
    QCOMPARE(dashed, curveStyleCount() - 1);
    QVERIFY(contrast(alarmColour(palette), palette.color(QPalette::Base)) >= 3);
}

QTEST_MAIN(TestAxisTicks)
#include "tst_axisticks.moc"
