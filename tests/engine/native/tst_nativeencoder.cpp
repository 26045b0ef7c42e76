#include "engine/model/configreader.h"
#include "engine/model/layers.h"
#include "engine/model/parameterstore.h"
#include "engine/model/torchencoder.h"
#include "engine/native/kernels.h"
#include "engine/native/nativeencoder.h"
#include "engine/native/slabs.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/Parallel.h>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;

/// The native encoder against the plain one in double precision: states, every tensor's gradient, dropout, threads.
class TestNativeEncoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sameStatesAndGradients_data();
    void sameStatesAndGradients();
    void withoutGradientsTheSame();
    void layerStatesEndInTheOutput();
    void threadsDoNotMatter();
    void dropoutKeepsItsShare();
    void dropoutGradientIsConsistent();
    void gradientsAccumulate();
    void seesChangedWeights();
    void slabsCoverTheBatch();
    void refusesWhatItCannotRun();
};

namespace {

/// A small random BERT twice: in double precision with torch operations, in single precision with either encoder.
struct Twins
{
    Json json;
    ParameterStore wide{at::kDouble}, narrow{at::kFloat};
    TorchEncoderPtr torchWide, torchNarrow;
    std::unique_ptr<Encoder> native;

    Twins(int hidden, int heads, int layers, int intermediate)
        : json({{"model_type", "bert"}, {"hidden_size", hidden}, {"num_attention_heads", heads}, {"num_hidden_layers", layers},
                {"intermediate_size", intermediate}, {"vocab_size", 97}, {"max_position_embeddings", 300}, {"type_vocab_size", 2},
                {"hidden_act", "gelu"}, {"hidden_dropout_prob", 0.0}, {"attention_probs_dropout_prob", 0.0}, {"layer_norm_eps", 1e-12}})
    {
        torchWide = make(wide);
        torchNarrow = make(narrow);
        at::manual_seed(11);
        const at::NoGradGuard noGrad;
        for (const auto& parameter : torchWide->parameters()) {
            auto value = parameter.value;
            const bool norm = parameter.name.find("LayerNorm.weight") != std::string::npos;
            value.copy_(at::randn(value.sizes(), at::kDouble) * (norm ? 0.1 : 0.08) + (norm ? 1.0 : 0.0));
        }
        const auto& to = torchNarrow->parameters();
        for (std::size_t i = 0; i < to.size(); ++i) {
            auto value = to[i].value;
            value.copy_(torchWide->parameters()[i].value);
        }
        // Both start from the same numbers: those that single precision can hold.
        for (std::size_t i = 0; i < to.size(); ++i) {
            auto value = torchWide->parameters()[i].value;
            value.copy_(to[i].value.to(at::kDouble));
        }
        auto made = makeNativeEncoder(torchNarrow->config(), to, narrow);
        if (made) native = std::move(*made);
    }

    TorchEncoderPtr make(ParameterStore& store)
    {
        ConfigReader reader(json, "config.json");
        ParameterBuilder builder(store, "0.model.", [](const std::string&) { return true; });
        auto encoder = makeBert(reader, builder);
        store.allocate();
        encoder->adopt(builder.registered(), store);
        return encoder;
    }
};

PackedBatch batchOf(const std::vector<int>& lengths)
{
    PackedBatch batch;
    std::uint32_t random = 12345;
    for (std::size_t s = 0; s < lengths.size(); ++s) {
        std::vector<std::int32_t> ids;
        for (int i = 0; i < lengths[s]; ++i) {
            random = random * 1664525u + 1013904223u;
            ids.push_back(static_cast<std::int32_t>(random >> 8) % 97);
        }
        batch.append(ids, static_cast<int>(s % 2), static_cast<int>(s / 2));
    }
    return batch;
}

const std::vector<int> kLengths{7, 1, 33, 8, 120, 15, 64, 3};

at::Tensor weightsFor(const at::Tensor& states)
{
    at::manual_seed(5);
    return at::randn(states.sizes(), at::kDouble);
}

double relativeError(const at::Tensor& value, const at::Tensor& truth)
{
    const auto norm = truth.norm().item<double>();
    return (value.to(at::kDouble) - truth).norm().item<double>() / std::max(norm, 1e-30);
}

} // namespace

void TestNativeEncoder::sameStatesAndGradients_data()
{
    QTest::addColumn<int>("hidden");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("intermediate");
    QTest::newRow("heads of 32") << 96 << 3 << 2 << 192;
    QTest::newRow("heads of 64") << 128 << 2 << 3 << 256;
    QTest::newRow("heads of 16") << 64 << 4 << 1 << 128;
}

