#include "twins.h"

#include "engine/model/touchedrows.h"
#include "engine/native/kernels.h"
#include "engine/native/nativeencoder.h"
#include "engine/native/nativememory.h"
#include "engine/native/slabs.h"
#include "engine/optim/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QFile>
#include <QTest>
#include <malloc.h>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;
using namespace studio::test;

/// The native encoder against the plain one in double precision: states, every tensor's gradient, dropout,
/// threads.
class TestNativeEncoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sameStatesAndGradients_data();
    void sameStatesAndGradients();
    void withoutGradientsTheSame();
    void layerStatesEndInTheOutput();
    void gradientsOfLayerStates_data();
    void gradientsOfLayerStates();
    void largeBatchInGroups();
    void rowsWithGradientsAreKnown();
    void memoryIsPredicted_data();
    void memoryIsPredicted();
    void threadsDoNotMatter();
    void dropoutKeepsItsShare();
    void dropoutGradientIsConsistent();
    void gradientsAccumulate();
    void seesChangedWeights();
    void slabsCoverTheBatch();
    void refusesWhatItCannotRun();
};

void TestNativeEncoder::sameStatesAndGradients_data()
{
    QTest::addColumn<int>("hidden");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("intermediate");
    QTest::addColumn<QString>("family");
    QTest::newRow("heads of 32") << 96 << 3 << 2 << 192 << "bert";
    QTest::newRow("heads of 64") << 128 << 2 << 3 << 256 << "bert";
    QTest::newRow("heads of 16") << 64 << 4 << 1 << 128 << "bert";
    QTest::newRow("heads of 8") << 64 << 8 << 2 << 96 << "bert";
    QTest::newRow("heads of 24") << 96 << 4 << 2 << 192 << "bert";
    QTest::newRow("heads of 40") << 160 << 4 << 1 << 160 << "bert";
    QTest::newRow("RoBERTa") << 96 << 3 << 2 << 192 << "roberta";
    QTest::newRow("XLM-R") << 64 << 2 << 2 << 128 << "xlm-roberta";
    QTest::newRow("MPNet") << 96 << 3 << 2 << 192 << "mpnet";
    QTest::newRow("MPNet, heads of 64") << 128 << 2 << 2 << 256 << "mpnet";
    QTest::newRow("DistilBERT") << 96 << 3 << 2 << 192 << "distilbert";
    QTest::newRow("ELECTRA") << 96 << 3 << 2 << 192 << "electra";
    QTest::newRow("ModernBERT") << 96 << 3 << 4 << 128 << "modernbert";
    QTest::newRow("ModernBERT, heads of 64") << 128 << 2 << 3 << 192 << "modernbert";
    QTest::newRow("ModernBERT, heads of 24") << 96 << 4 << 2 << 96 << "modernbert";
    QTest::newRow("ModernBERT with biases") << 96 << 3 << 3 << 128 << "modernbert with biases";
}

void TestNativeEncoder::sameStatesAndGradients()
{
    QFETCH(int, hidden);
    QFETCH(int, heads);
    QFETCH(int, layers);
    QFETCH(int, intermediate);
    QFETCH(QString, family);
    Twins twins(hidden, heads, layers, intermediate, family.toStdString());
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
        if (wide[i].name.ends_with("key.bias") || wide[i].name.ends_with("attn.k.bias") ||
            wide[i].name.ends_with("k_lin.bias") || wide[i].name.ends_with("Wqkv.bias"))
            continue;
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
    for (std::size_t i = 0; i < nativeStates.size(); ++i)
        QVERIFY(relativeError(nativeStates[i], torchStates[i]) < 2e-6);
}

void TestNativeEncoder::gradientsOfLayerStates_data()
{
    QTest::addColumn<QString>("family");
    QTest::newRow("BERT") << "bert";
    QTest::newRow("ModernBERT") << "modernbert";
}

