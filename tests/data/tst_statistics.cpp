#include "data/roleguess.h"
#include "data/statistics.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QByteArray>
#include <QTest>

using namespace studio;

namespace {

Dataset datasetOf(const std::string& csv)
{
    test::TempFolder folder;
    test::writeFile(folder / "x.csv", csv);
    DataSpec spec;
    spec.path = (folder / "x.csv").string();
    auto dataset = openDataset(spec);
    if (!dataset) qFatal("%s", dataset.error().text().c_str());
    return *dataset;
}

std::string guessed(const std::string& name, const std::string& contents)
{
    test::TempFolder folder;
    test::writeFile(folder / name, contents);
    auto table = readTable(folder / name, {.limit = 200});
    if (!table) return table.error().text();
    std::string out;
    for (const auto& guess : guessRoles(*table)) {
        if (guess.reason.empty()) return "no reason for " + guess.column;
        out += guess.column + "=" + guess.role + " ";
    }
    return out;
}

} // namespace

class TestStatistics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void countsByHand()
    {
        const auto dataset = datasetOf("a,b,label\nx,y,1\n \t,y,1\nx,y,0\ngrün,grün,1\nx,y,1\n");
        const auto found = dataStatistics(dataset);
        QVERIFY(found.ok());
        QCOMPARE(found->rows, 5);
        QCOMPARE(found->inputs[0].column, std::string("a"));
        QCOMPARE(found->inputs[0].empty, 1);
        QCOMPARE(found->inputs[0].distinct, 3);
        QCOMPARE(found->inputs[1].distinct, 2);
        QCOMPARE(found->inputs[0].minLength, 1);
        QCOMPARE(found->inputs[0].maxLength, 4); // characters, not bytes
        QCOMPARE(found->inputs[0].longestRow, 3);
        QCOMPARE(found->inputs[0].meanLength, (1 + 2 + 1 + 4 + 1) / 5.0);
        QCOMPARE(found->duplicateRows, 2);
        QCOMPARE(found->duplicates, (std::vector<std::pair<std::int64_t, std::int64_t>>{{2, 0}, {4, 0}}));
        QCOMPARE(found->equalInputs, 1);
        QCOMPARE(found->equalInputRows, (std::vector<std::int64_t>{3}));
        QVERIFY(found->hasLabel);
        QCOMPARE(found->label.distinct, 2);
        QCOMPARE(found->label.counts[0].label, std::string("1"));
        QCOMPARE(found->label.counts[0].rows, 4);
        QCOMPARE(found->label.mean, 0.8);
    }

    void classesAndScores()
    {
        const auto classes = dataStatistics(datasetOf("label,text\nneutral,a\nentailment,b\nneutral,c\n"));
        QCOMPARE(classes->label.counts[0].label, std::string("neutral"));
        QCOMPARE(classes->label.counts[0].rows, 2);
        const auto scores = dataStatistics(datasetOf("text,score\na,0.0\nb,5\nc,4.9\nd,2.5\n"));
        QCOMPARE(scores->label.kind, ColumnKind::Real);
        QCOMPARE(scores->label.histogram.size(), std::size_t{20});
        QCOMPARE(scores->label.histogram[0], 1);
        QCOMPARE(scores->label.histogram[19], 2);
        QCOMPARE(scores->label.histogram[10], 1);
        const auto equal = dataStatistics(datasetOf("text,score\na,1.5\nb,1.5\n"));
        QCOMPARE(equal->label.histogram[0], 2);
    }

    void overlap()
    {
        const auto train = datasetOf("a,b\nx,y\nz,w\nq,q\n");
        const auto eval = datasetOf("a,b\ny,x\nz,new\nz,w\nother,w\n");
        const auto found = dataOverlap(train, eval);
        QVERIFY(found.ok());
        QCOMPARE(found->rows, 2);
        QCOMPARE(found->examples, (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 0}, {2, 1}}));
        QCOMPARE(found->texts, 4);         // y, x, z, w
        QCOMPARE(found->distinctTexts, 6); // and new, other
    }

    void stops()
    {
        std::string csv = "a\n";
        for (int i = 0; i < 20'000; ++i)
            csv += "text\n";
        const auto dataset = datasetOf(csv);
        int calls = 0;
        const auto never = [&](std::int64_t, std::int64_t) { return ++calls < 3; };
        QCOMPARE(dataStatistics(dataset, never).error().code, ErrorCode::Busy);
        QCOMPARE(calls, 3);
        calls = 0;
        QCOMPARE(dataOverlap(dataset, dataset, never).error().code, ErrorCode::Busy);
        const auto found = dataStatistics(dataset);
        QCOMPARE(found->duplicateRows, 19'999);
        QCOMPARE(found->duplicates.size(), kMaxExamples);
    }

    void bundledSample()
    {
        DataSpec spec;
        spec.columns = {{"sentence1", "sentence1"}, {"sentence2", "sentence2"}, {"score", "score"}};
        spec.path = (test::sourceFolder() / "resources/data/stsb-open/en-train.csv").string();
        const auto train = openDataset(spec);
        spec.path = (test::sourceFolder() / "resources/data/stsb-open/en-dev.csv").string();
        const auto dev = openDataset(spec);
        QVERIFY(train.ok() && dev.ok());
        const auto found = dataStatistics(*train);
        QCOMPARE(found->rows, 2999);
        QCOMPARE(found->inputs[0].empty, 0);
        QVERIFY(found->label.min >= 0 && found->label.max <= 5);
        QVERIFY(dataOverlap(*train, *dev)->rows < 30);
    }

    void roleGuesses_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* title, const char* name, const std::string& text,
                            const char* expected) {
            QTest::newRow(title) << QByteArray(name) << QByteArray::fromStdString(text)
                                 << QByteArray(expected);
        };
        row("stsb", "x.csv", "sentence1,sentence2,score,source,attribution\na b,c d,3.5,images,\n",
            "sentence1=sentence1 sentence2=sentence2 score=score source= attribution= ");
        row("nli", "x.tsv", "label\tpremise\thypothesis\nneutral\ta\tb\n",
            "label=label premise=sentence1 hypothesis=sentence2 ");
        row("triplets", "x.tsv", "anchor\tpositive\tnegative\na\tb\tc\n",
            "anchor=anchor positive=positive negative=negative ");
        row("banking", "x.csv", "text,category\nWhere is my card?,card_arrival\n",
            "text=sentence category=label ");
        row("many negatives", "x.jsonl",
            R"({"query_id": 7, "query": "a", "positive": "b", "negative_1": "c", "negative_2": "d"})",
            "query_id= query=anchor positive=positive negative_1=negative_1 negative_2=negative_2 ");
        std::string labelled = "col1,col2,col3\n", texts = "left,right\n";
        for (int i = 0; i < 40; ++i) {
            labelled += "some text number " + std::to_string(i) + ",another one " + std::to_string(i * 7) +
                        "," + std::to_string(i % 3) + "\n";
            texts += "some text " + std::to_string(i) + ",some other text " + std::to_string(i) + "\n";
        }
        row("unknown names with classes", "x.csv", labelled, "col1=sentence1 col2=sentence2 col3=label ");
        row("unknown names", "x.csv", texts, "left=anchor right=positive ");
        row("two labels", "x.csv", "text,label,score\na b,1,0.5\n", "text=sentence label=label score= ");
        row("margins", "x.jsonl", R"({"query": "a", "passage": "b", "margin": [0.5, 0.25]})",
            "query=anchor passage=positive margin=label ");
    }
    void roleGuesses()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        QCOMPARE(guessed(name.toStdString(), text.toStdString()), expected.toStdString());
    }

    void rolesInOrder()
    {
        const std::vector<RoleGuess> guesses{{"s", "score", "x"},
                                             {"n", "negative_1", "x"},
                                             {"i", "", "x"},
                                             {"p", "positive", "x"},
                                             {"q", "anchor", "x"}};
        QCOMPARE(rolesOf(guesses),
                 (std::vector<std::pair<std::string, std::string>>{
                     {"anchor", "q"}, {"positive", "p"}, {"negative_1", "n"}, {"score", "s"}}));
    }
};

QTEST_APPLESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
