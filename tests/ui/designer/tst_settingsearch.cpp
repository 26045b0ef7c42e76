#include "core/arguments/argumentfields.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/fuzzymatch.h"
#include "ui/designer/settingsearch.h"

#include <QtTest>

using namespace studio;

class TestSettingSearch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyArgumentIsFoundByItsName();
    void findsWhatPeopleType_data();
    void findsWhatPeopleType();
    void valuesAreFoundAndSecretsAreNot();
    void scoresPreferBeginnings();
};

void TestSettingSearch::everyArgumentIsFoundByItsName()
{
    const ExperimentDocument document;
    for (const Field& field : argumentFields()) {
        const QString key = QString::fromStdString(std::string(field.key));
        const auto hits = searchSettings(key, document);
        QVERIFY2(!hits.empty(), qPrintable(key));
        QCOMPARE(hits.front().key, key);
        QVERIFY2(!hits.front().page.isEmpty(), qPrintable(key));
        const QString label = QString::fromStdString(std::string(field.label));
        const auto byLabel = searchSettings(label, document);
        QVERIFY2(
            std::any_of(byLabel.begin(), byLabel.end(), [&](const SearchHit& hit) { return hit.key == key; }),
            qPrintable(label));
    }
}

void TestSettingSearch::findsWhatPeopleType_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("key");
    QTest::newRow("label") << "learning rate"
                           << "learning_rate";
    QTest::newRow("half") << "learn"
                          << "learning_rate";
    QTest::newRow("words turned round") << "steps eval"
                                        << "eval_steps";
    QTest::newRow("model") << "model folder"
                           << "model.path";
    QTest::newRow("warm") << "warmup ratio"
                          << "warmup_ratio";
}

void TestSettingSearch::findsWhatPeopleType()
{
    QFETCH(QString, text);
    QFETCH(QString, key);
    const ExperimentDocument document;
    const auto hits = searchSettings(text, document, 3);
    QStringList keys;
    for (const SearchHit& hit : hits)
        keys << hit.key;
    QVERIFY2(keys.contains(key), qPrintable(keys.join(", ")));
}

void TestSettingSearch::valuesAreFoundAndSecretsAreNot()
{
    ExperimentDocument document;
    document.setValue("run_name", "zebra");
    document.setValue("hub_token", "zebra");
    const auto hits = searchSettings("zebra", document);
    QCOMPARE(hits.size(), std::size_t(1));
    QCOMPARE(hits.front().key, QString("run_name"));
    QVERIFY(searchSettings("xqzv", document).empty());
}

void TestSettingSearch::scoresPreferBeginnings()
{
    QVERIFY(fuzzyScore("rate", "rate of learning") > fuzzyScore("rate", "learning rate"));
    QVERIFY(fuzzyScore("rate", "learning rate") > fuzzyScore("rate", "generate"));
    QVERIFY(fuzzyScore("lr", "learning rate") > 0);
    QCOMPARE(fuzzyScore("xyz", "learning rate"), 0);
    std::vector<int> places;
    fuzzyScore("rate", "Learning rate", &places);
    QCOMPARE(places, (std::vector<int>{9, 10, 11, 12}));
}

QTEST_GUILESS_MAIN(TestSettingSearch)
#include "tst_settingsearch.moc"
