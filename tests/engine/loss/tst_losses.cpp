#include "engine/loss/loss.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>

using namespace studio;

namespace {

using PlainJson = nlohmann::json;

at::Tensor tensorOf(const PlainJson& value, at::ScalarType type = at::kDouble)
{
    std::vector<std::int64_t> shape;
    std::vector<double> flat;
    const PlainJson* level = &value;
    while (level->is_array()) {
        shape.push_back(static_cast<std::int64_t>(level->size()));
        if (level->empty()) break;
        level = &(*level)[0];
    }
    std::function<void(const PlainJson&)> walk = [&](const PlainJson& v) {
        if (!v.is_array())
            flat.push_back(v.get<double>());
        else
            for (const PlainJson& item : v)
                walk(item);
    };
    walk(value);
    return at::tensor(flat, at::kDouble).view(shape).to(type);
}

std::unique_ptr<Loss> made(const std::string& type, const char* options = "{}")
{
    auto loss = makeLoss({type, Json::parse(options)}, {});
    return loss ? std::move(*loss) : nullptr;
}

} // namespace

class TestLosses : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void textbook_data();
    void textbook();
    void gradientOfRanking();
    void unknownNamesListWhatExists();
    void optionsAreChecked();
    void labelsAreChecked();
    void configDictsMatchTheOriginal();
};

void TestLosses::textbook_data()
{
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("options");
    QTest::addColumn<QString>("columns");
    QTest::addColumn<QString>("labels");
    QTest::addColumn<QString>("key");
    QTest::newRow("mnr") << "MultipleNegativesRankingLoss"
                         << "{}"
                         << "apn"
                         << ""
                         << "multiple_negatives_ranking(scale=20,cos; anchors x [positives;negatives])";
    QTest::newRow("mnr pairs") << "MultipleNegativesRankingLoss"
                               << "{}"
                               << "ap"
                               << ""
                               << "multiple_negatives_ranking(scale=20,cos; anchors x positives)";
    QTest::newRow("symmetric") << "MultipleNegativesSymmetricRankingLoss"
                               << "{}"
                               << "ap"
                               << ""
                               << "multiple_negatives_symmetric_ranking(scale=20,cos)";
    QTest::newRow("cosine") << "CosineSimilarityLoss"
                            << "{}"
                            << "ap"
                            << "float"
                            << "cosine_similarity(mse)";
    QTest::newRow("cosent") << "CoSENTLoss"
                            << "{}"
                            << "ap"
                            << "float"
                            << "cosent(scale=20)";
    QTest::newRow("contrastive") << "ContrastiveLoss"
                                 << "{}"
                                 << "ap"
                                 << "binary"
                                 << "contrastive(margin=0.5, cosine distance)";
    QTest::newRow("triplet euclidean") << "TripletLoss"
                                       << "{}"
                                       << "apn"
                                       << ""
                                       << "triplet(euclidean, margin=5)";
    QTest::newRow("triplet cosine") << "TripletLoss"
                                    << R"({"distance_metric":"COSINE","triplet_margin":0.5})"
                                    << "apn"
                                    << ""
                                    << "triplet(cosine distance, margin=0.5)";
    QTest::newRow("triplet manhattan") << "TripletLoss"
                                       << R"({"distance_metric":"MANHATTAN"})"
                                       << "apn"
                                       << ""
                                       << "triplet(manhattan, margin=5)";
    QTest::newRow("margin mse") << "MarginMSELoss"
                                << "{}"
                                << "apn"
                                << "float"
                                << "margin_mse(dot; label = float labels)";
    QTest::newRow("matryoshka")
        << "MatryoshkaLoss"
        << R"({"loss":{"type":"MultipleNegativesRankingLoss"},"matryoshka_dims":[8,4,2]})"
        << "ap"
        << ""
        << "matryoshka(dims 8,4,2; weights 1; inner = multiple_negatives_ranking anchors x positives)";
}

