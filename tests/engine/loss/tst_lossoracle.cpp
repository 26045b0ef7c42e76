// Value and gradient of every loss against numbers that sentence-transformers computed
// (tests/interop/oracle_losses.py writes fixtures/loss/oracle_losses.json).
#include "core/catalog/catalog.h"
#include "engine/loss/loss.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <functional>
#include <map>
#include <set>

using namespace studio;

namespace {

using PlainJson = nlohmann::json;

constexpr double kTolerance = 1e-9;

const PlainJson& fixture()
{
    static const PlainJson file = PlainJson::parse(test::readFile(test::fixture("loss/oracle_losses.json")));
    return file;
}

at::Tensor tensorOf(const PlainJson& value)
{
    std::vector<std::int64_t> shape;
    for (const PlainJson* level = &value; level->is_array(); level = &(*level)[0])
        shape.push_back(static_cast<std::int64_t>(level->size()));
    std::vector<double> flat;
    std::function<void(const PlainJson&)> walk = [&](const PlainJson& v) {
        if (!v.is_array())
            flat.push_back(v.get<double>());
        else
            for (const PlainJson& item : v)
                walk(item);
    };
    walk(value);
    return at::tensor(flat, at::kDouble).view(shape);
}

/// Integers stay int64, everything else becomes double.
at::Tensor labelsOf(const PlainJson& value)
{
    if (value.is_null()) return {};
    const PlainJson* first = &value;
    while (first->is_array())
        first = &(*first)[0];
    return first->is_number_integer() ? tensorOf(value).to(at::kLong) : tensorOf(value);
}

/// Embeds a text as the row of the table that its first token id names, as the oracle's model does.
class TableModel final : public EmbeddingModel
{
public:
    explicit TableModel(const at::Tensor& start) : table(start.clone().requires_grad_(true)) {}

    at::Tensor embed(const PackedBatch& batch, const ForwardContext&) override
    {
        ++embedded;
        std::vector<std::int64_t> rows;
        for (std::int64_t s = 0; s < batch.sequences(); ++s)
            rows.push_back(batch.ids[batch.offsets[s]]);
        largest = std::max(largest, batch.sequences());
        return table.index_select(0, at::tensor(rows, at::TensorOptions().dtype(at::kLong)));
    }
    std::vector<at::Tensor> embedLayers(const PackedBatch&, const ForwardContext&) override { return layers; }
    std::unique_ptr<EmbeddingModel> clone() override { return std::make_unique<TableModel>(table.detach()); }
    std::vector<NamedTensor> parameters() override { return {{"0.table", table}}; }

    at::Tensor table;
    std::vector<at::Tensor> layers; ///< what embedLayers() gives
    int embedded = 0;
    std::int64_t largest = 0;
};

LossBatch batchOf(const PlainJson& columns)
{
    LossBatch batch;
    batch.columns = static_cast<int>(columns.size());
    batch.rows = static_cast<std::int64_t>(columns[0].size());
    for (int c = 0; c < batch.columns; ++c) {
        for (int r = 0; r < batch.rows; ++r) {
            const int id = columns[c][r];
            batch.pack.append(std::vector<std::int32_t>(static_cast<std::size_t>(1 + id % 3), id), c, r);
        }
    }
    return batch;
}

std::vector<std::vector<std::string>> textsOf(const PlainJson& columns)
{
    std::vector<std::vector<std::string>> texts;
    for (const auto& column : columns) {
        texts.emplace_back();
        for (const auto& id : column)
            texts.back().push_back(std::to_string(id.get<int>()));
    }
    return texts;
}

LossContext contextFor(EmbeddingModel& model, int dimension)
{
    LossContext context;
    context.embeddingDimension = dimension;
    context.model = &model;
    context.loadGuide = [](const std::string&) -> Result<TextEmbedder> {
        const at::Tensor guide = tensorOf(fixture()["guide"]);
        return TextEmbedder([guide](const std::vector<std::string>& texts) {
            std::vector<std::int64_t> rows;
            for (const std::string& text : texts)
                rows.push_back(std::stoll(text));
            return guide.index_select(0, at::tensor(rows, at::TensorOptions().dtype(at::kLong)));
        });
    };
    return context;
}

QString difference(const at::Tensor& value, const at::Tensor& expected)
{
    if (value.sizes() != expected.sizes()) return "another shape";
    if (value.isnan().any().item<bool>() != expected.isnan().any().item<bool>()) return "NaN on one side";
    const double largest = (value.detach() - expected).abs().max().item<double>();
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    return largest <= kTolerance * scale ? QString() : QString("off by %1").arg(largest);
}

bool near(double value, double expected)
{
    return std::abs(value - expected) <= kTolerance * std::max(1.0, std::abs(expected));
}

} // namespace

class TestLossOracle : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void cases_data();
    void cases();
    void everyLossIsCovered();
    void cachedLossesEmbedInMiniBatches();
    void evaluationNeedsNoGradient();
    void denoising();

private:
    void runTable(const PlainJson& c);
    void runLayers(const PlainJson& c);
};

