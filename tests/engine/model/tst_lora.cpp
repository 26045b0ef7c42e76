// LoRA adapters against PEFT (tests/interop/oracle_lora.py): states, gradients, three steps, files; merging; what
// is refused.

#include "engine/model/lora.h"
#include "engine/model/parameterstore.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"
#include "support/testfiles.h"

#include "tinyfolders.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <QTest>

#include <cstring>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

namespace {

constexpr double kRate = 1e-3; // of oracle_lora.py
constexpr std::string_view kModel = "0.model.";

at::Tensor tensorOf(const SafetensorsFile& file, const std::string& name)
{
    const auto* stored = file.find(name);
    if (!stored) return {};
    auto tensor = at::empty(stored->shape, stored->type == TensorType::I64 ? at::kLong : at::kFloat);
    std::memcpy(tensor.data_ptr(), stored->bytes.data(), stored->bytes.size());
    return tensor;
}

/// The sequences of a tiny model's fixture.
PackedBatch sequencesOf(const SafetensorsFile& fixture)
{
    const auto ids = tensorOf(fixture, "ids"), lengths = tensorOf(fixture, "lengths");
    PackedBatch batch;
    std::int64_t at = 0;
    for (std::int64_t s = 0; s < lengths.size(0); ++s) {
        std::vector<std::int32_t> sequence;
        for (std::int64_t i = 0; i < lengths[s].item<std::int64_t>(); ++i)
            sequence.push_back(static_cast<std::int32_t>(ids[at++].item<std::int64_t>()));
        batch.append(sequence, 0, static_cast<int>(s));
    }
    return batch;
}

double worstOf(const at::Tensor& a, const at::Tensor& b)
{
    return (a.detach() - b).abs().max().item<double>();
}

fs::path adapterFolder(const QString& name)
{
    return fixture("lora/" + name.toStdString());
}

/// What adapter_config.json of the fixture asks for.
LoraSpec specOf(const fs::path& folder)
{
    const auto opened = ModelFolder::open(folder);
    const auto stored = readAdapters(*opened, "");
    if (!stored || !*stored) qFatal("no adapters in %s", folder.c_str());
    return (*stored)->spec;
}

std::unique_ptr<SentenceModel> opened(const fs::path& folder, const LoadOptions& options)
{
    auto model = SentenceModel::load(folder, options);
    if (!model) qFatal("%s", model.error().text().c_str());
    return std::move(*model);
}

std::unique_ptr<SentenceModel> trainable(const fs::path& folder)
{
    LoadOptions options;
    options.lora = specOf(folder);
    return opened(folder, options);
}

std::unique_ptr<SentenceModel> fresh(const std::string& name, const LoraSpec& spec, std::uint64_t seed = 42)
{
    LoadOptions options;
    options.lora = spec;
    options.seed = seed;
    return opened(tiny(name), options);
}

/// "layer.lora_A.default.weight" of the oracle, for a parameter of ours.
std::string oracleName(const NamedTensor& parameter, const SafetensorsFile& expected)
{
    const auto name = parameter.name.substr(kModel.size());
    if (expected.find("after/" + name)) return name;
    // A bias of an adapted layer stands below PEFT's wrapper.
    auto wrapped = name;
    wrapped.insert(wrapped.rfind('.'), ".base_layer");
    return wrapped;
}

std::string refusal(const fs::path& folder, const LoadOptions& options = {})
{
    const auto model = SentenceModel::load(folder, options);
    return model ? std::string() : model.error().message;
}

} // namespace

class TestLora : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void trainsAsPeft_data();
    void trainsAsPeft();
    void mergedEqualsApart_data() { trainsAsPeft_data(); }
    void mergedEqualsApart();
    void mergedWeightIsTheSum();
    void savedAgainIsTheSame_data() { trainsAsPeft_data(); }
    void savedAgainIsTheSame();
    void beginsAsTheBaseModel();
    void onlyAdaptersHaveGradients();
    void dropoutDependsOnTheContextAlone();
    void targetsByArchitecture_data();
    void targetsByArchitecture();
    void headStaysTrainable();
    void refusals_data();
    void refusals();
    void contradictionsAreNamed();
};

