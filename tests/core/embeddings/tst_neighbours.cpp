// Neighbours, storage costs, the map and scores of examples, against numpy and scipy (tests/interop/oracle_neighbours.py).

#include "core/embeddings/examplescores.h"
#include "core/embeddings/neighbours.h"
#include "core/json.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>

using namespace studio;

class TestNeighbours : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void plane();
    void planeOfNothing();
    void nearest();
    void moves();
    void storage();
    void examples();

private:
    Json m_reference;
    std::vector<float> m_rows;
    std::size_t m_dim = 0;
};

void TestNeighbours::initTestCase()
{
    m_reference = Json::parse(test::readFile(test::fixture("statistics/neighbours.json")));
    m_rows = m_reference["rows"].get<std::vector<float>>();
    m_dim = m_reference["dim"].get<std::size_t>();
}

void TestNeighbours::plane()
{
    const PrincipalPlane found = principalPlane(m_rows, m_dim);
    const auto near = [&](const std::vector<double>& values, const char* key) {
        const auto wanted = m_reference[key].get<std::vector<double>>();
        QCOMPARE(values.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            QVERIFY2(std::abs(values[i] - wanted[i]) <= 1e-7, key);
    };
    near(found.x, "pca_x");
    near(found.y, "pca_y");
    near({found.shareX, found.shareY}, "pca_share");
}

void TestNeighbours::planeOfNothing()
{
    QVERIFY(principalPlane({}, 4).x.empty());
    const std::vector<float> equal(12, 0.5f);
    const auto found = principalPlane(equal, 4);
    QCOMPARE(found.x, (std::vector<double>{0, 0, 0}));
    const std::vector<float> line{1, 0, 2, 0, 4, 0};
    const auto drawn = principalPlane(line, 2);
    QVERIFY(std::abs(drawn.shareX - 1) < 1e-12 && std::abs(drawn.x[2] - 5.0 / 3) < 1e-9);
}

void TestNeighbours::nearest()
{
    const auto found = nearestRows(std::span(m_rows).subspan(0, m_dim), m_rows, 5);
    const auto wanted = m_reference["nearest_of_first"].get<std::vector<std::int64_t>>();
    for (std::size_t i = 0; i < wanted.size(); ++i)
        QCOMPARE(found[i].row, wanted[i]);
}

void TestNeighbours::moves()
{
    const auto moved = movedHits({{4, 0.9}, {2, 0.8}}, {{2, 0.95}, {7, 0.9}, {4, 0.1}});
    QCOMPARE(moved[0].before, std::int64_t(2));
    QCOMPARE(moved[1].before, std::int64_t(0)); // new
    QCOMPARE(moved[2].rank, std::int64_t(3));
    QCOMPARE(moved[2].before, std::int64_t(1));
}

void TestNeighbours::storage()
{
    const auto costs = storageCosts(m_rows, m_dim);
    QCOMPARE(costs.size(), std::size_t(6)); // 64 and 32 dimensions, three precisions
    for (const Json& wanted : m_reference["storage"]) {
        bool seen = false;
        for (const StorageCost& cost : costs) {
            if (cost.dimensions != wanted["dim"].get<std::size_t>() || cost.precision != wanted["precision"].get<std::string>())
                continue;
            seen = true;
            QCOMPARE(cost.bytesPerRow, wanted["bytes"].get<double>());
            QVERIFY2(std::abs(cost.kept - wanted["kept"].get<double>()) < 1e-12, wanted.dump().c_str());
        }
        QVERIFY(seen);
    }
}

void TestNeighbours::examples()
{
    const auto similarities = m_reference["similarities"].get<std::vector<double>>();
    const auto grades = m_reference["grades"].get<std::vector<double>>();
    const auto found = gradedScores(similarities, grades);
    const auto wanted = m_reference["graded_scores"].get<std::vector<double>>();
    for (std::size_t i = 0; i < wanted.size(); ++i)
        QVERIFY(std::abs(found[i] - wanted[i]) < 1e-12);
    const auto half = std::span(m_rows);
    const std::size_t rows = m_rows.size() / m_dim / 2;
    const auto ranks = reciprocalRanks(half.subspan(0, rows * m_dim), half.subspan(rows * m_dim, rows * m_dim), m_dim);
    const auto wantedRanks = m_reference["reciprocal_ranks"].get<std::vector<double>>();
    for (std::size_t i = 0; i < wantedRanks.size(); ++i)
        QVERIFY(std::abs(ranks[i] - wantedRanks[i]) < 1e-12);
}

QTEST_GUILESS_MAIN(TestNeighbours)
#include "tst_neighbours.moc"
