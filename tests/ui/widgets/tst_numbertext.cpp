#include "ui/widgets/numbertext.h"

#include <QtTest>

#include <random>

using namespace studio;

class TestNumberText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shownText_data();
    void shownText();
    void readsWhatPeopleType_data();
    void readsWhatPeopleType();
    void wholeNumbers_data();
    void wholeNumbers();
    void anyDoubleSurvives();
    void steps_data();
    void steps();
};

void TestNumberText::shownText_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("c");
    QTest::addColumn<QString>("german");
    QTest::newRow("rate") << 5e-05 << "5e-05"
                          << "5e-05";
    QTest::newRow("small") << 0.002 << "0.002"
                           << "0,002";
    QTest::newRow("odd") << 1.25e-07 << "1.25e-07"
                         << "1,25e-07";
    QTest::newRow("zero") << 0.0 << "0"
                          << "0";
    QTest::newRow("thousand") << 100000.0 << "100000"
                              << "100000";
    QTest::newRow("large") << 1e+20 << "1e+20"
                           << "1e+20";
    QTest::newRow("beta") << 0.999 << "0.999"
                          << "0,999";
    QTest::newRow("negative") << -1.5 << "-1.5"
                              << "-1,5";
}

void TestNumberText::shownText()
{
    QFETCH(double, value);
    QFETCH(QString, c);
    QFETCH(QString, german);
    QCOMPARE(numberToText(value, QLocale::c()), c);
    QCOMPARE(numberToText(value, QLocale(QLocale::German, QLocale::Germany)), german);
}

void TestNumberText::readsWhatPeopleType_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("ok");
    QTest::addColumn<double>("value");
    QTest::newRow("exponent") << "5e-5" << true << 5e-05;
    QTest::newRow("capital") << "5E-05" << true << 5e-05;
    QTest::newRow("comma") << "0,002" << true << 0.002;
    QTest::newRow("comma and exponent") << "2,5e-5" << true << 2.5e-05;
    QTest::newRow("point") << "0.002" << true << 0.002;
    QTest::newRow("no leading zero") << ".5" << true << 0.5;
    QTest::newRow("blanks") << "  3 " << true << 3.0;
    QTest::newRow("plus") << "+3" << true << 3.0;
    QTest::newRow("unicode minus") << QString(QChar(0x2212)) + "1" << true << -1.0;
    QTest::newRow("percent") << "10 %" << true << 0.1;
    QTest::newRow("half typed") << "5e-" << false << 0.0;
    QTest::newRow("words") << "abc" << false << 0.0;
    QTest::newRow("hex") << "0x10" << false << 0.0;
    QTest::newRow("groups") << "1.000,5" << false << 0.0;
    QTest::newRow("nan") << "nan" << false << 0.0;
    QTest::newRow("infinite") << "1e999" << false << 0.0;
    QTest::newRow("two signs") << "--1" << false << 0.0;
    QTest::newRow("empty") << "" << false << 0.0;
}

void TestNumberText::readsWhatPeopleType()
{
    QFETCH(QString, text);
    QFETCH(bool, ok);
    QFETCH(double, value);
    const auto read = numberFromText(text);
    QCOMPARE(read.has_value(), ok);
    if (ok) QCOMPARE(*read, value);
}

void TestNumberText::wholeNumbers_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("ok");
    QTest::addColumn<qint64>("value");
    QTest::newRow("plain") << "16" << true << qint64(16);
    QTest::newRow("minus") << "-1" << true << qint64(-1);
    QTest::newRow("exponent") << "1e3" << true << qint64(1000);
    QTest::newRow("64 bits") << "9223372036854775807" << true << qint64(9223372036854775807LL);
    QTest::newRow("fraction") << "2.5" << false << qint64(0);
    QTest::newRow("group") << "1,000" << false << qint64(0);
    QTest::newRow("words") << "many" << false << qint64(0);
    QTest::newRow("too large") << "1e30" << false << qint64(0);
}

void TestNumberText::wholeNumbers()
{
    QFETCH(QString, text);
    QFETCH(bool, ok);
    QFETCH(qint64, value);
    const auto read = wholeNumberFromText(text);
    QCOMPARE(read.has_value(), ok);
    if (ok) QCOMPARE(qint64(*read), value);
}

void TestNumberText::anyDoubleSurvives()
{
    std::mt19937_64 random(7);
    for (int i = 0; i < 20000; ++i) {
        double value = 0;
        const std::uint64_t bits = random();
        static_assert(sizeof bits == sizeof value);
        memcpy(&value, &bits, sizeof value);
        if (!std::isfinite(value)) continue;
        for (const QLocale& locale : {QLocale::c(), QLocale(QLocale::German)}) {
            const auto back = numberFromText(numberToText(value, locale));
            QVERIFY(back.has_value());
            QVERIFY2(*back == value, qPrintable(numberToText(value, locale)));
        }
    }
}

void TestNumberText::steps_data()
{
    QTest::addColumn<double>("from");
    QTest::addColumn<int>("by");
    QTest::addColumn<double>("log");
    QTest::addColumn<double>("digit");
    QTest::newRow("up") << 5e-05 << 1 << 1e-04 << 6e-05;
    QTest::newRow("down") << 5e-05 << -1 << 2e-05 << 4e-05;
    QTest::newRow("from between, up") << 3e-05 << 1 << 5e-05 << 4e-05;
    QTest::newRow("from between, down") << 3e-05 << -1 << 2e-05 << 2e-05;
    QTest::newRow("beta") << 0.9 << 1 << 1.0 << 1.0;
    QTest::newRow("one") << 1.0 << -1 << 0.5 << 0.0;
    QTest::newRow("ten up") << 10.0 << 2 << 50.0 << 12.0;
    QTest::newRow("no dust") << 0.1 << 2 << 0.5 << 0.3;
}

void TestNumberText::steps()
{
    QFETCH(double, from);
    QFETCH(int, by);
    QFETCH(double, log);
    QFETCH(double, digit);
    QVERIFY2(step125(from, by) == log, qPrintable(QString::number(step125(from, by), 'g', 17)));
    QVERIFY2(stepLastDigit(from, by) == digit, qPrintable(QString::number(stepLastDigit(from, by), 'g', 17)));
}

QTEST_APPLESS_MAIN(TestNumberText)
#include "tst_numbertext.moc"