void TestLora::trainsAsPeft_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("base");
    QTest::newRow("query and value") << "bert-query-value" << "bert";
    QTest::newRow("customary targets") << "bert-default" << "bert";
    QTest::newRow("all-linear, rsLoRA, all biases") << "mpnet-all-linear" << "mpnet";
    QTest::newRow("expression") << "qwen3-pattern" << "qwen3";
    QTest::newRow("biases of adapted layers") << "distilbert-biases" << "distilbert";
}

void TestLora::trainsAsPeft()
{
    QFETCH(QString, name);
    QFETCH(QString, base);
    const auto folder = adapterFolder(name);
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    const auto fixture = SafetensorsFile::open(tiny(base.toStdString()) / "expected.safetensors");
    QVERIFY(expected.ok() && fixture.ok());
    const auto model = trainable(folder);
    QVERIFY(model->trainsAdapters());
    const auto batch = sequencesOf(**fixture);
    const auto weights = tensorOf(**fixture, "weights");

    double worstGradient = 0, worstAfter = 0;
    std::size_t compared = 0;
    for (int step = 0; step < 3; ++step) {
        model->zeroGrad();
        const auto states = model->tokenStates(batch, {});
        if (step == 0) QVERIFY(worstOf(states, tensorOf(**expected, "states")) <= 1e-5);
        (states * weights).sum().backward();
        QVERIFY(model->store().gradientsAreViews());
        const at::NoGradGuard noGrad;
        for (const auto& parameter : model->parameters()) {
            if (!parameter.trained) continue;
            const auto reference = tensorOf(**expected, "grad/" + oracleName(parameter, **expected));
            QVERIFY2(reference.defined(), parameter.name.c_str());
            if (step == 0) {
                const double scale = std::max(1.0, reference.abs().max().item<double>());
                worstGradient = std::max(worstGradient, worstOf(parameter.value.grad(), reference) / scale);
                ++compared;
            }
            auto value = parameter.value;
            value.sub_(parameter.value.grad(), kRate);
        }
    }
    std::size_t inOracle = 0;
    for (const auto& tensor : (*expected)->tensors())
        inOracle += tensor.name.starts_with("grad/");
    QCOMPARE(compared, inOracle);
    for (const auto& parameter : model->parameters()) {
        if (!parameter.trained) continue;
        const auto after = tensorOf(**expected, "after/" + oracleName(parameter, **expected));
        worstAfter = std::max(worstAfter, worstOf(parameter.value, after));
    }
    const double states = worstOf(model->tokenStates(batch, {}), tensorOf(**expected, "states_after"));
    qInfo("%s: gradients %.1e (relative to the largest above 1), adapters after 3 steps %.1e, states %.1e",
          qPrintable(name), worstGradient, worstAfter, states);
    QVERIFY(worstGradient <= 1e-4);
    QVERIFY(worstAfter <= 1e-5);
    QVERIFY(states <= 1e-4);
}

void TestLora::mergedEqualsApart()
{
    QFETCH(QString, name);
    QFETCH(QString, base);
    const auto folder = adapterFolder(name);
    const auto expected = SafetensorsFile::open(folder / "expected.safetensors");
    const auto fixture = SafetensorsFile::open(tiny(base.toStdString()) / "expected.safetensors");
    QVERIFY(expected.ok() && fixture.ok());
    const auto model = loaded(folder);
    QVERIFY(model->mergedAdapters());
    QVERIFY(!model->trainsAdapters());
    const at::NoGradGuard noGrad;
    QVERIFY(worstOf(model->tokenStates(sequencesOf(**fixture), {}), tensorOf(**expected, "states")) <= 1e-5);

    // Trained adapters saved as one model are the same model.
    const auto apart = trainable(folder);
    SaveOptions merging;
    merging.mergeAdapters = true;
    const auto files = apart->files(merging);
    QVERIFY(files.ok());
    TempFolder target;
    for (const auto& file : *files) {
        StringSink sink;
        QVERIFY(file.write(sink).ok());
        writeFile(target / file.relativePath, sink.text);
    }
    QVERIFY(!fs::exists(target / kAdapterConfig));
    const auto whole = loaded(target.path());
    QVERIFY(!whole->mergedAdapters());
    QVERIFY(worstOf(whole->tokenStates(sequencesOf(**fixture), {}), tensorOf(**expected, "states")) <= 1e-5);
}