void TestNativeEncoder::sameStatesAndGradients()
{
    QFETCH(int, hidden);
    QFETCH(int, heads);
    QFETCH(int, layers);
    QFETCH(int, intermediate);
    Twins twins(hidden, heads, layers, intermediate);
    QVERIFY(twins.native);
    const auto batch = batchOf(kLengths);

    const auto truth = twins.torchWide->forward(batch, {});
    const auto weights = weightsFor(truth);
    (truth * weights).sum().backward();
    const auto states = twins.native->forward(batch, {});
    (states * weights.to(at::kFloat)).sum().backward();

    QVERIFY(relativeError(states.detach(), truth.detach()) < 2e-6);
    double squares = 0, errors = 0;
    const auto& wide = twins.torchWide->parameters();
    const auto& narrow = twins.native->parameters();
    for (std::size_t i = 0; i < wide.size(); ++i) {
        if (!wide[i].trained) continue;
        const auto expected = wide[i].value.grad();
        const auto got = narrow[i].value.grad().to(at::kDouble);
        squares += expected.square().sum().item<double>();
        errors += (got - expected).square().sum().item<double>();
        // The key bias has no gradient in exact arithmetic (softmax does not see a constant).
        if (wide[i].name.ends_with("key.bias")) continue;
        QVERIFY2(relativeError(got, expected) < 2e-5, wide[i].name.c_str());
    }
    QVERIFY2(std::sqrt(errors / squares) <= 5e-6, qPrintable(QString::number(std::sqrt(errors / squares))));
}

void TestNativeEncoder::withoutGradientsTheSame()
{
    Twins twins(96, 3, 2, 192);
    const auto batch = batchOf(kLengths);
    const auto with = twins.native->forward(batch, {}).detach();
    const at::NoGradGuard noGrad;
    QVERIFY(at::equal(twins.native->forward(batch, {}), with));
}

void TestNativeEncoder::layerStatesEndInTheOutput()
{
    Twins twins(96, 3, 2, 192);
    const auto batch = batchOf(kLengths);
    std::vector<at::Tensor> nativeStates, torchStates;
    ForwardContext context;
    context.layerStates = &nativeStates;
    const at::NoGradGuard noGrad;
    const auto out = twins.native->forward(batch, context);
    context.layerStates = &torchStates;
    twins.torchWide->forward(batch, context);
    QCOMPARE(nativeStates.size(), std::size_t(3));
    QCOMPARE(torchStates.size(), nativeStates.size());
    QVERIFY(at::equal(nativeStates.back(), out));
    for (std::size_t i = 0; i < nativeStates.size(); ++i) QVERIFY(relativeError(nativeStates[i], torchStates[i]) < 2e-6);
}

void TestNativeEncoder::threadsDoNotMatter()
{
    const int before = at::get_num_threads();
    const auto batch = batchOf(kLengths);
    ForwardContext context;
    context.training = true;
    std::vector<at::Tensor> states, gradients;
    for (const int threads : {1, 2, 5}) {
        at::set_num_threads(threads);
        Twins twins(96, 3, 2, 192);
        twins.native->setDropout(0.1, 0.1);
        const auto out = twins.native->forward(batch, context);
        (out * weightsFor(out).to(at::kFloat)).sum().backward();
        states.push_back(out.detach());
        gradients.push_back(twins.narrow.flatGradients().clone());
    }
    at::set_num_threads(before);
    for (std::size_t i = 1; i < states.size(); ++i) {
        QVERIFY(at::equal(states[i], states[0]));
        QVERIFY(at::equal(gradients[i], gradients[0]));
    }
}

void TestNativeEncoder::dropoutKeepsItsShare()
{
    const Kernels* tables[8];
    const int count = availableKernels(tables, 8);
    std::vector<std::vector<float>> masks;
    for (int i = 0; i < count; ++i) {
        std::vector<float> ones(1 << 20, 1.0f);
        DropoutStream stream{1234567u, 0x9e3779b1u, static_cast<std::uint32_t>(0.1 * 4294967296.0), 1.0f / 0.9f};
        tables[i]->dropout(ones.data(), static_cast<std::int64_t>(ones.size()), stream, 0);
        masks.push_back(ones);
    }
    // The same draws with every vector width, and the right share of them (five standard deviations).
    for (const auto& mask : masks) QVERIFY(mask == masks.front());
    double dropped = 0, pairs = 0;
    for (std::size_t i = 0; i < masks[0].size(); ++i) {
        dropped += masks[0][i] == 0;
        pairs += i > 0 && masks[0][i] == 0 && masks[0][i - 1] == 0;
    }
    const double n = static_cast<double>(masks[0].size());
    QVERIFY(std::abs(dropped / n - 0.1) < 5 * std::sqrt(0.09 / n));
    QVERIFY(std::abs(pairs / n - 0.01) < 5 * std::sqrt(0.01 / n));
}