void TestNativeEncoder::gradientsOfLayerStates()
{
    // Losses that look at every layer: the gradient enters at each of them.
    QFETCH(QString, family);
    Twins twins(96, 3, 3, 192, family.toStdString());
    const auto batch = batchOf(kLengths);
    const auto lossOf = [&](Encoder& encoder) {
        std::vector<at::Tensor> states;
        ForwardContext context;
        context.layerStates = &states;
        encoder.forward(batch, context);
        at::Tensor sum;
        for (std::size_t i = 0; i < states.size(); ++i) {
            const auto part = (states[i] * weightsFor(states[i]).to(states[i].scalar_type())).sum() *
                              static_cast<double>(i + 1);
            sum = sum.defined() ? sum + part : part;
        }
        return sum;
    };
    lossOf(*twins.torchWide).backward();
    lossOf(*twins.native).backward();
    const auto& wide = twins.torchWide->parameters();
    double squares = 0, errors = 0;
    for (std::size_t i = 0; i < wide.size(); ++i) {
        if (!wide[i].trained) continue;
        const auto expected = wide[i].value.grad();
        squares += expected.square().sum().item<double>();
        errors += (twins.native->parameters()[i].value.grad().to(at::kDouble) - expected)
                      .square()
                      .sum()
                      .item<double>();
    }
    QVERIFY2(std::sqrt(errors / squares) <= 5e-6, qPrintable(QString::number(std::sqrt(errors / squares))));
}

void TestNativeEncoder::largeBatchInGroups()
{
    // More tokens than one group of the backward pass holds.
    Twins twins(64, 2, 2, 128);
    std::vector<int> lengths;
    for (int i = 0; i < 40; ++i)
        lengths.push_back(20 + i * 37 % 150);
    const auto batch = batchOf(lengths);
    QVERIFY(batch.tokens() > 3000);
    const auto truth = twins.torchWide->forward(batch, {});
    const auto weights = weightsFor(truth);
    (truth * weights).sum().backward();
    (twins.native->forward(batch, {}) * weights.to(at::kFloat)).sum().backward();
    const auto wide = twins.wide.flatGradients(), narrow = twins.narrow.flatGradients();
    QVERIFY2(relativeError(narrow, wide) <= 5e-6, qPrintable(QString::number(relativeError(narrow, wide))));
}

void TestNativeEncoder::rowsWithGradientsAreKnown()
{
    Twins twins(64, 2, 1, 64, "bert", 5000);
    const auto& word = twins.native->parameters().front();
    QVERIFY(word.rows);
    const auto batch = batchOf({9, 20});
    twins.narrow.zeroGrad();
    (twins.native->forward(batch, {}) * 0.5).sum().backward();
    const auto* touched = touchedRowsOf(word);
    QVERIFY(touched);
    const auto used = word.value.grad().ne(0).any(1);
    QCOMPARE(static_cast<std::int64_t>(touched->rows.size()), used.sum().item<std::int64_t>());
    for (const auto row : touched->rows)
        QVERIFY(used[row].item<bool>());
    // Whatever torch adds itself ends the list's claim, until the gradients are zero again.
    twins.torchNarrow->forward(batch, {}).sum().backward();
    QVERIFY(!touchedRowsOf(word));
    twins.narrow.zeroGrad();
    QVERIFY(touchedRowsOf(word));
    QCOMPARE(twins.narrow.flatGradients().abs().sum().item<float>(), 0.0f);
}

void TestNativeEncoder::memoryIsPredicted_data()
{
    QTest::addColumn<QString>("family");
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("short texts") << "bert" << QList<int>(64, 15);
    QTest::newRow("long texts") << "bert" << QList<int>(32, 128);
    QTest::newRow("ModernBERT") << "modernbert" << QList<int>(24, 100);
}