void TestLosses::textbook()
{
    QFETCH(QString, type);
    QFETCH(QString, options);
    QFETCH(QString, columns);
    QFETCH(QString, labels);
    QFETCH(QString, key);
    const auto file = PlainJson::parse(test::readFile(test::fixture("loss/losses.json")));
    auto loss = made(type.toStdString(), options.toUtf8().constData());
    QVERIFY(loss);
    LossInput input;
    for (QChar c : columns)
        input.embeddings.push_back(tensorOf(file["embeddings"][c == 'a'   ? "anchor"
                                                               : c == 'p' ? "positive"
                                                                          : "negative"]));
    if (!labels.isEmpty()) input.labels = tensorOf(file["labels"][labels.toStdString()]);
    const double expected = file["losses"][key.toStdString()].get<double>();
    const double value = loss->compute(input).item<double>();
    QVERIFY2(std::abs(value - expected) <= 1e-9 * std::max(1.0, std::abs(expected)),
             qPrintable(QString("%1, expected %2").arg(value, 0, 'g', 17).arg(expected, 0, 'g', 17)));
}

void TestLosses::gradientOfRanking()
{
    const auto file = PlainJson::parse(test::readFile(test::fixture("loss/losses.json")));
    LossInput input;
    for (const char* name : {"anchor", "positive", "negative"})
        input.embeddings.push_back(tensorOf(file["embeddings"][name]));
    input.embeddings[0].requires_grad_(true);
    made("MultipleNegativesRankingLoss")->compute(input).backward();
    auto difference = (input.embeddings[0].grad() - tensorOf(file["grad_anchor_of_first_loss"])).abs().max();
    QVERIFY(difference.item<double>() < 1e-7); // the stored one is a central difference
}

void TestLosses::unknownNamesListWhatExists()
{
    auto unknown = makeLoss({"CosineLoss", Json()}, {});
    QVERIFY(!unknown);
    QVERIFY(unknown.error().message.find("CosineSimilarityLoss") != std::string::npos);
    auto option = makeLoss({"CoSENTLoss", Json::parse(R"({"scales": 3})")}, {});
    QVERIFY(!option);
    QVERIFY(option.error().message.find("scale, similarity_fct") != std::string::npos);
}

void TestLosses::optionsAreChecked()
{
    for (const char* options :
         {R"({"scale": 0})", R"({"directions": ["doc_to_query"]})", R"({"hardness_strength": -1})",
          R"({"partition_mode": "per_direction", "directions": ["query_to_doc", "query_to_query"]})",
          R"({"similarity_fct": "sine"})", R"({"scale": "20"})", R"({"directions": []})"})
        QVERIFY2(!makeLoss({"MultipleNegativesRankingLoss", Json::parse(options)}, {}), options);
}

void TestLosses::labelsAreChecked()
{
    LossBatch batch;
    batch.columns = 2;
    batch.rows = 2;
    auto loss = made("CosineSimilarityLoss");
    QVERIFY(!loss->check(batch)); // no labels
    batch.labels = at::tensor(std::vector<float>{0.5f, NAN});
    QVERIFY(!loss->check(batch));
    batch.labels = at::tensor(std::vector<float>{0.5f, 0.1f, 0.2f});
    QVERIFY(!loss->check(batch));
    batch.labels = at::tensor(std::vector<float>{0.5f, 0.1f});
    QVERIFY(loss->check(batch));
    batch.columns = 3;
    QVERIFY(!loss->check(batch));
}

void TestLosses::configDictsMatchTheOriginal()
{
    QCOMPARE(made("MultipleNegativesRankingLoss")->configDict().dump(),
             std::string(R"({"scale":20.0,"similarity_fct":"cos_sim","gather_across_devices":false,)"
                         R"("directions":["query_to_doc"],"partition_mode":"joint","hardness_mode":null,)"
                         R"("hardness_strength":0.0})"));
    QCOMPARE(made("CosineSimilarityLoss")->configDict().dump(),
             std::string(R"({"loss_fct":"torch.nn.modules.loss.MSELoss",)"
                         R"("cos_score_transformation":"torch.nn.modules.linear.Identity"})"));
}

QTEST_APPLESS_MAIN(TestLosses)
#include "tst_losses.moc"
