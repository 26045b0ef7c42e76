#include "core/experiment/diff.h"

#include <QTest>

using namespace studio;

class TestExperimentDiff : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void json_data();
    void json();
    void experiments();
};

void TestExperimentDiff::json_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("after");
    QTest::addColumn<QString>("found");
    QTest::newRow("equal") << R"({"a":[1,{"b":2}]})"
                           << R"({"a":[1,{"b":2.0}]})"
                           << "";
    QTest::newRow("order of keys") << R"({"a":1,"b":2})"
                                   << R"({"b":2,"a":1})"
                                   << "";
    QTest::newRow("value") << R"({"a":{"b":1}})"
                           << R"({"a":{"b":2}})"
                           << "a.b: 1 -> 2; ";
    QTest::newRow("added and gone") << R"({"a":1,"c":[1]})"
                                    << R"({"a":1,"b":{"x":1}})"
                                    << R"(c: [1] -> ; b:  -> {"x":1}; )";
    QTest::newRow("list") << R"({"a":[{"n":1},2,3]})"
                          << R"({"a":[{"n":5},2]})"
                          << "a[0].n: 1 -> 5; a[2]: 3 -> ; ";
    QTest::newRow("longer list") << "[]"
                                 << "[[7]]"
                                 << "[0]:  -> [7]; ";
    QTest::newRow("type") << R"({"a":1})"
                          << R"({"a":"1"})"
                          << R"(a: 1 -> "1"; )";
    QTest::newRow("null is a value") << R"({"a":null})"
                                     << R"({})"
                                     << "a: null -> ; ";
    QTest::newRow("whole") << "1"
                           << "2"
                           << ": 1 -> 2; ";
}

void TestExperimentDiff::json()
{
    QFETCH(QString, before);
    QFETCH(QString, after);
    QFETCH(QString, found);
    std::string text;
    for (const Difference& d :
         differences(Json::parse(before.toStdString()), Json::parse(after.toStdString()))) {
        text += d.path + ": " + d.before + " -> " + d.after + "; ";
    }
    QCOMPARE(QString::fromStdString(text), found);
}

void TestExperimentDiff::experiments()
{
    Experiment a;
    a.train.resize(1);
    Experiment b = a;
    QVERIFY(differences(a, b).empty());
    b.arguments.learningRate = Number(2e-05);
    b.train[0].path = "x.csv";
    b.model.dropout = 0.0;
    const auto found = differences(a, b);
    QCOMPARE(found.size(), std::size_t(3));
    QCOMPARE(found[0].path, std::string("model.dropout"));
    QCOMPARE(found[1].path, std::string("train[0].path"));
    QCOMPARE(found[2].path, std::string("arguments.learning_rate"));
    QCOMPARE(found[2].before, std::string());
    QCOMPARE(found[2].after, std::string("2e-05"));
}

QTEST_APPLESS_MAIN(TestExperimentDiff)
#include "tst_experimentdiff.moc"
