// What a whole data set is like: bad rows, repeats, overlaps, tokens; computed aside and remembered.

#include "core/plan/lint.h"
#include "support/testfiles.h"
#include "text/tokenizer.h"
#include "ui/designer/datafacts.h"
#include "ui/designer/datatruth.h"
#include "ui/designer/runfacts.h"

#include <QSignalSpy>
#include <QtTest>

using namespace studio;

namespace {

DataTruth examine(const DataQuestion& question, bool cancelled = false)
{
    const std::atomic<bool> stop(cancelled);
    return examineData(question, stop);
}

} // namespace

class TestDataTruth : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void countsEverything();
    void tokensAreThoseOfTheTokenizer();
    void promptsCount();
    void sharesAndLimits();
    void largeSetsAreSampledEvenly();
    void brokenFilesSayWhy();
    void stopsWhenCancelled();
    void rememberedUntilSomethingChanges();
    void lintKnows();

private:
    DataQuestion pairs(const std::string& file) const;

    test::TempFolder m_folder;
    std::string m_model;
};

void TestDataTruth::initTestCase()
{
    m_model = (m_folder / "model").string();
    test::writeFile(m_folder / "model" / "vocab.txt",
                    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\ndog\nruns\nquery\n:\nthe\n##s\n");
    test::writeFile(m_folder / "model" / "config.json",
                    R"({"architectures":["BertModel"],"num_hidden_layers":2,"hidden_size":32,
                        "num_attention_heads":2,"vocab_size":13,"max_position_embeddings":64})");
    test::writeFile(m_folder / "model" / "model.safetensors", "weights");
    test::writeFile(m_folder / "train.csv",
                    "anchor,positive\n"
                    "a cat,a dog\n"                   // 4 tokens
                    "a cat,a dog\n"                   // repeats line 2
                    "a cat runs,cat\n"                // 5
                    "broken\n"                        // one value
                    "dog,dog\n"                       // the same text twice
                    "the cat runs the dog runs,a\n"); // 8
    test::writeFile(m_folder / "dev.csv", "anchor,positive\na dog,a cat\ndogs,the\n");
}

DataQuestion TestDataTruth::pairs(const std::string& file) const
{
    DataQuestion question;
    question.data.name = "t";
    question.data.path = (m_folder / file).string();
    question.data.columns = {{"anchor", "anchor"}, {"positive", "positive"}};
    question.tokenizerFolder = m_model;
    return question;
}

void TestDataTruth::countsEverything()
{
    DataQuestion question = pairs("train.csv");
    question.eval = {pairs("dev.csv").data};
    question.eval[0].name = "dev";
    const DataTruth truth = examine(question);
    QVERIFY2(truth.problem.empty(), truth.problem.c_str());
    QCOMPARE(truth.statistics.rows, std::int64_t(5));
    QCOMPARE(truth.badRowCount, std::int64_t(1));
    QCOMPARE(truth.badRows.at(0).line, std::int64_t(5));
    QCOMPARE(truth.statistics.duplicateRows, std::int64_t(1));
    QCOMPARE(truth.duplicateLines.at(0), (std::pair<std::int64_t, std::int64_t>(3, 2)));
    QCOMPARE(truth.statistics.equalInputs, std::int64_t(1));
    QCOMPARE(truth.shared.size(), std::size_t(1));
    QCOMPARE(truth.shared[0].eval, std::string("dev"));
    QCOMPARE(truth.shared[0].overlap.rows, std::int64_t(1)); // whichever way round
    // Positives: "a dog" twice, "cat", "dog", "a": 2 of the 20 ordered pairs of rows are equal.
    QCOMPARE(truth.collisionChance.value(), 2.0 / 20.0);
}

void TestDataTruth::tokensAreThoseOfTheTokenizer()
{
    const DataTruth truth = examine(pairs("train.csv"));
    QVERIFY2(truth.tokens.problem.empty(), truth.tokens.problem.c_str());
    const auto tokenizer = Tokenizer::load(m_model);
    QVERIFY(tokenizer.ok());
    std::vector<std::int64_t> expected(truth.tokens.rowsOfLength.size());
    for (const char* longest : {"a cat", "a cat", "a cat runs", "dog", "the cat runs the dog runs"})
        ++expected.at((*tokenizer)->encode(longest, 0).size());
    QVERIFY(truth.tokens.rowsOfLength == expected);
    QCOMPARE(truth.tokens.longest(), 8);
    QCOMPARE(truth.tokens.counted, std::int64_t(5));
}

void TestDataTruth::promptsCount()
{
    DataQuestion question = pairs("train.csv");
    question.prompts = Json{{"anchor", "query: "}};
    QCOMPARE(examine(question).tokens.longest(), 10);
    question.data.prompts = "the "; // the set's own go before those of the arguments
    QCOMPARE(examine(question).tokens.longest(), 9);
}