void TestNativeEncoder::memoryIsPredicted()
{
    // What a step at MiniLM's size adds to the process, against what was said before it.
    QFETCH(QString, family);
    QFETCH(QList<int>, lengths);
    const auto resident = [](const char* key) {
        QFile file("/proc/self/status");
        if (!file.open(QIODevice::ReadOnly)) return 0.0;
        const auto text = QString::fromLatin1(file.readAll());
        const auto line = text.mid(text.indexOf(key));
        return line.left(line.indexOf('\n')).simplified().split(' ').value(1).toDouble() * 1024;
    };
    const Json json{{"model_type", family.toStdString()}, {"hidden_size", 384},
                    {"num_attention_heads", 12},          {"num_hidden_layers", 6},
                    {"intermediate_size", 1536},          {"vocab_size", 8000},
                    {"max_position_embeddings", 512},     {"type_vocab_size", 2}};
    ParameterStore store(at::kFloat);
    ConfigReader reader(json, "config.json");
    ParameterBuilder builder(store, "0.model.", [](const std::string&) { return false; });
    auto torch = familyOf(family.toStdString())->make(reader, builder);
    store.allocate();
    torch->adopt(builder.registered(), store);
    store.flatValues().fill_(0.01);
    auto made = makeNativeEncoder(torch->config(), torch->parameters(), store);
    QVERIFY(made.ok());
    auto groups = makeParamGroups(store.parameters(), {1e-5, 0.0, {}});
    auto optimizer = makeOptimizer({}, std::move(*groups));
    QVERIFY(optimizer.ok());
    const auto batch = batchOf({lengths.begin(), lengths.end()});

    QFile reset("/proc/self/clear_refs");
    if (!reset.open(QIODevice::WriteOnly) || reset.write("5") != 1)
        QSKIP("the peak of memory cannot be reset here");
    reset.close();
    malloc_trim(0); // what earlier tests have freed would be used again, unseen
    const double before = resident("VmRSS:");
    for (int step = 0; step < 2; ++step) {
        ForwardContext context;
        context.training = true;
        context.step = static_cast<std::uint64_t>(step);
        (*made)->forward(batch, context).square().mean().backward();
        (*optimizer)->step((*optimizer)->baseRates(), clipCoefficient(gradNorm((*optimizer)->groups()), 1.0));
        store.zeroGrad();
    }
    const double grown = resident("VmHWM:") - before;
    const auto memory =
        nativeMemory(torch->config(), {lengths.begin(), lengths.end()}, at::get_num_threads());
    const auto predicted =
        static_cast<double>(memory.total() + adamwMemory(torch->config(), store.valueCount(), 97));
    QVERIFY2(std::abs(predicted - grown) < 0.15 * grown,
             qPrintable(QString("predicted %1 MiB, was %2").arg(predicted / 1048576).arg(grown / 1048576)));
    if (family == "bert") {
        const auto large = nativeMemory(torch->config(), std::vector<int>(64, 128), 2);
        const double perToken = static_cast<double>(large.activations + large.work) / (64 * 128);
        QVERIFY2(perToken <= 95e3, qPrintable(QString::number(perToken)));
    }
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
        DropoutStream stream{1234567u, 0x9e3779b1u, static_cast<std::uint32_t>(0.1 * 4294967296.0),
                             1.0f / 0.9f};
        tables[i]->dropout(ones.data(), static_cast<std::int64_t>(ones.size()), stream, 0);
        masks.push_back(ones);
    }
    // The same draws with every vector width, and the right share of them (five standard deviations).
    for (const auto& mask : masks)
        QVERIFY(mask == masks.front());
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
    // With fixed draws the output is a smooth function of the weights: its slope along the gradient must be
    // the gradient's own length, whatever was dropped.
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
        return relativeError(twins.native->forward(batch, {}),
                             twins.torchNarrow->forward(batch, {}).to(at::kDouble)) < 2e-6;
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
    for (std::int64_t i = 0; i < twins.narrow.flatSize(); ++i)
        values[i] *= 1.01f;
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
    QVERIFY(refused([](EncoderConfig& c) { c.hiddenAct = "relu"; }, twins.narrow, parameters).find("relu") !=
            std::string::npos);
    QVERIFY(
        refused([](EncoderConfig& c) { c.modelType = "mamba"; }, twins.narrow, parameters).find("mamba") !=
        std::string::npos);
    QVERIFY(!refused([](EncoderConfig& c) { c.heads = 96; }, twins.narrow, parameters).empty());
    QVERIFY(!refused([](EncoderConfig&) {}, twins.wide, twins.torchWide->parameters()).empty());
}

QTEST_GUILESS_MAIN(TestNativeEncoder)
#include "tst_nativeencoder.moc"
