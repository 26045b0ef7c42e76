// Each architecture on a tiny random checkpoint (made by tests/interop/model_fixtures.py): PyTorch's states
// and gradients, the order of parameters, fp64 gradients against finite differences, pooling modes.

#include "engine/model/modelfolder.h"
#include "engine/model/packedpass.h"
#include "engine/model/parameterstore.h"
#include "engine/model/pooling.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"
#include "support/testfiles.h"

#include "tinyfolders.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <QTest>
#include <nlohmann/json.hpp>

#include <cstring>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

namespace {

at::Tensor tensorOf(const SafetensorsFile& file, const std::string& name)
{
    const auto* stored = file.find(name);
    if (!stored) return {};
    const auto type = stored->type == TensorType::I64 ? at::kLong : at::kFloat;
    auto tensor = at::empty(stored->shape, type);
    std::memcpy(tensor.data_ptr(), stored->bytes.data(), stored->bytes.size());
    return tensor;
}

/// The fixture's sequences, in its order or turned around.
PackedBatch batchOf(const SafetensorsFile& expected, bool reversed = false)
{
    const auto ids = tensorOf(expected, "ids"), lengths = tensorOf(expected, "lengths");
    std::vector<std::vector<std::int32_t>> sequences;
    std::int64_t at = 0;
    for (std::int64_t s = 0; s < lengths.size(0); ++s) {
        std::vector<std::int32_t> sequence;
        for (std::int64_t i = 0; i < lengths[s].item<std::int64_t>(); ++i)
            sequence.push_back(static_cast<std::int32_t>(ids[at++].item<std::int64_t>()));
        sequences.push_back(std::move(sequence));
    }
    if (reversed) std::reverse(sequences.begin(), sequences.end());
    PackedBatch batch;
    for (std::size_t s = 0; s < sequences.size(); ++s)
        batch.append(sequences[s], 0, static_cast<int>(s));
    return batch;
}

double worstOf(const at::Tensor& a, const at::Tensor& b)
{
    return (a - b).abs().max().item<double>();
}

} // namespace

class TestTinyModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void equalsPyTorch_data();
    void equalsPyTorch();
    void orderOfSequencesDoesNotMatter_data() { equalsPyTorch_data(); }
    void orderOfSequencesDoesNotMatter();
    void savedAgainIsBitIdentical_data() { equalsPyTorch_data(); }
    void savedAgainIsBitIdentical();
    void gradientsEqualFiniteDifferences_data() { equalsPyTorch_data(); }
    void gradientsEqualFiniteDifferences();
    void layerStatesEndWithTheOutput_data() { equalsPyTorch_data(); }
    void layerStatesEndWithTheOutput();
    void dropoutDependsOnTheContextAlone();
    void poolingModes();
    void denseAndLayerNorm();
    void promptIsLeftOutOfPooling();
    void staticEmbedding();
};

void TestTinyModels::equalsPyTorch_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"bert", "bert-tanh", "roberta", "xlm-roberta", "electra", "mpnet", "distilbert",
                             "albert", "modernbert", "nomic-bert", "qwen3", "gemma3", "gemma3-causal"})
        QTest::newRow(name) << QString(name);
}

void TestTinyModels::equalsPyTorch()
{
    QFETCH(QString, name);
    const auto folder = tiny(name.toStdString());
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(folder);
    const auto states = model->tokenStates(batchOf(**expected), {});
    const double difference = worstOf(states, tensorOf(**expected, "states"));

    (states * tensorOf(**expected, "weights")).sum().backward();
    QVERIFY(model->store().gradientsAreViews());
    double worst = 0;
    std::size_t compared = 0;
    for (const auto& parameter : model->parameters()) {
        const auto local = parameter.name.substr(std::string("0.model.").size());
        const auto reference = tensorOf(**expected, "grad/" + local);
        QVERIFY2(reference.defined() == parameter.trained, local.c_str());
        if (!reference.defined()) continue;
        ++compared;
        const double scale = std::max(1.0, reference.abs().max().item<double>());
        worst = std::max(worst, worstOf(parameter.value.grad(), reference) / scale);
    }
    qInfo("%s: states %.1e, gradients %.1e (relative to the largest above 1)", qPrintable(name), difference,
          worst);
    QVERIFY(difference <= 1e-5);
    QVERIFY(worst <= 1e-4);
    QVERIFY(compared > 15);

    // The order of the optimizer's groups is that of named_parameters().
    if (name != "nomic-bert") {
        const auto& metadata = (*expected)->metadata();
        const auto names = std::find_if(metadata.begin(), metadata.end(),
                                        [](const auto& item) { return item.first == "names"; });
        QVERIFY(names != metadata.end());
        std::string ours;
        for (const auto& parameter : model->parameters())
            ours += (ours.empty() ? "" : "\n") + parameter.name.substr(8);
        QCOMPARE(ours, names->second);
    }
}