void TestLossOracle::cases_data()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const auto& c : fixture()["cases"]) {
        const std::string comment = c.value("comment", "");
        const QString name = QString("%1 %2 %3")
                                 .arg(index)
                                 .arg(QString::fromStdString(c["loss"]), QString::fromStdString(comment));
        QTest::newRow(qPrintable(name)) << index++;
    }
}

void TestLossOracle::cases()
{
    QFETCH(int, index);
    const PlainJson& c = fixture()["cases"][static_cast<std::size_t>(index)];
    if (c.contains("layers"))
        runLayers(c);
    else
        runTable(c);
}

void TestLossOracle::runTable(const PlainJson& c)
{
    TableModel model(tensorOf(fixture()["table"]));
    const auto texts = textsOf(c["columns"]);
    LossBatch batch = batchOf(c["columns"]);
    batch.labels = labelsOf(c["labels"]);
    batch.texts = &texts;
    auto made = makeLoss({c["loss"], Json::parse(c["options"].dump())}, contextFor(model, 6));
    QVERIFY2(made, made ? "" : made.error().message.c_str());
    Loss& loss = **made;
    if (c.contains("own")) {
        for (NamedTensor& own : loss.parameters()) {
            const std::string name = own.name;
            QVERIFY2(c["own"].contains(name), name.c_str());
            // The oracle's weights in its precision.
            own.value.set_data(tensorOf(c["own"][name]["value"]).view(own.value.sizes()));
        }
    }
    auto value = loss.run(model, batch);
    QVERIFY2(value, value ? "" : value.error().message.c_str());
    QCOMPARE(value->dim(), std::int64_t(0));
    QVERIFY2(near(value->item<double>(), c["value"]),
             qPrintable(
                 QString("value %1, expected %2").arg(value->item<double>()).arg(c["value"].get<double>())));
    (*value * 1.5).backward(); // an upstream gradient other than 1 must pass through the cached losses, too
    at::Tensor gradient =
        model.table.grad().defined() ? model.table.grad() / 1.5 : at::zeros_like(model.table);
    const QString wrong = difference(gradient, tensorOf(c["gradient"]));
    QVERIFY2(wrong.isEmpty(), qPrintable("gradient " + wrong));
    if (c.contains("own")) {
        for (NamedTensor& own : loss.parameters()) {
            const auto expected = tensorOf(c["own"][own.name]["gradient"]).view(own.value.sizes());
            const QString ownWrong = difference(own.value.grad() / 1.5, expected);
            QVERIFY2(ownWrong.isEmpty(), qPrintable(QString::fromStdString(own.name) + " " + ownWrong));
        }
    }
    if (c.contains("parts")) {
        QCOMPARE(loss.lastParts().size(), c["parts"].size());
        for (const auto& [key, part] : loss.lastParts())
            QVERIFY(near(part, c["parts"][key]));
    }
}

void TestLossOracle::runLayers(const PlainJson& c)
{
    const auto columns = c["layers"][0].size();
    const auto rows = c["layers"][0][0].size();
    TableModel model(at::zeros({1, 1}));
    std::vector<at::Tensor> leaves;
    for (const auto& layer : c["layers"]) {
        std::vector<at::Tensor> parts;
        for (const auto& column : layer)
            parts.push_back(tensorOf(column));
        model.layers.push_back(at::cat(parts).requires_grad_(true));
    }
    LossBatch batch;
    batch.columns = static_cast<int>(columns);
    batch.rows = static_cast<std::int64_t>(rows);
    for (std::size_t column = 0; column < columns; ++column)
        for (std::size_t row = 0; row < rows; ++row)
            batch.pack.append({1}, static_cast<int>(column), static_cast<int>(row));
    batch.labels = labelsOf(c["labels"]);
    auto made = makeLoss({c["loss"], Json::parse(c["options"].dump())}, contextFor(model, 8));
    QVERIFY2(made, made ? "" : made.error().message.c_str());
    auto value = (*made)->run(model, batch);
    QVERIFY(value);
    QVERIFY2(near(value->item<double>(), c["value"]),
             qPrintable(
                 QString("value %1, expected %2").arg(value->item<double>()).arg(c["value"].get<double>())));
    value->backward();
    for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
        std::vector<at::Tensor> parts;
        for (const auto& column : c["layer_gradients"][layer])
            parts.push_back(tensorOf(column));
        const QString wrong = difference(model.layers[layer].grad(), at::cat(parts));
        QVERIFY2(wrong.isEmpty(), qPrintable(QString("layer %1 %2").arg(layer).arg(wrong)));
    }
}

void TestLossOracle::everyLossIsCovered()
{
    std::set<std::string> covered{"DenoisingAutoEncoderLoss"};
    for (const auto& c : fixture()["cases"])
        covered.insert(c["loss"].get<std::string>());
    for (const LossInfo& info : lossCatalog())
        QVERIFY2(covered.count(info.type), info.type.c_str());
}

