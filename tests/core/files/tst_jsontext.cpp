#include "core/files/jsontext.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <clocale>
#include <cmath>

using namespace studio;

class TestJsonText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void errorsNameLineAndColumn_data();
    void errorsNameLineAndColumn();
    void keepsOrderAndNumbers();
    void locale();
    void offsets();
    void numberText_data();
    void numberText();
};

void TestJsonText::errorsNameLineAndColumn_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("where");
    QTest::addColumn<QString>("says");
    QTest::newRow("missing comma") << "{\n  \"a\": 1\n  \"b\": 2\n}"
                                   << "x.json:3:"
                                   << "Near: \"b\": 2";
    QTest::newRow("cut off") << "{\"a\": [1, 2"
                             << "x.json:1:"
                             << "unexpected end of input";
    QTest::newRow("twice") << "{\n \"a\": 1,\n \"a\": 2}"
                           << "x.json:3:"
                           << "occurs twice";
    QTest::newRow("rest") << "{}\n x"
                          << "x.json:2:2"
                          << "expected end of input";
    QTest::newRow("nan") << "{\"a\": NaN}"
                         << "x.json:1:"
                         << "invalid literal";
    QTest::newRow("too large") << "{\"a\": 1e999}"
                               << "x.json:1:"
                               << "1e999 is too large";
    QTest::newRow("empty") << ""
                           << "x.json:1:1"
                           << "unexpected end of input";
    QTest::newRow("umlauts count once") << QString::fromUtf8("{\"äöü\": 1, x}") << "x.json:1:12"
                                        << "invalid literal";
    QTest::newRow("control character") << "{\"a\": \"x\ty\"}"
                                       << "x.json:1:"
                                       << "control character";
    QTest::newRow("deep") << QString(70, '[') << "x.json:1:65"
                          << "deeper than 64";
}

void TestJsonText::errorsNameLineAndColumn()
{
    QFETCH(QString, text);
    QFETCH(QString, where);
    QFETCH(QString, says);
    const auto result = parseJsonText(text.toStdString(), "x.json");
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::Malformed);
    const auto gotWhere = QString::fromStdString(result.error().where);
    const auto message = QString::fromStdString(result.error().message);
    QVERIFY2(gotWhere.startsWith(where), qPrintable(gotWhere + " / " + message));
    QVERIFY2(message.contains(says), qPrintable(message));
    QVERIFY2(message.contains("x.json") && message.contains("line "), qPrintable(message));
}

void TestJsonText::keepsOrderAndNumbers()
{
    const std::string text =
        "\xEF\xBB\xBF{\"z\":2e-05,\"a\":[1,-2,18446744073709551615],\"m\":0.1,\"t\":1e-400}";
    const auto result = parseJsonText(text, "x");
    QVERIFY(result.ok());
    QCOMPARE(result->dump(),
             std::string("{\"z\":2e-05,\"a\":[1,-2,18446744073709551615],\"m\":0.1,\"t\":0.0}"));
    QVERIFY(!parseJsonText("[1]", "x", {2, 64}).ok());
}

void TestJsonText::locale()
{
    const char* set = std::setlocale(LC_NUMERIC, "de_DE.UTF-8");
    if (!set) set = std::setlocale(LC_NUMERIC, "de_DE.utf8");
    if (!set) QSKIP("needs the locale de_DE.UTF-8, which is not installed");
    const auto result = parseJsonText("[0.5, 2e-05]", "x");
    const std::string written = studio::numberText(0.25);
    std::setlocale(LC_NUMERIC, "C");
    QVERIFY(result.ok());
    QCOMPARE((*result)[0].get<double>(), 0.5);
    QCOMPARE((*result)[1].get<double>(), 2e-05);
    QCOMPARE(written, std::string("0.25"));
}

void TestJsonText::offsets()
{
    const std::string text =
        " { \"a\" : [ 1, {\"x\":\"]}\\\"\"} , [] ],\n  \"b\\u0041\":  -1.50 , \"c\":{} }";
    QVERIFY(parseJsonText(text, "x").ok());
    const auto members = membersAt(text, rootOffset(text));
    QCOMPARE(members.size(), std::size_t(3));
    QCOMPARE(members[1].key, std::string("bA"));
    QCOMPARE(text.substr(members[1].begin, members[1].end - members[1].begin),
             std::string("\"b\\u0041\":  -1.50"));
    QCOMPARE(text.substr(members[2].value, members[2].end - members[2].value), std::string("{}"));
    const auto elements = elementsAt(text, members[0].value);
    QCOMPARE(elements.size(), std::size_t(3));
    QCOMPARE(text[elements[1]], '{');
    QCOMPARE(text[elements[2]], '[');
    QCOMPARE(membersAt(text, elements[1]).front().key, std::string("x"));
    const TextPosition at = positionAt(text, members[1].begin);
    QCOMPARE(at.line, std::size_t(2));
    QCOMPARE(at.column, std::size_t(3));
}

void TestJsonText::numberText_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("rate") << 2e-05 << "2e-05";
    QTest::newRow("whole") << 3.0 << "3.0";
    QTest::newRow("tenth") << 0.1 << "0.1";
    QTest::newRow("large") << 1e22 << "1e+22";
    QTest::newRow("nan") << std::nan("") << "NaN";
    QTest::newRow("minus infinity") << -HUGE_VAL << "-Infinity";
}

void TestJsonText::numberText()
{
    QFETCH(double, value);
    QFETCH(QString, text);
    QCOMPARE(QString::fromStdString(studio::numberText(value)), text);
}

QTEST_APPLESS_MAIN(TestJsonText)
#include "tst_jsontext.moc"