/// base + B A · alpha / r, by hand.
void TestLora::mergedWeightIsTheSum()
{
    const auto folder = adapterFolder("bert-query-value");
    const auto adapters = SafetensorsFile::open(folder / kAdapterWeights);
    QVERIFY(adapters.ok());
    const std::string layer = "encoder.layer.1.attention.self.value";
    const auto a = tensorOf(**adapters, "base_model.model." + layer + ".lora_A.weight");
    const auto b = tensorOf(**adapters, "base_model.model." + layer + ".lora_B.weight");
    const auto merged = loaded(folder), base = loaded(tiny("bert"));
    const auto weightOf = [&](const SentenceModel& model) {
        for (const auto& parameter : model.parameters())
            if (parameter.name == std::string(kModel) + layer + ".weight") return parameter.value.detach();
        qFatal("no such layer");
    };
    const auto before = weightOf(*base), after = weightOf(*merged);
    QVERIFY(worstOf(before, after) > 1e-3);
    for (int row = 0; row < 24; row += 5) {
        for (int column = 0; column < 24; column += 7) {
            double sum = 0;
            for (int i = 0; i < 4; ++i)
                sum += b[row][i].item<double>() * a[i][column].item<double>();
            const double expected = before[row][column].item<double>() + sum * 8 / 4;
            QVERIFY(std::abs(after[row][column].item<double>() - expected) < 1e-6);
        }
    }
}

void TestLora::savedAgainIsTheSame()
{
    QFETCH(QString, name);
    QFETCH(QString, base);
    const auto folder = adapterFolder(name);
    const auto model = trainable(folder);
    TempFolder target;
    writeSaved(target.path(), *model);
    QVERIFY(!fs::exists(target / "config.json"));
    QVERIFY(!fs::exists(target / "model.safetensors"));
    const auto before = SafetensorsFile::open(folder / kAdapterWeights);
    const auto after = SafetensorsFile::open(target / kAdapterWeights);
    QVERIFY(before.ok() && after.ok());
    QCOMPARE((*after)->tensors().size(), (*before)->tensors().size());
    for (const auto& tensor : (*before)->tensors()) {
        const auto* again = (*after)->find(tensor.name);
        QVERIFY2(again && again->shape == tensor.shape, tensor.name.c_str());
        QVERIFY2(std::equal(tensor.bytes.begin(), tensor.bytes.end(), again->bytes.begin(), again->bytes.end()),
                 tensor.name.c_str());
    }
    auto config = Json::parse(readFile(folder / kAdapterConfig));
    const auto again = Json::parse(readFile(target / kAdapterConfig));
    // The folder's own place is no part of what was said relative to it.
    const auto basePath = fs::weakly_canonical(tiny(base.toStdString()));
    config["base_model_name_or_path"] = basePath.string();
    QCOMPARE(QByteArray::fromStdString(again.dump()), QByteArray::fromStdString(config.dump()));
    // And it can be opened from its new place.
    QVERIFY(trainable(target.path())->trainsAdapters());
}

/// B is zero: nothing is changed before the first step, whatever A is; A is PEFT's uniform law.
void TestLora::beginsAsTheBaseModel()
{
    LoraSpec spec;
    spec.r = 4;
    const auto fixture = SafetensorsFile::open(tiny("bert") / "expected.safetensors");
    QVERIFY(fixture.ok());
    const at::NoGradGuard noGrad;
    const auto batch = sequencesOf(**fixture);
    const auto model = fresh("bert", spec), same = fresh("bert", spec), other = fresh("bert", spec, 7);
    QCOMPARE(worstOf(model->tokenStates(batch, {}), loaded(tiny("bert"))->tokenStates(batch, {})), 0.0);
    const double bound = 1 / std::sqrt(24.0);
    std::size_t adapters = 0;
    for (std::size_t i = 0; i < model->parameters().size(); ++i) {
        const auto parameter = model->parameters()[i];
        if (parameter.name.ends_with("lora_B.default.weight")) QCOMPARE(parameter.value.abs().max().item<double>(), 0.0);
        if (!parameter.name.ends_with("lora_A.default.weight")) continue;
        ++adapters;
        const double largest = parameter.value.abs().max().item<double>();
        QVERIFY(largest <= bound && largest > bound / 2);
        QVERIFY(at::equal(parameter.value, same->parameters()[i].value));
        QVERIFY(!at::equal(parameter.value, other->parameters()[i].value));
    }
    QCOMPARE(adapters, std::size_t(4)); // query and value of two layers
}