void TestTinyModels::orderOfSequencesDoesNotMatter()
{
    QFETCH(QString, name);
    const auto folder = tiny(name.toStdString());
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(folder);
    at::NoGradGuard noGrad;
    const auto forward = model->embed(batchOf(**expected), {});
    QVERIFY(worstOf(model->embed(batchOf(**expected, true), {}).flip(0), forward) < 1e-5);
    const auto whole = batchOf(**expected);
    for (std::int64_t s = 0; s < whole.sequences(); ++s) {
        PackedBatch one;
        one.append({whole.ids.begin() + whole.offsets[s], whole.ids.begin() + whole.offsets[s + 1]}, 0, 0);
        QVERIFY(worstOf(model->embed(one, {})[0], forward[s]) < 1e-5);
    }
}

void TestTinyModels::savedAgainIsBitIdentical()
{
    QFETCH(QString, name);
    test::TempFolder target;
    const auto model = loaded(tiny(name.toStdString()));
    writeSaved(target.path(), *model);
    const auto before = SafetensorsFile::open(tiny(name.toStdString()) / "model.safetensors");
    const auto after = SafetensorsFile::open(target / "model.safetensors");
    QVERIFY(before && after);
    QCOMPARE((*after)->tensors().size(), (*before)->tensors().size());
    for (const auto& tensor : (*after)->tensors())
        QVERIFY2(std::ranges::equal(tensor.bytes, (*before)->find(tensor.name)->bytes), tensor.name.c_str());
    QCOMPARE(test::readFile(target / "config.json"),
             test::readFile(tiny(name.toStdString()) / "config.json"));
    QCOMPARE(loaded(target.path())->maxSeqLength(), model->maxSeqLength());
}

void TestTinyModels::gradientsEqualFiniteDifferences()
{
    QFETCH(QString, name);
    const auto folder = tiny(name.toStdString());
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(folder, at::kDouble);
    const auto batch = batchOf(**expected);
    const auto weights = at::sin(at::arange(batch.sequences() * model->trainingDimension(), at::kDouble))
                             .view({batch.sequences(), model->trainingDimension()});
    const auto value = [&] { return (model->embed(batch, {}) * weights).sum(); };
    value().backward();
    at::NoGradGuard noGrad;
    std::uint32_t pick = 12345;
    for (const auto& parameter : model->parameters()) {
        if (!parameter.trained) continue;
        auto flat = parameter.value.view({-1});
        pick = pick * 1664525u + 1013904223u;
        // Rows of the vocabulary that do not occur have no gradient: look at the largest of it, and at one
        // more.
        const auto gradient = parameter.value.grad().view({-1});
        for (const auto index :
             {gradient.abs().argmax().item<std::int64_t>(),
              static_cast<std::int64_t>(pick % static_cast<std::uint32_t>(flat.numel()))}) {
            const double kept = flat[index].item<double>();
            constexpr double step = 1e-6;
            flat[index].fill_(kept + step);
            const double above = value().item<double>();
            flat[index].fill_(kept - step);
            const double below = value().item<double>();
            flat[index].fill_(kept);
            const double measured = (above - below) / (2 * step), computed = gradient[index].item<double>();
            QVERIFY2(std::abs(measured - computed) < 1e-6 * std::max(1.0, std::abs(computed)),
                     parameter.name.c_str());
        }
    }
}

void TestTinyModels::layerStatesEndWithTheOutput()
{
    QFETCH(QString, name);
    const auto folder = tiny(name.toStdString());
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(folder);
    at::NoGradGuard noGrad;
    std::vector<at::Tensor> layers;
    ForwardContext context;
    context.layerStates = &layers;
    const auto states = model->tokenStates(batchOf(**expected), context);
    QCOMPARE(static_cast<int>(layers.size()), model->config().layers + 1);
    QCOMPARE(worstOf(layers.back(), states), 0.0);
}

