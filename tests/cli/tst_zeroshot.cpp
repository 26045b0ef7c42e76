// `sentence-train evaluate` of the untouched model against the numbers that Python gets on the same files
// (tests/fixtures/reference-runs/zero_shot_metrics.json: sentence-transformers 6.2, fp32, CPU).

#include "support/testfiles.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;
using Json = nlohmann::ordered_json;

class TestZeroShot : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void metrics_data();
    void metrics();

private:
    Json m_reference;
};

void TestZeroShot::initTestCase()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    m_reference =
        Json::parse(test::readFile(test::fixture("reference-runs/zero_shot_metrics.json")))["results"];
}

void TestZeroShot::metrics_data()
{
    QTest::addColumn<QString>("result");    // key in zero_shot_metrics.json
    QTest::addColumn<QString>("file");      // below resources/ or ../shared/data
    QTest::addColumn<QString>("columns");   // role -> column
    QTest::addColumn<QString>("evaluator"); // without data and name
    QTest::addColumn<double>(
        "tolerance"); // one pair in a thousand may change its place by rounding: 1e-4 is less
    const QString pairs = R"({"sentence1": "sentence1", "sentence2": "sentence2", "score": "score"})";
    const QString similarity =
        R"({"type": "EmbeddingSimilarityEvaluator", "options": {"similarity_fn_names": ["cosine", "euclidean", "manhattan", "dot"]}})";
    QTest::newRow("STS-B dev") << "stsb-open-en-dev"
                               << "resources/data/stsb-open/en-dev.csv" << pairs << similarity << 1e-4;
    QTest::newRow("STS-B test") << "stsb-open-en-test"
                                << "resources/data/stsb-open/en-test.csv" << pairs << similarity << 1e-4;
    QTest::newRow("STS-B test, German") << "stsb-open-de-test"
                                        << "data/stsb-open/de-test.csv" << pairs << similarity << 1e-4;
    // 2,954 triplets: less than one of them may differ.
    QTest::newRow("SNLI triplets")
        << "snli-sample-triplets"
        << "data/snli-sample/triplets.tsv"
        << R"({"anchor": "anchor", "positive": "positive", "negative": "negative"})"
        << R"({"type": "TripletEvaluator", "options": {"similarity_fn_names": ["cosine", "euclidean", "manhattan", "dot"]}})"
        << 1e-4;
}

void TestZeroShot::metrics()
{
    QFETCH(QString, result);
    QFETCH(QString, file);
    QFETCH(QString, columns);
    QFETCH(QString, evaluator);
    QFETCH(double, tolerance);
    const auto name = file.toStdString();
    const auto path = file.startsWith("resources/") ? test::sourceFolder() / name : test::sharedFile(name);
    if (path.empty()) QSKIP(qPrintable("needs ../shared/" + file));

    auto judge = Json::parse(evaluator.toStdString());
    judge["name"] = "zero";
    judge["data"] = "zero";
    const Json experiment = {{"format", "sentence-studio/experiment"},
                             {"version", 1},
                             {"name", "zero-shot"},
                             {"eval", Json::array({Json{{"name", "zero"},
                                                        {"path", path.string()},
                                                        {"columns", Json::parse(columns.toStdString())}}})},
                             {"evaluators", Json::array({judge})}};
    test::TempFolder folder;
    test::writeFile(folder / "zero.json", experiment.dump(2));

    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN),
                  {"evaluate", QString::fromStdString(test::sampleModel().string()),
                   QString::fromStdString((folder / "zero.json").string())});
    QVERIFY(process.waitForFinished(300000));
    const auto errors = process.readAllStandardError();
    QVERIFY2(process.exitCode() == 0, errors.constData());
    const auto ours = Json::parse(process.readAllStandardOutput().toStdString());

    int compared = 0;
    double largest = 0;
    for (const auto& [key, value] : m_reference.at(result.toStdString()).at("metrics").items()) {
        const auto ourKey = "zero_" + key;
        if (!ours.contains(ourKey)) continue;
        const double difference = std::abs(ours.at(ourKey).get<double>() - value.get<double>());
        QVERIFY2(difference <= tolerance, qPrintable(QString("%1: %2 instead of %3")
                                                         .arg(QString::fromStdString(ourKey))
                                                         .arg(ours.at(ourKey).get<double>(), 0, 'g', 10)
                                                         .arg(value.get<double>(), 0, 'g', 10)));
        largest = std::max(largest, difference);
        ++compared;
    }
    qInfo("%d metrics, largest difference %.2e", compared, largest);
    QVERIFY(compared >= 4);
}

QTEST_GUILESS_MAIN(TestZeroShot)
#include "tst_zeroshot.moc"
