#include "data/mining.h"
#include "data/nearest.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace studio;

namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

const Pairs kPairs{{"q1", "p1"}, {"q1", "p2"}, {"q2", "p3"}, {"q1", "p1"}};
const std::vector<std::string_view> kExtra{"n1", "n2", "n3", "p1", "n4", "n2"};
// corpus: n1 0, n2 1, n3 2, p1 3, n4 4, p2 5, p3 6

HardNegativeMiner mined(const MiningOptions& options)
{
    auto miner = HardNegativeMiner::make(kPairs, kExtra, options);
    if (!miner) qFatal("%s", miner.error().text().c_str());
    const std::vector<MiningCandidate> first{{3, 0.9},  {0, 0.8}, {1, 0.7}, {5, 0.6},
                                             {2, 0.55}, {4, 0.2}, {6, 0.1}};
    const std::vector<MiningCandidate> second{{4, 0.3}, {6, 0.95}, {3, 0.5}, {0, 0.4}};
    const double scores1[] = {0.9, 0.6}, scores2[] = {0.95};
    miner->add(0, first, scores1);
    miner->add(1, second, scores2);
    return std::move(*miner);
}

std::string show(const Table& table)
{
    std::string out;
    for (const auto& name : table.names())
        out += name + " ";
    for (std::int64_t row = 0; row < table.rows(); ++row) {
        out += "/ ";
        for (int c = 0; c < table.columns(); ++c)
            out += table.column(c).display(row) + " ";
    }
    return out;
}

} // namespace