void TestLora::onlyAdaptersHaveGradients()
{
    LoraSpec spec;
    spec.r = 2;
    const auto model = fresh("bert", spec);
    std::int64_t values = 0;
    for (const auto& parameter : model->parameters()) {
        const bool adapter = parameter.name.find("lora_") != std::string::npos;
        QCOMPARE(parameter.trained, adapter);
        QCOMPARE(parameter.value.requires_grad(), adapter);
        QCOMPARE(parameter.value.grad().defined(), adapter);
        if (adapter) values += parameter.value.numel();
    }
    QCOMPARE(values, std::int64_t(4 * (2 * 24 + 24 * 2)));
    // Frozen weights take no memory for gradients.
    QVERIFY(model->store().flatGradients().numel() <= values + 8 * 16);
    QVERIFY(model->store().flatGradients().numel() < model->store().flatSize() / 10);
}

void TestLora::dropoutDependsOnTheContextAlone()
{
    auto spec = specOf(adapterFolder("bert-query-value"));
    spec.loraDropout = 0.5;
    LoadOptions options;
    options.lora = spec;
    const auto model = opened(adapterFolder("bert-query-value"), options);
    model->setDropout(0, 0);
    const at::NoGradGuard noGrad;
    const auto fixture = SafetensorsFile::open(tiny("bert") / "expected.safetensors");
    const auto batch = sequencesOf(**fixture);
    ForwardContext context;
    const auto still = model->tokenStates(batch, context);
    context.training = true;
    const auto first = model->tokenStates(batch, context), second = model->tokenStates(batch, context);
    QVERIFY(at::equal(first, second));
    QVERIFY(worstOf(first, still) > 1e-3);
    context.step = 1;
    QVERIFY(!at::equal(model->tokenStates(batch, context), first));
}

void TestLora::targetsByArchitecture_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("adapters");
    QTest::newRow("bert") << "bert" << 4;
    QTest::newRow("xlm-roberta") << "xlm-roberta" << 4;
    QTest::newRow("electra") << "electra" << 4;
    QTest::newRow("mpnet") << "mpnet" << 4;
    QTest::newRow("distilbert") << "distilbert" << 4;
    QTest::newRow("albert") << "albert" << 4; // two groups
    QTest::newRow("modernbert") << "modernbert" << 4;
    QTest::newRow("nomic-bert") << "nomic-bert" << 2;
    QTest::newRow("qwen3") << "qwen3" << 4;
    QTest::newRow("gemma3") << "gemma3" << 6;
}

void TestLora::targetsByArchitecture()
{
    QFETCH(QString, name);
    QFETCH(int, adapters);
    const auto model = fresh(name.toStdString(), {});
    int found = 0;
    for (const auto& parameter : model->parameters())
        found += parameter.name.ends_with("lora_A.default.weight");
    QCOMPARE(found, adapters);
    const auto fixture = SafetensorsFile::open(tiny(name.toStdString()) / "expected.safetensors");
    (model->tokenStates(sequencesOf(**fixture), {}) * tensorOf(**fixture, "weights")).sum().backward();
    for (const auto& parameter : model->parameters())
        if (parameter.name.ends_with("lora_B.default.weight"))
            QVERIFY2(parameter.value.grad().abs().max().item<double>() > 0, parameter.name.c_str());
}

