#include "data/reader.h"
#include "support/testfiles.h"
#include "ui/designer/datasuggestion.h"

#include <QtTest>

using namespace studio;

class TestDataSuggestion : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void guesses_data();
    void guesses();
    void misfitsAreExplained();
};

void TestDataSuggestion::guesses_data()
{
    QTest::addColumn<QString>("csv");
    QTest::addColumn<QString>("roles");
    QTest::addColumn<double>("divisor");
    QTest::addColumn<QString>("loss");
    QTest::newRow("sts-b")
        << "sentence1,sentence2,score,source,attribution\na,b,3.6,images,\nc,d,0.0,images,\n"
        << "sentence1=sentence1 sentence2=sentence2 score=score" << 5.0 << "CosineSimilarityLoss";
    QTest::newRow("order by name") << "positive,anchor\nb,a\n"
                                   << "anchor=anchor positive=positive" << 0.0
                                   << "MultipleNegativesRankingLoss";
    QTest::newRow("odd headers") << "id,q,a text\n1,what,that\n2,who,him\n"
                                 << "anchor=q positive=a text" << 0.0 << "MultipleNegativesRankingLoss";
    QTest::newRow("triplets") << "query,answer,negative\na,b,c\n"
                              << "anchor=query positive=answer negative=negative" << 0.0
                              << "MultipleNegativesRankingLoss";
    QTest::newRow("duplicates") << "question1 x,question2 x,is_duplicate\na,b,0\nc,d,1\n"
                                << "sentence1=question1 x sentence2=question2 x label=is_duplicate" << 0.0
                                << "OnlineContrastiveLoss";
    QTest::newRow("nli") << "premise,hypothesis,label\na,b,2\nc,d,0\ne,f,1\n"
                         << "sentence1=premise sentence2=hypothesis label=label" << 0.0 << "SoftmaxLoss";
    QTest::newRow("classes") << "text,category\na,card\nb,cash\n"
                             << "sentence=text label=category" << 0.0 << "BatchAllTripletLoss";
}

void TestDataSuggestion::guesses()
{
    QFETCH(QString, csv);
    QFETCH(QString, roles);
    QFETCH(double, divisor);
    QFETCH(QString, loss);
    test::TempFolder folder;
    test::writeFile(folder / "x.csv", csv.toStdString());
    const auto table = readTable(folder / "x.csv", {});
    QVERIFY(table.ok());
    const DataSuggestion guess = suggestFor(*table);
    QStringList found;
    for (const auto& [role, column] : guess.roles)
        found << QString::fromStdString(role + "=" + column);
    QCOMPARE(found.join(' '), roles);
    QCOMPARE(guess.scoreDivisor.value_or(0), divisor);
    QCOMPARE(QString::fromStdString(guess.loss), loss);
    QVERIFY(!guess.reasons.isEmpty());
    QVERIFY(findLoss(guess.loss));
    QCOMPARE(misfit(*findLoss(guess.loss), offerOf(guess.roles, &*table)), QString());
}

void TestDataSuggestion::misfitsAreExplained()
{
    const DataOffer pairs{2, LabelKind::None};
    QVERIFY(misfit(*findLoss("CosineSimilarityLoss"), pairs).contains("scores"));
    QCOMPARE(misfit(*findLoss("MultipleNegativesRankingLoss"), pairs), QString());
    const DataOffer triplets{3, LabelKind::Float};
    QVERIFY(misfit(*findLoss("CosineSimilarityLoss"), triplets).contains("2"));
    QVERIFY(misfit(*findLoss("TripletLoss"), pairs).contains("3"));
}

QTEST_GUILESS_MAIN(TestDataSuggestion)
#include "tst_datasuggestion.moc"