void TestNativeEncoder::dropoutGradientIsConsistent()
{
    // With fixed draws the output is a smooth function of the weights: its slope along the gradient must be the
    // gradient's own length, whatever was dropped.
    Twins twins(96, 3, 2, 192);
    twins.native->setDropout(0.2, 0.2);
    const auto batch = batchOf(kLengths);
    ForwardContext context;
    context.training = true;
    const auto out = twins.native->forward(batch, context);
    const auto weights = weightsFor(out);
    (out * weights.to(at::kFloat)).sum().backward();
    const auto gradient = twins.narrow.flatGradients().clone();
    const auto length = gradient.to(at::kDouble).norm().item<double>();

    const at::NoGradGuard noGrad;
    const auto values = twins.narrow.flatValues();
    const auto start = values.clone();
    const double h = 2e-3;
    const auto valueAt = [&](double distance) {
        values.copy_(start + gradient * static_cast<float>(distance / length));
        return (twins.native->forward(batch, context).to(at::kDouble) * weights).sum().item<double>();
    };
    const double slope = (valueAt(h) - valueAt(-h)) / (2 * h);
    QVERIFY2(std::abs(slope - length) < 2e-3 * length, qPrintable(QString("%1 %2").arg(slope).arg(length)));

    // Without dropout the loss differs, so something was dropped.
    values.copy_(start);
    twins.native->setDropout(0, 0);
    QVERIFY(relativeError(twins.native->forward(batch, context), out.detach().to(at::kDouble)) > 1e-2);
}

void TestNativeEncoder::gradientsAccumulate()
{
    Twins twins(96, 3, 2, 192);
    const auto batch = batchOf({9, 20});
    twins.native->forward(batch, {}).sum().backward();
    const auto once = twins.narrow.flatGradients().clone();
    twins.native->forward(batch, {}).sum().backward();
    QVERIFY(relativeError(twins.narrow.flatGradients(), once.to(at::kDouble) * 2) < 1e-6);
    twins.narrow.zeroGrad();
    twins.native->forward(batch, {}).sum().backward();
    QVERIFY(at::equal(twins.narrow.flatGradients(), once));
}

void TestNativeEncoder::seesChangedWeights()
{
    Twins twins(96, 3, 2, 192);
    const auto batch = batchOf({9, 20});
    const auto expectCurrent = [&] {
        const at::NoGradGuard noGrad;
        return relativeError(twins.native->forward(batch, {}), twins.torchNarrow->forward(batch, {}).to(at::kDouble)) < 2e-6;
    };
    QVERIFY(expectCurrent());
    // By a torch operation on one weight, and by writing to memory after a backward pass as optimizers do.
    {
        const at::NoGradGuard noGrad;
        auto weight = twins.torchNarrow->parameters()[10].value;
        weight.mul_(1.5);
    }
    QVERIFY(expectCurrent());
    twins.native->forward(batch, {}).sum().backward();
    float* values = twins.narrow.flatValues().mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < twins.narrow.flatSize(); ++i) values[i] *= 1.01f;
    QVERIFY(expectCurrent());
}

void TestNativeEncoder::slabsCoverTheBatch()
{
    for (const int target : {1, 16, 64, 100000}) {
        const auto batch = batchOf(kLengths);
        const auto slabs = slabsOf(batch, target);
        int sequence = 0, token = 0;
        for (const auto& slab : slabs) {
            QCOMPARE(slab.firstSequence, sequence);
            QCOMPARE(slab.firstToken, token);
            QVERIFY(slab.lastSequence > slab.firstSequence);
            sequence = slab.lastSequence;
            token = slab.lastToken;
        }
        QCOMPARE(sequence, static_cast<int>(batch.sequences()));
        QCOMPARE(token, static_cast<int>(batch.tokens()));
    }
}

void TestNativeEncoder::refusesWhatItCannotRun()
{
    Twins twins(96, 3, 1, 192);
    const auto& parameters = twins.torchNarrow->parameters();
    const auto refused = [&](auto change, ParameterStore& store, const std::vector<NamedTensor>& tensors) {
        auto config = twins.torchNarrow->config();
        change(config);
        const auto made = makeNativeEncoder(config, tensors, store);
        return made.ok() ? std::string() : made.error().message;
    };
    QVERIFY(refused([](EncoderConfig& c) { c.hiddenAct = "relu"; }, twins.narrow, parameters).find("relu") != std::string::npos);
    QVERIFY(refused([](EncoderConfig& c) { c.modelType = "mamba"; }, twins.narrow, parameters).find("mamba") != std::string::npos);
    QVERIFY(!refused([](EncoderConfig& c) { c.heads = 96; }, twins.narrow, parameters).empty());
    QVERIFY(!refused([](EncoderConfig&) {}, twins.wide, twins.torchWide->parameters()).empty());
}

QTEST_GUILESS_MAIN(TestNativeEncoder)
#include "tst_nativeencoder.moc"