/// What stands behind the transformer is trained as a whole, as in Python.
void TestLora::headStaysTrainable()
{
    TempFolder folder;
    copyTiny("bert", folder.path());
    writeFile(folder / "modules.json", R"([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_LayerNorm", "type": "sentence_transformers.models.LayerNorm"}])");
    writeFile(folder / "1_Pooling/config.json", R"({"word_embedding_dimension": 24, "pooling_mode_mean_tokens": true})");
    writeFile(folder / "2_LayerNorm/config.json", R"({"dimension": 24})");
    std::vector<TensorToWrite> tensors;
    for (const char* name : {"norm.weight", "norm.bias"}) {
        TensorToWrite tensor;
        tensor.name = name;
        tensor.shape = {24};
        tensor.write = [](ByteSink& sink) {
            const std::vector<float> values(24, 0.5f);
            return sink.write({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
        };
        tensors.push_back(tensor);
    }
    const auto file = safetensorsFile("model.safetensors", tensors);
    QVERIFY(file.ok());
    StringSink sink;
    QVERIFY(file->write(sink).ok());
    writeFile(folder / "2_LayerNorm/model.safetensors", sink.text);

    LoadOptions options;
    options.lora = LoraSpec();
    const auto model = opened(folder.path(), options);
    const std::vector<std::string> texts{"w1 w2", "w3"};
    const auto embeddings = model->embed(model->pack(texts), {});
    (embeddings * at::arange(48).view({2, 24})).sum().backward();
    int heads = 0;
    for (const auto& parameter : model->parameters())
        if (parameter.name.starts_with("2.")) {
            ++heads;
            QVERIFY(parameter.trained);
            QVERIFY(parameter.value.grad().abs().max().item<double>() > 0);
        }
    QCOMPARE(heads, 2);

    TempFolder saved;
    writeSaved(saved.path(), *model);
    QVERIFY(fs::exists(saved / "2_LayerNorm/model.safetensors"));
    const auto again = loaded(saved.path());
    const at::NoGradGuard noGrad;
    QVERIFY(worstOf(again->embed(again->pack(texts), {}), embeddings.detach()) < 1e-5);
}

void TestLora::refusals_data()
{
    QTest::addColumn<QString>("change"); ///< merged into adapter_config.json
    QTest::addColumn<QString>("words");
    QTest::newRow("another kind") << R"({"peft_type": "IA3"})" << "IA3";
    QTest::newRow("DoRA") << R"({"use_dora": true})" << "use_dora";
    QTest::newRow("ranks by pattern") << R"({"rank_pattern": {"query": 8}})" << "rank_pattern";
    QTest::newRow("PiSSA") << R"({"init_lora_weights": "pissa"})" << "pissa";
    QTest::newRow("no base") << R"({"base_model_name_or_path": "some/model"})"
                             << "belong to the model \"some/model\", which is no model folder here";
    QTest::newRow("another rank") << R"({"r": 5})" << "shape [4, 24] instead of [5, 24]";
    QTest::newRow("no number") << R"({"r": "many"})" << "r";
}

void TestLora::refusals()
{
    QFETCH(QString, change);
    QFETCH(QString, words);
    TempFolder folder;
    fs::copy(adapterFolder("bert-query-value"), folder.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    auto config = Json::parse(readFile(folder / kAdapterConfig));
    config["base_model_name_or_path"] = tiny("bert").string();
    config.update(Json::parse(change.toStdString()));
    writeFile(folder / kAdapterConfig, config.dump());
    const auto message = refusal(folder.path());
    QVERIFY2(QString::fromStdString(message).contains(words), message.c_str());
}

void TestLora::contradictionsAreNamed()
{
    const auto folder = adapterFolder("bert-query-value");
    LoadOptions options;
    options.lora = specOf(folder);
    options.lora->r = 16;
    QVERIFY(refusal(folder, options).find("model.lora.r is 16") != std::string::npos);
    options.lora = LoraSpec();
    options.lora->targetModules = {"no_such_layer"};
    QVERIFY(refusal(tiny("bert"), options).find("matches no linear layer") != std::string::npos);
    options.lora->targetsAreText = true;
    options.lora->targetModules = {"(unclosed"};
    QVERIFY(refusal(tiny("bert"), options).find("target_modules") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestLora)
#include "tst_lora.moc"