void TestDataTruth::sharesAndLimits()
{
    TokenLengths lengths;
    lengths.rowsOfLength = {0, 0, 0, 4, 3, 2, 0, 1}; // 3 tokens four times … 7 once
    lengths.counted = 10;
    QCOMPARE(lengths.truncatedShare(7), 0.0);
    QCOMPARE(lengths.truncatedShare(6), 0.1);
    QCOMPARE(lengths.truncatedShare(4), 0.3);
    QCOMPARE(lengths.truncatedShare(0), 1.0);
    QCOMPARE(lengths.truncatedShare(1000), 0.0);
    QCOMPARE(lengths.limitFor(0), 7);
    QCOMPARE(lengths.limitFor(0.1), 5);
    QCOMPARE(lengths.limitFor(0.3), 4);
    QVERIFY(lengths.truncatedShare(lengths.limitFor(0.1)) <= 0.1);
    QCOMPARE(TokenLengths().truncatedShare(5), 0.0);
}

void TestDataTruth::largeSetsAreSampledEvenly()
{
    // The second half is longer: a sample of the beginning would miss it.
    std::string text = "anchor,positive\n";
    const auto rows = 2 * kTokenRows;
    for (std::int64_t row = 0; row < rows; ++row)
        text += row < rows / 2 ? "a,cat\n" : "a cat runs,dog\n";
    test::writeFile(m_folder / "large.csv", text);
    const DataTruth truth = examine(pairs("large.csv"));
    QCOMPARE(truth.statistics.rows, rows);
    QCOMPARE(truth.tokens.total, rows);
    QCOMPARE(truth.tokens.counted, kTokenRows);
    QCOMPARE(truth.tokens.truncatedShare(4), 0.5);
}

void TestDataTruth::brokenFilesSayWhy()
{
    const DataTruth missing = examine(pairs("nowhere.csv"));
    QVERIFY2(missing.problem.find("nowhere.csv") != std::string::npos, missing.problem.c_str());
    DataQuestion wrong = pairs("train.csv");
    wrong.data.columns = {{"anchor", "absent"}};
    QVERIFY(examine(wrong).problem.find("absent") != std::string::npos);
    DataQuestion noModel = pairs("train.csv");
    noModel.tokenizerFolder.clear();
    const DataTruth truth = examine(noModel);
    QVERIFY(truth.problem.empty() && !truth.tokens.problem.empty());
    QCOMPARE(truth.statistics.rows, std::int64_t(5));
}

void TestDataTruth::stopsWhenCancelled()
{
    const DataTruth truth = examine(pairs("large.csv"), true);
    QVERIFY(!truth.problem.empty());
    QCOMPARE(truth.tokens.counted, std::int64_t(0));
}

void TestDataTruth::rememberedUntilSomethingChanges()
{
    DataFacts facts;
    Experiment experiment;
    experiment.model.path = m_model;
    experiment.train = {pairs("train.csv").data};
    const DataQuestion question = facts.question(experiment, "train", 0);
    QCOMPARE(question.tokenizerFolder, m_model);
    QCOMPARE(facts.modelLimit(experiment), 64);
    QVERIFY(DataFacts::isQuick(question) && !facts.find(question));
    QSignalSpy found(&facts, &DataFacts::found);
    facts.request(question);
    QVERIFY(facts.isRunning(question));
    facts.request(question); // asked twice, answered once
    QTRY_COMPARE(found.count(), 1);
    QVERIFY(facts.find(question) && !facts.isRunning(question));
    DataQuestion other = question;
    other.data.columns = {{"anchor", "positive"}};
    QVERIFY(!facts.find(other));
    other = question;
    other.prompts = "x";
    QVERIFY(!facts.find(other));
}

void TestDataTruth::lintKnows()
{
    RunFacts facts;
    Experiment experiment;
    experiment.model.path = m_model;
    experiment.model.maxSeqLength = 4;
    experiment.train = {pairs("train.csv").data};
    experiment.train[0].loss = LossSpec{"MultipleNegativesRankingLoss", {}};
    experiment.eval = {pairs("dev.csv").data};
    experiment.arguments.perDeviceTrainBatchSize = 4;
    const auto codes = [&] {
        QStringList all;
        for (const Issue& issue : lint(experiment.arguments, facts.lintFacts(experiment)))
            all << QString::fromStdString(issue.code);
        return all;
    };
    QVERIFY(!codes().contains("L11")); // not known yet; asking starts the work
    QTRY_VERIFY(codes().contains("L11"));
    QVERIFY2(codes().contains("L07"), qPrintable(codes().join(' '))); // equal positives in a batch
    QVERIFY(codes().contains("L12"));                                 // a training row is in dev
    experiment.model.maxSeqLength = 64;
    QVERIFY(!codes().contains("L11"));
}

QTEST_GUILESS_MAIN(TestDataTruth)
#include "tst_datatruth.moc"