class TestMining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void deduplicates()
    {
        const auto miner = HardNegativeMiner::make(kPairs, kExtra, {});
        QVERIFY(miner.ok());
        QCOMPARE(miner->queries(), (std::vector<std::string_view>{"q1", "q2"}));
        QCOMPARE(miner->corpus(), (std::vector<std::string_view>{"n1", "n2", "n3", "p1", "n4", "p2", "p3"}));
        QCOMPARE(miner->positivesOf(0).size(), std::size_t{2});
        QCOMPARE(miner->candidatesPerQuery(), 7); // 0 + 3 + 2, plus 2, at most the corpus
        QCOMPARE(miner->report().pairs, 3);
    }

    void triplets()
    {
        MiningOptions options;
        options.numNegatives = 2;
        const auto miner = mined(options);
        QCOMPARE(show(miner.table("anchor", "positive")),
                 std::string("anchor positive negative / q1 p1 n1 / q1 p1 n2 / q1 p2 n1 / q1 p2 n2 / q2 p3 "
                             "p1 / q2 p3 n1 "));
        QCOMPARE(miner.report().missing, 0);
    }

    void filters_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("first");
        QTest::newRow("range_min") << 0 << "n2";
        QTest::newRow("max_score") << 1 << "n3";
        QTest::newRow("absolute_margin") << 2 << "n3"; // 0.55 + 0.05 is not above 0.6
        QTest::newRow("relative_margin") << 3 << "n4"; // 0.6 - 0.06 is below 0.55
        QTest::newRow("min_score") << 4 << "n1";
        QTest::newRow("range_max") << 5 << "n2";
    }
    void filters()
    {
        QFETCH(int, which);
        QFETCH(QString, first);
        MiningOptions options;
        options.numNegatives = 1;
        if (which == 0) options.rangeMin = 1;
        if (which == 1) options.maxScore = 0.6;
        if (which == 2) options.absoluteMargin = 0.04;
        if (which == 3) options.relativeMargin = 0.1;
        if (which == 4) options.minScore = 0.75;
        if (which == 5) {
            options.rangeMin = 1;
            options.rangeMax = 2;
        }
        const auto table = mined(options).table("a", "p");
        QCOMPARE(std::string(table.text(2, 0)), first.toStdString());
    }

    void formats()
    {
        MiningOptions options;
        options.numNegatives = 4;
        options.outputScores = true;
        options.format = MiningFormat::NTuple; // q2 has only three candidates left
        QCOMPARE(show(mined(options).table("a", "p")),
                 std::string("a p negative_1 negative_2 negative_3 negative_4 scores / q1 p1 n1 n2 n3 n4 "
                             "[0.9, 0.8, 0.7, 0.55, 0.2] "
                             "/ q1 p2 n1 n2 n3 n4 [0.6, 0.8, 0.7, 0.55, 0.2] "));
        options.numNegatives = 1;
        options.format = MiningFormat::LabeledPair;
        QCOMPARE(show(mined(options).table("a", "p")),
                 std::string("a p score / q1 p1 0.9 / q1 p2 0.6 / q1 n1 0.8 / q2 p3 0.95 / q2 p1 0.5 "));
        options.format = MiningFormat::LabeledList;
        options.outputScores = false;
        QCOMPARE(show(mined(options).table("a", "p")),
                 std::string("a p labels / q1 [\"p1\", \"n1\"] [1.0, 0.0] / q1 [\"p2\", \"n1\"] [1.0, 0.0] / "
                             "q2 [\"p3\", \"p1\"] [1.0, 0.0] "));
    }

    void randomIsRepeatable()
    {
        MiningOptions options;
        options.numNegatives = 2;
        options.random = true;
        const auto once = show(mined(options).table("a", "p"));
        QCOMPARE(show(mined(options).table("a", "p")), once);
        bool differs = false;
        for (int seed = 0; seed < 8; ++seed) {
            options.seed = seed;
            differs |= show(mined(options).table("a", "p")) != once;
        }
        QVERIFY(differs);
    }

    void errors()
    {
        MiningOptions options;
        options.numNegatives = 0;
        QVERIFY(!HardNegativeMiner::make(kPairs, kExtra, options).ok());
        QVERIFY(!HardNegativeMiner::make({}, kExtra, {}).ok());
        options.numNegatives = 1;
        options.rangeMin = 5;
        options.rangeMax = 5;
        QCOMPARE(HardNegativeMiner::make(kPairs, kExtra, options).error().where, std::string("range_max"));
        options.rangeMax = 6;
        options.numNegatives = 2;
        QCOMPARE(HardNegativeMiner::make(kPairs, kExtra, options).error().where,
                 std::string("num_negatives"));
        MiningOptions ranking;
        ranking.includePositives = true;
        QCOMPARE(HardNegativeMiner::make(kPairs, kExtra, ranking).error().where,
                 std::string("include_positives"));
    }

    /// Positives without any negative are rows of labelled pairs, but of no other form.
    void withoutNegatives()
    {
        MiningOptions options;
        options.maxScore = -1;
        options.format = MiningFormat::LabeledPair;
        QCOMPARE(show(mined(options).table("a", "p")),
                 std::string("a p label / q1 p1 1 / q1 p2 1 / q2 p3 1 "));
        options.format = MiningFormat::Triplet;
        QCOMPARE(mined(options).table("a", "p").rows(), 0);
    }

    void rankingsKeepTheirPositives()
    {
        MiningOptions options;
        options.includePositives = true;
        options.format = MiningFormat::NTuple;
        options.numNegatives = 3;
        QCOMPARE(
            show(mined(options).table("a", "p")),
            std::string(
                "a p negative_1 negative_2 negative_3 / q1 p1 p1 n1 n2 / q1 p2 p1 n1 n2 / q2 p3 p3 p1 n1 "));
    }

    /// Against a search that does one product after the other.
    void nearestDocuments_()
    {
        constexpr std::int64_t kDim = 37, kQueries = 21, kDocuments = 83;
        std::vector<float> queries(kDim * kQueries), documents(kDim * kDocuments);
        for (std::size_t i = 0; i < queries.size(); ++i)
            queries[i] = static_cast<float>((i * 7919) % 101) / 50 - 1;
        for (std::size_t i = 0; i < documents.size(); ++i)
            documents[i] = static_cast<float>((i * 104729) % 97) / 48 - 1;
        for (const int threads : {1, 3}) {
            std::vector<int> seen(kQueries, 0);
            nearestDocuments(queries, documents, kDim, 5, threads,
                             [&](std::int64_t query, std::span<const MiningCandidate> best) {
                                 ++seen[static_cast<std::size_t>(query)];
                                 std::vector<MiningCandidate> all;
                                 for (std::int64_t d = 0; d < kDocuments; ++d)
                                     all.push_back({d, dotProduct(queries, query, documents, d, kDim)});
                                 std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
                                     return a.score != b.score ? a.score > b.score : a.document < b.document;
                                 });
                                 QCOMPARE(best.size(), std::size_t{5});
                                 for (std::size_t i = 0; i < best.size(); ++i) {
                                     // Equal products may come in another order by rounding.
                                     const auto own =
                                         dotProduct(queries, query, documents, best[i].document, kDim);
                                     QVERIFY(std::abs(own - all[i].score) < 1e-4);
                                     QVERIFY(std::abs(best[i].score - own) < 1e-4);
                                 }
                             });
            QCOMPARE(seen, std::vector<int>(kQueries, 1));
        }
    }
};

QTEST_APPLESS_MAIN(TestMining)
#include "tst_mining.moc"
