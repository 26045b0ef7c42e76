// Cross-encoders of each kind of head against CrossEncoder.predict (tests/interop/oracle_crossencoder.py).

#include "engine/model/crossencoder.h"
#include "support/testfiles.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;
using Json = nlohmann::ordered_json;

class TestCrossEncoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sameAsPython_data();
    void sameAsPython();
    void refusals_data();
    void refusals();
};

void TestCrossEncoder::sameAsPython_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"bert", "electra", "distilbert"})
        QTest::newRow(name) << QString(name);
}

void TestCrossEncoder::sameAsPython()
{
    QFETCH(QString, name);
    const auto folder = test::fixture("model/crossencoder");
    const auto expected = Json::parse(test::readFile(folder / "scores.json"));
    const auto pairs = expected["pairs"].get<std::vector<TextPair>>();
    const auto encoder = CrossEncoder::load(folder / name.toStdString());
    QVERIFY2(encoder.ok(), encoder ? "" : encoder.error().message.c_str());
    for (const int batch : {1, 8, 100}) {
        std::int64_t told = 0;
        const auto scores = (*encoder)->score(pairs, batch, [&](std::int64_t done, std::int64_t total) {
            told = done;
            return total == static_cast<std::int64_t>(pairs.size());
        });
        QVERIFY(scores.ok());
        QCOMPARE(told, static_cast<std::int64_t>(pairs.size()));
        double worst = 0;
        for (std::size_t i = 0; i < pairs.size(); ++i)
            worst = std::max(worst, std::abs((*scores)[i] - expected["scores"][name.toStdString()][i].get<double>()));
        qInfo("%s, batch %d: %.1e", qPrintable(name), batch, worst);
        QVERIFY(worst < 1e-5);
    }
}

void TestCrossEncoder::refusals_data()
{
    QTest::addColumn<QString>("change"); ///< merged into config.json
    QTest::addColumn<QString>("words");
    QTest::newRow("activation") << R"({"sentence_transformers": {"activation_fn": "os.system"}})" << "os.system";
    QTest::newRow("another encoder") << R"({"hidden_size": 48})" << "shape";
}

void TestCrossEncoder::refusals()
{
    QFETCH(QString, change);
    QFETCH(QString, words);
    test::TempFolder folder;
    std::filesystem::copy(test::fixture("model/crossencoder/bert"), folder.path(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
    auto config = Json::parse(test::readFile(folder / "config.json"));
    config.update(Json::parse(change.toStdString()));
    test::writeFile(folder / "config.json", config.dump());
    const auto encoder = CrossEncoder::load(folder.path());
    QVERIFY(!encoder.ok());
    QVERIFY2(QString::fromStdString(encoder.error().message).contains(words), encoder.error().message.c_str());
    // A sentence-embedding model is none.
    const auto embedder = CrossEncoder::load(test::fixture("model/tiny/bert"));
    QVERIFY(!embedder.ok());
    QVERIFY(embedder.error().message.find("no classifier") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestCrossEncoder)
#include "tst_crossencoder.moc"
