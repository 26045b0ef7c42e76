#include "engine/optim/optimizer.h"
#include "engine/optim/quantise.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace studio;

/// Optimizers that keep their moments in blocks of 8-bit numbers.
class TestEightBit : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void blockQuantisation();
    void eightBitFollowsThirtyTwo();
    void sameAsOriginal_data();
    void sameAsOriginal();
};

namespace {

at::Tensor leaf(const at::Tensor& value)
{
    return value.clone().requires_grad_(true);
}

void setGradient(const at::Tensor& parameter, const at::Tensor& gradient)
{
    parameter.mutable_grad() = gradient.clone();
}

// The start and the gradients of tests/interop/oracle_optimizers8bit.py.
at::Tensor oracleWeight(std::int64_t n)
{
    auto i = at::arange(n, at::kLong);
    return (i * 7919).remainder(2003).to(at::kDouble).div(1001.5).sub(1).to(at::kFloat);
}

at::Tensor oracleGradient(std::int64_t n, std::int64_t step)
{
    auto i = at::arange(n, at::kLong);
    auto base = (i * 104729 + step * 15485863).remainder(1999).to(at::kDouble).div(999.5).sub(1);
    return (base * at::pow(10.0, -i.remainder(5).to(at::kDouble))).to(at::kFloat);
}

} // namespace

void TestEightBit::blockQuantisation()
{
    for (bool isSigned : {true, false}) {
        const auto& map = quantMap(isSigned);
        QVERIFY(std::is_sorted(map.begin(), map.end()));
        QCOMPARE(map.back(), 1.0f);
        QVERIFY(std::find(map.begin(), map.end(), 0.0f) != map.end());
        if (!isSigned) QCOMPARE(map.front(), 0.0f);
        // Numbers of the map come back exactly, whatever the block's scale.
        at::Tensor values = at::tensor(std::vector<float>(map.begin(), map.end())) * 0.25;
        at::Tensor codes = at::zeros({256}, at::kByte), scales = at::zeros({1}), back = at::zeros({256});
        quantise(values, codes, scales, isSigned);
        dequantise(codes, scales, back, isSigned);
        QVERIFY(at::equal(values, back));
    }
    // Anything else is off by less than half the widest gap of the map.
    at::Tensor values = at::arange(1000, at::kFloat).mul(0.731).sin();
    at::Tensor codes = at::zeros({1000}, at::kByte), scales = at::zeros({4}), back = at::zeros({1000});
    quantise(values, codes, scales, true);
    dequantise(codes, scales, back, true);
    QVERIFY((values - back).abs().max().item<double>() < 0.0075);
    QVERIFY((values - back).abs().max().item<double>() > 0);
}

void TestEightBit::eightBitFollowsThirtyTwo()
{
    const std::pair<const char*, const char*> pairs[] = {{"adamw_8bit", "adamw_torch"},
                                                         {"rmsprop_bnb_8bit", "rmsprop_bnb_32bit"}};
    for (const auto& [small, large] : pairs) {
        const at::Tensor start = at::arange(8192, at::kFloat).mul(0.37).sin();
        const at::Tensor target = at::arange(8192, at::kFloat).mul(0.11).cos();
        double distances[2];
        std::int64_t bytes[2] = {0, 0};
        for (int i = 0; i < 2; ++i) {
            OptimizerSettings settings;
            settings.name = i == 0 ? small : large;
            const at::Tensor w = leaf(start);
            auto made = makeOptimizer(settings, {{{{"layer.weight", w}}, 0.01, 0.0}});
            QVERIFY(made);
            for (int t = 0; t < 200; ++t) {
                setGradient(w, w.detach() - target);
                (*made)->step({0.01});
            }
            distances[i] = (w.detach() - target).abs().mean().item<double>();
            for (const NamedTensor& state : (*made)->state())
                bytes[i] += static_cast<std::int64_t>(state.value.nbytes());
        }
        QVERIFY2(distances[0] < 0.1 * (start - target).abs().mean().item<double>(), small);
        QVERIFY2(std::abs(distances[0] - distances[1]) < 0.02, small);
        QVERIFY2(bytes[0] * 3 < bytes[1], small);
    }
}

void TestEightBit::sameAsOriginal_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"lion_8bit", "adamw_8bit", "rmsprop_bnb_8bit", "ademamix_8bit"})
        QTest::newRow(name) << name;
}

/// Against bitsandbytes: weights after 1, 2, 3, 10 and 30 steps. A value halfway between two codes may be
/// rounded to either, and then differs by a code's width from there on (Lion: by whole steps), so the share
/// of equal weights counts, not the largest difference.
void TestEightBit::sameAsOriginal()
{
    QFETCH(QString, name);
    const auto file = nlohmann::json::parse(test::readFile(test::fixture("optim/bitsandbytes_8bit.json")));
    const auto n = file["values"].get<std::int64_t>();
    const auto every = file["every"].get<std::int64_t>();
    OptimizerSettings settings;
    settings.name = name.toStdString();
    settings.learningRate = 0.01;
    const at::Tensor w = leaf(oracleWeight(n));
    auto made =
        makeOptimizer(settings, {{{{"layer.weight", w}}, 0.01, name.startsWith("rmsprop") ? 0.0 : 0.01}});
    QVERIFY(made);
    std::int64_t done = 0;
    for (const int step : {1, 2, 3, 10, 30}) {
        while (done < step) {
            setGradient(w, oracleGradient(n, ++done));
            (*made)->step({0.01});
        }
        const auto expected =
            file["optimizers"][settings.name][std::to_string(step)].get<std::vector<float>>();
        const at::Tensor sample = w.detach().slice(0, 0, n, every).contiguous();
        QCOMPARE(sample.numel(), static_cast<std::int64_t>(expected.size()));
        std::int64_t equal = 0;
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double difference = std::abs(sample.const_data_ptr<float>()[i] - expected[i]);
            worst = std::max(worst, difference);
            equal += difference < 1e-6;
        }
        qInfo("step %d: %lld of %zu weights equal, largest difference %.2e", step,
              static_cast<long long>(equal), expected.size(), worst);
        QVERIFY2(equal * 100 >= static_cast<std::int64_t>(expected.size()) * 99,
                 qPrintable(QString::number(step)));
    }
}

QTEST_APPLESS_MAIN(TestEightBit)
#include "tst_eightbit.moc"