void TestTinyModels::dropoutDependsOnTheContextAlone()
{
    const auto expected = SafetensorsFile::open(tiny("bert") / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(tiny("bert"));
    const auto batch = batchOf(**expected);
    at::NoGradGuard noGrad;
    ForwardContext context;
    context.training = true;
    context.step = 7;
    const auto first = model->embed(batch, context);
    QCOMPARE(worstOf(model->embed(batch, context), first), 0.0);
    context.step = 8;
    QVERIFY(worstOf(model->embed(batch, context), first) > 1e-3);
    context.step = 7;
    context.chunk = 1;
    QVERIFY(worstOf(model->embed(batch, context), first) > 1e-3);
    model->setDropout(0, 0);
    QCOMPARE(worstOf(model->embed(batch, context), model->embed(batch, {})), 0.0);

    // The mask keeps the mean: 0 with probability p, else 1 / (1 − p).
    const auto mask = dropoutMask(at::ones({100'000}), 0.3, context, 1);
    QVERIFY(std::abs(mask.mean().item<double>() - 1) < 0.01);
    QVERIFY(std::abs((mask == 0).to(at::kFloat).mean().item<double>() - 0.3) < 0.01);
}

void TestTinyModels::poolingModes()
{
    PackedBatch batch;
    batch.append({5, 6, 7}, 0, 0);
    batch.append({8}, 0, 1);
    const auto states = at::tensor({1.0, -1.0, 2.0, 5.0, 6.0, -4.0, 9.0, 9.0}, at::kDouble).view({4, 2});
    const auto pooled = [&](std::vector<PoolingMode> modes) {
        return Pooling(2, std::move(modes))(states, batch);
    };
    const auto is = [](const at::Tensor& x, std::vector<double> values) {
        return at::allclose(x, at::tensor(values, at::kDouble).view(x.sizes()));
    };
    QVERIFY(is(pooled({PoolingMode::Mean}), {3, 0, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::Cls}), {1, -1, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::Max}), {6, 5, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::LastToken}), {6, -4, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::MeanSqrtLength}), {9 / std::sqrt(3.0), 0, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::WeightedMean}), {23.0 / 6, -3.0 / 6, 9, 9}));
    QVERIFY(is(pooled({PoolingMode::Cls, PoolingMode::Mean}), {1, -1, 3, 0, 9, 9, 9, 9}));

    const auto read = [](const char* text) {
        const auto json = Json::parse(text);
        ConfigReader reader(json, "config.json");
        const auto pooling = Pooling::fromConfig(reader, 2);
        return reader.ok() ? pooling.description() : reader.status().error().message;
    };
    QCOMPARE(read(R"({"word_embedding_dimension": 2, "pooling_mode_cls_token": true})"), std::string("cls"));
    QCOMPARE(
        read(
            R"({"word_embedding_dimension": 2, "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true})"),
        std::string("max+mean"));
    QCOMPARE(read(R"({"embedding_dimension": 2, "pooling_mode": "lasttoken"})"), std::string("lasttoken"));
    QCOMPARE(read(R"({"embedding_dimension": 2, "pooling_mode": ["mean", "cls"]})"), std::string("mean+cls"));
    QCOMPARE(read(R"({"word_embedding_dimension": 2})"), std::string("mean"));
    QVERIFY(read(R"({"embedding_dimension": 2, "pooling_mode": "median"})").find("median") !=
            std::string::npos);
    QVERIFY(read(R"({"embedding_dimension": 3, "pooling_mode": "mean"})").find("size 3") !=
            std::string::npos);
}