void TestLossOracle::cachedLossesEmbedInMiniBatches()
{
    TableModel model(tensorOf(fixture()["table"]));
    LossBatch batch = batchOf(PlainJson::parse("[[0,1,2,3,4,5],[6,7,8,9,10,11]]"));
    auto loss =
        makeLoss({"CachedMultipleNegativesRankingLoss", Json::parse(R"({"mini_batch_size": 2})")}, {});
    QVERIFY(loss);
    auto value = (*loss)->run(model, batch);
    QVERIFY(value);
    // Lengths are 1, 2, 3, 1, 2, 3: mini-batches hold the tokens of two texts of the longest length, which are three texts.
    QCOMPARE(model.embedded, 4); // 2 columns in 2 mini-batches
    QCOMPARE(model.largest, std::int64_t(3));
    value->backward();
    QCOMPARE(model.embedded, 8);
}

void TestLossOracle::evaluationNeedsNoGradient()
{
    at::NoGradGuard guard;
    TableModel model(tensorOf(fixture()["table"]));
    LossBatch batch = batchOf(PlainJson::parse("[[0,1,2,3,4,5],[6,7,8,9,10,11]]"));
    const Json small = Json::parse(R"({"mini_batch_size": 4})");
    auto cached = makeLoss({"CachedMultipleNegativesRankingLoss", small}, {});
    auto plain = makeLoss({"MultipleNegativesRankingLoss", Json()}, {});
    const double a = (*cached)->run(model, batch)->item<double>();
    const double b = (*plain)->run(model, batch)->item<double>();
    QVERIFY(near(a, b));
    const Json sizes =
        Json::parse(R"({"loss": {"type": "CachedMultipleNegativesRankingLoss"}, "matryoshka_dims": [6, 3]})");
    auto cut = makeLoss({"MatryoshkaLoss", sizes}, {});
    QVERIFY(!(*cut)->run(model, batch)->requires_grad());
}

void TestLossOracle::denoising()
{
    const PlainJson& d = fixture()["denoising"];
    EncoderConfig config;
    config.modelType = "bert";
    config.hiddenSize = d["config"]["hidden"];
    config.layers = d["config"]["layers"];
    config.heads = d["config"]["heads"];
    config.layerNormEps = d["config"]["eps"];

    class FixedSentences final : public EmbeddingModel
    {
    public:
        at::Tensor embed(const PackedBatch&, const ForwardContext&) override { return sentences; }
        std::vector<at::Tensor> embedLayers(const PackedBatch&, const ForwardContext&) override { return {}; }
        std::unique_ptr<EmbeddingModel> clone() override { return nullptr; }
        std::vector<NamedTensor> parameters() override { return weights; }
        const EncoderConfig* config() const override { return &settings; }
        at::Tensor sentences;
        std::vector<NamedTensor> weights;
        EncoderConfig settings;
    } model;
    model.settings = config;
    model.sentences = tensorOf(d["sentences"]).requires_grad_(true);
    std::map<std::string, at::Tensor> byName;
    for (const auto& [name, weight] : d["weights"].items()) {
        auto tensor = at::tensor(weight["data"].get<std::vector<double>>())
                          .view(weight["shape"].get<std::vector<std::int64_t>>())
                          .requires_grad_(true);
        byName[name] = tensor;
        const bool own = name.find("crossattention") != std::string::npos || name.rfind("cls.", 0) == 0;
        if (!own) model.weights.push_back({"0.model." + name.substr(5), tensor}); // without "bert."
    }
    LossContext context;
    context.model = &model;
    auto loss = makeLoss({"DenoisingAutoEncoderLoss", Json()}, context);
    QVERIFY2(loss, loss ? "" : loss.error().message.c_str());
    for (NamedTensor& own : (*loss)->parameters()) {
        const std::string name = own.name.substr(8); // without "decoder."
        QVERIFY2(byName.count(name), name.c_str());
        own.value.set_data(byName[name].detach());
        byName[name] = own.value;
    }
    LossBatch batch;
    batch.columns = 2;
    batch.rows = static_cast<std::int64_t>(d["targets"].size());
    for (int r = 0; r < batch.rows; ++r) {
        batch.pack.append({2, 3}, 0, r);
        batch.pack.append(d["targets"][static_cast<std::size_t>(r)].get<std::vector<std::int32_t>>(), 1, r);
    }
    auto value = (*loss)->run(model, batch);
    QVERIFY(value);
    QVERIFY2(near(value->item<double>(), d["value"]),
             qPrintable(
                 QString("value %1, expected %2").arg(value->item<double>()).arg(d["value"].get<double>())));
    value->backward();
    QCOMPARE(difference(model.sentences.grad(), tensorOf(d["sentence_gradient"])), QString());
    for (const auto& [name, gradient] : d["gradients"].items()) {
        const auto expected = at::tensor(gradient.get<std::vector<double>>()).view(byName[name].sizes());
        const QString wrong = difference(byName[name].grad(), expected);
        QVERIFY2(wrong.isEmpty(), qPrintable(QString::fromStdString(name) + " " + wrong));
    }
}

QTEST_APPLESS_MAIN(TestLossOracle)
#include "tst_lossoracle.moc"