void TestTinyModels::denseAndLayerNorm()
{
    test::TempFolder folder;
    copyTiny("bert", folder.path());
    const auto put = [&](const std::string& path, std::vector<std::pair<std::string, at::Tensor>> tensors) {
        std::vector<TensorToWrite> list;
        for (auto& [name, value] : tensors)
            list.push_back(
                {name, TensorType::F32, value.sizes().vec(), [value = value](ByteSink& sink) {
                     return sink.write({static_cast<const char*>(value.const_data_ptr()), value.nbytes()});
                 }});
        auto file = safetensorsFile(path, std::move(list));
        StringSink sink;
        QVERIFY(file && file->write(sink));
        test::writeFile(folder / path, sink.text);
    };
    const auto weight = at::sin(at::arange(24 * 8, at::kFloat)).view({8, 24}),
               bias = at::cos(at::arange(8, at::kFloat));
    put("2_Dense/model.safetensors", {{"linear.weight", weight}, {"linear.bias", bias}});
    put("3_LayerNorm/model.safetensors",
        {{"norm.weight", at::full({8}, 2.0f)}, {"norm.bias", at::full({8}, 0.5f)}});
    test::writeFile(folder / "modules.json", R"([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.base.modules.dense.Dense"},
        {"idx": 3, "name": "3", "path": "3_LayerNorm", "type": "sentence_transformers.models.LayerNorm"},
        {"idx": 4, "name": "4", "path": "4_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"}])");
    test::writeFile(folder / "1_Pooling/config.json",
                    R"({"embedding_dimension": 24, "pooling_mode": "mean", "include_prompt": true})");
    test::writeFile(
        folder / "2_Dense/config.json",
        R"({"in_features": 24, "out_features": 8, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh"})");
    test::writeFile(folder / "3_LayerNorm/config.json", R"({"dimension": 8})");

    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    QVERIFY(expected);
    const auto model = loaded(folder.path());
    QCOMPARE(model->dimension(), 8);
    at::NoGradGuard noGrad;
    const auto batch = batchOf(**expected);
    const auto mean = Pooling(24, {PoolingMode::Mean})(model->tokenStates(batch, {}), batch);
    auto x = at::layer_norm(at::tanh(at::matmul(mean, weight.t()) + bias), {8}) * 2 + 0.5;
    x = x / x.norm(2, 1, true);
    QVERIFY(worstOf(model->embed(batch, {}), x) < 1e-6);
    std::vector<std::string> names;
    for (const auto& parameter : model->parameters())
        names.push_back(parameter.name);
    QVERIFY(std::find(names.begin(), names.end(), "2.linear.weight") != names.end());
    QVERIFY(std::find(names.begin(), names.end(), "3.norm.bias") != names.end());

    test::TempFolder saved;
    writeSaved(saved.path(), *model);
    QCOMPARE(test::readFile(saved / "2_Dense/model.safetensors"),
             test::readFile(folder / "2_Dense/model.safetensors"));
    QVERIFY(worstOf(loaded(saved.path())->embed(batch, {}), x) < 1e-6);
}

void TestTinyModels::promptIsLeftOutOfPooling()
{
    test::TempFolder folder;
    copyTiny("bert", folder.path());
    test::writeFile(folder / "modules.json", R"([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
    test::writeFile(
        folder / "1_Pooling/config.json",
        R"({"word_embedding_dimension": 24, "pooling_mode_mean_tokens": true, "include_prompt": false})");
    const auto model = loaded(folder.path());
    const std::vector<std::string> texts{"w3 w4 w5"};
    const auto batch = model->pack(texts, "w1 w2 ");
    QCOMPARE(batch.tokens(), std::int64_t{7});                  // [CLS] w1 w2 w3 w4 w5 [SEP]
    QCOMPARE(batch.promptLength, std::vector<std::int32_t>{3}); // [CLS] w1 w2
    at::NoGradGuard noGrad;
    const auto states = model->tokenStates(batch, {});
    QVERIFY(worstOf(model->embed(batch, {}), states.slice(0, 3).mean(0, true)) < 1e-6);
    EncodeOptions options;
    options.prompt = "w1 w2 ";
    const auto result = model->encode(texts, options);
    QVERIFY(result);
    QVERIFY(std::abs(result->values[5] - model->embed(batch, {})[0][5].item<float>()) < 1e-6);
}

void TestTinyModels::staticEmbedding()
{
    test::TempFolder folder;
    const auto table = at::sin(at::arange(96 * 6, at::kFloat)).view({96, 6});
    auto file = safetensorsFile(
        "model.safetensors",
        {{"embedding.weight", TensorType::F32, {96, 6}, [&](ByteSink& sink) {
              return sink.write({static_cast<const char*>(table.const_data_ptr()), table.nbytes()});
          }}});
    StringSink sink;
    QVERIFY(file && file->write(sink));
    test::writeFile(folder / "model.safetensors", sink.text);
    for (const char* name : {"vocab.txt", "tokenizer_config.json"})
        fs::copy(tiny("bert") / name, folder / name);
    test::writeFile(folder / "modules.json", R"([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}])");
    const auto model = loaded(folder.path());
    QCOMPARE(model->dimension(), 6);
    QCOMPARE(model->parameters().front().name, std::string("0.embedding.weight"));
    const auto result = model->encode(std::vector<std::string>{"w0 w2", ""});
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    for (int d = 0; d < 6; ++d) {
        const double mean = 0.5 * (table[5][d].item<double>() + table[7][d].item<double>());
        QVERIFY(std::abs(result->values[d] - mean) < 1e-6);
        QCOMPARE(result->values[6 + d], 0.0f);
    }
    test::TempFolder saved;
    writeSaved(saved.path(), *model);
    QCOMPARE(test::readFile(saved / "model.safetensors"), sink.text);
}

QTEST_APPLESS_MAIN(TestTinyModels)
#include "tst_tinymodels.moc"
