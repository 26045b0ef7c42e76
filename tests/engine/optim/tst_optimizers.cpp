#include "engine/model/touchedrows.h"
#include "engine/optim/gradscaler.h"
#include "engine/optim/optimizer.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace studio;

namespace {

using Json = nlohmann::json;

Json vectors()
{
    static const Json file = Json::parse(test::readFile(test::fixture("optim/optimizer_vectors.json")));
    return file["vectors"];
}

at::Tensor leaf(at::Tensor value)
{
    return value.clone().requires_grad_(true);
}

void setGradient(const at::Tensor& parameter, const at::Tensor& gradient)
{
    parameter.mutable_grad() = gradient.clone();
}

/// The problem of the spec's vectors: a 3x4 weight with decay and a bias of 4 without.
struct SpecProblem
{
    at::Tensor w, b;
    std::unique_ptr<Optimizer> optimizer;
    std::string error;

    explicit SpecProblem(OptimizerSettings settings)
    {
        w = leaf(at::arange(12, at::kDouble).div(10).sub(0.55).view({3, 4}));
        b = leaf(at::tensor(std::vector<double>{0.1, -0.2, 0.3, -0.4}));
        settings.learningRate = 0.01;
        settings.targetModules = {"layer"};
        std::vector<ParamGroup> groups{{{{"layer.weight", w}}, 0.01, 0.1}, {{{"layer.bias", b}}, 0.01, 0.0}};
        auto made = makeOptimizer(settings, std::move(groups));
        if (made)
            optimizer = std::move(*made);
        else
            error = made.error().message;
    }

    void step(int t)
    {
        auto i = at::arange(12, at::kDouble);
        setGradient(w, (0.05 * (i + 1).square() + 0.7 * t * (i.remainder(5) + 1)).sin().view({3, 4}));
        setGradient(b, (0.3 * (at::arange(4, at::kDouble) + 1) + 0.5 * t).cos());
        optimizer->step(optimizer->baseRates());
    }
};

double distance(const at::Tensor& value, const Json& expected)
{
    auto flat = at::tensor(expected.get<std::vector<double>>(), at::kDouble);
    return (value.detach().to(at::kDouble).reshape(-1) - flat).abs().max().item<double>();
}

} // namespace

class TestOptimizers : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void specVectors_data();
    void specVectors();
    void publishedRuns_data();
    void publishedRuns();
    void clipping();
    void groups();
    void learningRateMapping();
    void weightsWithoutGradientStay();
    void floatKernelAgreesWithDouble();
    void stateContinuesExactly_data();
    void stateContinuesExactly();
    void wrongStateIsRefused();
    void optimArgs();
    void refusedNamesOfferTheNearest();
    void everyNameIsMadeOrRefused();
    void lossScale();
    void tablesWithCountedRows_data();
    void tablesWithCountedRows();
};

void TestOptimizers::tablesWithCountedRows_data()
{
    QTest::addColumn<double>("decay");
    QTest::newRow("without decay") << 0.0;
    QTest::newRow("with decay") << 0.1;
}

void TestOptimizers::tablesWithCountedRows()
{
    // A table whose rows with a gradient are known takes the same steps, bit for bit, as one that is walked whole.
    QFETCH(double, decay);
    at::manual_seed(4);
    const auto start = at::randn({50, 16});
    struct Side
    {
        at::Tensor table;
        std::shared_ptr<TouchedRows> rows;
        std::unique_ptr<Optimizer> optimizer;
    };
    const auto make = [&](bool counted) {
        Side side{leaf(start), counted ? std::make_shared<TouchedRows>() : nullptr, nullptr};
        side.table.mutable_grad() = at::zeros({50, 16});
        if (counted) {
            side.rows->marked.assign(50, 0);
            side.rows->reset(side.table.grad());
        }
        OptimizerSettings settings;
        auto made = makeOptimizer(settings, {{{{"table.weight", side.table, true, side.rows}}, 0.01, decay}, {{}, 0.01, 0.0}});
        side.optimizer = std::move(*made);
        return side;
    };
    auto counted = make(true), plain = make(false);
    for (int step = 0; step < 12; ++step) {
        for (Side* side : {&counted, &plain}) {
            at::manual_seed(100 + step);
            // Written past torch, as the native encoder does.
            float* gradient = side->table.grad().mutable_data_ptr<float>();
            std::fill_n(gradient, 50 * 16, 0.0f);
            for (int k = 0; k < 4; ++k) {
                const auto row = (step * 7 + k * 11) % 30;
                const auto values = at::randn({16});
                std::copy_n(values.const_data_ptr<float>(), 16, gradient + row * 16);
                if (side->rows) side->rows->mark(row);
            }
            QVERIFY(!side->rows || step == 7 || touchedRowsOf(side->optimizer->groups()[0].parameters[0]));
            // Once somebody else adds to the gradient, so that nothing is known about its rows.
            if (step == 7) {
                const at::NoGradGuard noGrad;
                side->table.mutable_grad()[41].add_(1.0);
            }
            const auto norm = side->table.grad().to(at::kDouble).norm().item<double>();
            QVERIFY(std::abs(gradNorm(side->optimizer->groups()) - norm) < 1e-6 * norm);
            side->optimizer->step(side->optimizer->baseRates(), 0.5);
            if (side->rows) side->rows->reset(side->table.grad());
        }
        QVERIFY(at::equal(counted.table.detach(), plain.table.detach()));
        if (step == 5) {
            // From a checkpoint on the moments tell which rows are alive.
            auto again = make(true);
            again.table.detach().copy_(counted.table.detach());
            QVERIFY(again.optimizer->load(counted.optimizer->state()).ok());
            counted = std::move(again);
        }
    }
}

void TestOptimizers::specVectors_data()
{
    QTest::addColumn<QString>("key");
    const Json results = vectors()["results"];
    for (const auto& [key, value] : results.items())
        QTest::newRow(key.c_str()) << QString::fromStdString(key);
}

void TestOptimizers::specVectors()
{
    QFETCH(QString, key);
    const std::string text = key.toStdString();
    OptimizerSettings settings;
    settings.name = text.substr(0, text.find(':'));
    if (text.find(':') != std::string::npos) settings.args = text.substr(text.find(':') + 1);
    if (settings.args.rfind("warmup_steps=", 0) == 0) {
        settings.warmupSteps = std::stoi(settings.args.substr(13));
        settings.args.clear();
    }
    const bool projected = settings.name.rfind("galore", 0) == 0 || settings.name.rfind("apollo", 0) == 0;
    const double tolerance = projected ? 1e-5 : 1e-9;
    SpecProblem problem(settings);
    QVERIFY2(problem.optimizer, problem.error.c_str());
    const Json expected = vectors()["results"][text];
    for (int t = 1; t <= 5; ++t) {
        problem.step(t);
        const std::string after = "after_" + std::to_string(t);
        if (!expected.contains(after)) continue;
        const double w = distance(problem.w, expected[after]["W"]);
        const double b = distance(problem.b, expected[after]["b"]);
        QVERIFY2(w <= tolerance && b <= tolerance,
                 qPrintable(QString("step %1: W off by %2, b by %3").arg(t).arg(w).arg(b)));
    }
    if (expected.contains("eval_mode")) {
        const at::Tensor training = problem.w.detach().clone();
        problem.optimizer->evalMode();
        QVERIFY(distance(problem.w, expected["eval_mode"]["W"]) <= tolerance);
        QVERIFY(distance(problem.b, expected["eval_mode"]["b"]) <= tolerance);
        problem.optimizer->trainMode();
        QVERIFY((problem.w.detach() - training).abs().max().item<double>() < 1e-14);
    }
}

void TestOptimizers::publishedRuns_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("name");
    QTest::addColumn<double>("rate");
    QTest::addColumn<double>("decay");
    QTest::newRow("adamw 0.01") << "AdamW(lr=0.01,weight_decay=0.01)"
                                << "adamw_torch" << 0.01 << 0.01;
    QTest::newRow("adamw 0.1") << "AdamW(lr=0.1,weight_decay=0)"
                               << "adamw_torch" << 0.1 << 0.0;
}

void TestOptimizers::publishedRuns()
{
    QFETCH(QString, key);
    QFETCH(QString, name);
    QFETCH(double, rate);
    QFETCH(double, decay);
    const Json file = Json::parse(test::readFile(test::fixture("optim/optimizers.json")));
    const Json& problem = file["problem"];
    auto input = at::tensor(std::vector<double>{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}).view({3, 2});
    std::vector<NamedTensor> parameters;
    for (const char* parameter : {"0.weight", "0.bias", "2.weight", "2.bias"}) {
        auto value = at::tensor(problem["init"][parameter].get<std::vector<double>>());
        if (std::string(parameter) == "0.weight") value = value.view({3, 2});
        if (std::string(parameter) == "2.weight") value = value.view({1, 3});
        parameters.push_back({parameter, leaf(value)});
    }
    OptimizerSettings settings;
    settings.name = name.toStdString();
    auto optimizer = makeOptimizer(settings, {{parameters, rate, decay}});
    QVERIFY(optimizer);
    const Json& expected = file["computed"][key.toStdString()];
    for (int t = 0; t <= 1000; ++t) {
        for (NamedTensor& p : parameters)
            p.value.mutable_grad() = at::Tensor();
        auto hidden = at::linear(input, parameters[0].value, parameters[1].value).sigmoid();
        at::linear(hidden, parameters[2].value, parameters[3].value).sigmoid().sum().backward();
        (*optimizer)->step((*optimizer)->baseRates());
        if (t % 100 != 0) continue;
        for (std::size_t i = 0; i < parameters.size(); ++i)
            QVERIFY2(distance(parameters[i].value, expected[t / 100][i]) < 1e-8,
                     qPrintable(QString::number(t)));
    }
}

void TestOptimizers::clipping()
{
    SpecProblem problem({});
    auto i = at::arange(12, at::kDouble);
    setGradient(problem.w, (0.05 * (i + 1).square() + 0.7 * (i.remainder(5) + 1)).sin().view({3, 4}));
    setGradient(problem.b, (0.3 * (at::arange(4, at::kDouble) + 1) + 0.5).cos());
    const Json expected = vectors()["clip_grad_norm"];
    const double norm = gradNorm(problem.optimizer->groups());
    QVERIFY(std::abs(norm - expected["total_norm"].get<double>()) < 1e-10);
    const double factor = clipCoefficient(norm, expected["max_norm"].get<double>());
    QVERIFY(distance(problem.w.grad() * factor, expected["W"]) < 1e-10);
    QVERIFY(distance(problem.b.grad() * factor, expected["b"]) < 1e-10);
    QCOMPARE(clipCoefficient(0.5, 1.0), 1.0);
    QCOMPARE(clipCoefficient(5, 0), 1.0);
}

void TestOptimizers::groups()
{
    QVERIFY(decays("model.0.auto_model.embeddings.word_embeddings.weight"));
    QVERIFY(!decays("model.0.auto_model.embeddings.LayerNorm.weight"));
    QVERIFY(!decays("model.0.auto_model.encoder.layer.0.output.dense.bias"));
    QVERIFY(!decays("layers.1.attn_norm.weight"));
    QVERIFY(!decays("final_norm.weight"));
    QVERIFY(!decays("embeddings.norm.weight"));
    QVERIFY(decays("normal.weight"));
    QVERIFY(decays("denormer.weight"));
    auto t = leaf(at::zeros({1}));
    auto made = makeParamGroups({{"a.weight", t}, {"a.bias", t}, {"LayerNorm.weight", t}, {"b.weight", t}},
                                {0.1, 0.01, {}});
    QVERIFY(made);
    QCOMPARE(made->size(), std::size_t(2));
    QCOMPARE((*made)[0].parameters.size(), std::size_t(2));
    QCOMPARE((*made)[0].parameters[1].name, std::string("b.weight"));
    QCOMPARE((*made)[0].weightDecay, 0.01);
    QCOMPARE((*made)[1].weightDecay, 0.0);
}

void TestOptimizers::learningRateMapping()
{
    auto t = leaf(at::zeros({1}));
    const std::vector<NamedTensor> parameters{{"0.model.embeddings.weight", t},
                                              {"0.model.layer.0.weight", t},
                                              {"0.model.layer.0.bias", t},
                                              {"0.model.layer.1.weight", t}};
    auto made = makeParamGroups(parameters,
                                {0.1, 0.01, {{R"(layer\.0)", 0.2}, {R"(embeddings|layer\.0\.bias)", 0.3}}});
    QVERIFY(made);
    QCOMPARE(made->size(),
             std::size_t(6)); // two empty-or-left, layer.0 with and without decay, then the second pattern's
    QCOMPARE((*made)[0].parameters.size(), std::size_t(1));
    QCOMPARE((*made)[2].learningRate, 0.2);
    QCOMPARE((*made)[2].parameters[0].name, std::string("0.model.layer.0.weight"));
    QVERIFY((*made)[3].parameters.empty()); // its bias went to the later pattern
    QCOMPARE((*made)[4].parameters[0].name, std::string("0.model.embeddings.weight"));
    QCOMPARE((*made)[5].parameters[0].name, std::string("0.model.layer.0.bias"));
    QVERIFY(!makeParamGroups(parameters, {0.1, 0, {{"pooler", 1}}}));
    QVERIFY(!makeParamGroups(parameters, {0.1, 0, {{"layer(", 1}}}));
    QVERIFY(makeParamGroups(parameters, {0.1, 0, {{R"((?<=layer\.)1)", 1}}})); // lookbehind
    QVERIFY(makeParamGroups(parameters, {0.1, 0, {{R"((?P<part>embeddings))", 1}}}));
}

void TestOptimizers::weightsWithoutGradientStay()
{
    auto moved = leaf(at::ones({3}));
    auto pooler = leaf(at::ones({3}));
    auto unused = leaf(at::ones({3}));
    setGradient(moved, at::ones({3}));
    setGradient(pooler, at::zeros({3}));
    NamedTensor untrained{"pooler.dense.weight", pooler};
    untrained.trained = false;
    OptimizerSettings settings;
    auto optimizer = makeOptimizer(settings, {{{{"moved", moved}, untrained, {"unused", unused}}, 0.1, 0.5}});
    QVERIFY(optimizer);
    (*optimizer)->step({0.1});
    QVERIFY(moved[0].item<double>() < 0.95);
    QCOMPARE(pooler[0].item<double>(), 1.0);
    QCOMPARE(unused[0].item<double>(), 1.0);
    QCOMPARE((*optimizer)->state().size(), std::size_t(3));
}

void TestOptimizers::floatKernelAgreesWithDouble()
{
    auto start = at::arange(200001, at::kDouble).mul(0.37).sin();
    auto single = leaf(start.to(at::kFloat));
    auto twice = leaf(start);
    auto a = makeOptimizer({}, {{{{"w", single}}, 0.01, 0.1}});
    auto b = makeOptimizer({}, {{{{"w", twice}}, 0.01, 0.1}});
    for (int t = 1; t <= 20; ++t) {
        auto gradient = (start * t).cos() * 0.01;
        setGradient(single, gradient.to(at::kFloat));
        setGradient(twice, gradient);
        (*a)->step({0.01}, 0.5);
        (*b)->step({0.01}, 0.5);
    }
    QVERIFY((single.detach().to(at::kDouble) - twice.detach()).abs().max().item<double>() < 2e-6);
}

void TestOptimizers::stateContinuesExactly_data()
{
    QTest::addColumn<QString>("name");
    const Json file = Json::parse(test::readFile(test::fixture("optim/optimizer_vectors.json")));
    for (const auto& name : file["names"]) {
        SpecProblem problem([&] {
            OptimizerSettings s;
            s.name = name.get<std::string>();
            return s;
        }());
        if (problem.optimizer) QTest::newRow(name.get<std::string>().c_str()) << QString::fromStdString(name);
    }
}

void TestOptimizers::stateContinuesExactly()
{
    QFETCH(QString, name);
    OptimizerSettings settings;
    settings.name = name.toStdString();
    if (settings.name.find("galore") == 0 || settings.name.find("apollo") == 0)
        settings.args = "rank=2,update_proj_gap=2";
    SpecProblem whole(settings);
    SpecProblem resumed(settings);
    for (int t = 1; t <= 3; ++t)
        whole.step(t);
    {
        at::NoGradGuard guard;
        resumed.w.copy_(whole.w);
        resumed.b.copy_(whole.b);
    }
    std::vector<NamedTensor> saved;
    for (const NamedTensor& tensor : whole.optimizer->state())
        saved.push_back({tensor.name, tensor.value.clone()});
    const Status loaded = resumed.optimizer->load(saved);
    QVERIFY2(loaded, loaded ? "" : loaded.error().message.c_str());
    for (int t = 4; t <= 7; ++t) {
        whole.step(t);
        resumed.step(t);
    }
    QVERIFY(at::equal(whole.w, resumed.w));
    QVERIFY(at::equal(whole.b, resumed.b));
}

void TestOptimizers::wrongStateIsRefused()
{
    SpecProblem problem({});
    problem.step(1);
    auto state = problem.optimizer->state();
    state[1].value = at::zeros({2});
    QVERIFY(!problem.optimizer->load(state));
    OptimizerSettings other;
    other.name = "sgd";
    SpecProblem plain(other);
    QVERIFY(!plain.optimizer->load(problem.optimizer->state()));
}

void TestOptimizers::optimArgs()
{
    auto pairs = parseOptimArgs("rank = 64, scale=0.5");
    QVERIFY(pairs);
    QCOMPARE(pairs->size(), std::size_t(2));
    QCOMPARE((*pairs)[1].second, std::string("0.5"));
    QVERIFY(!parseOptimArgs("rank"));
    QVERIFY(!parseOptimArgs("a==1"));
    OptimizerSettings settings;
    settings.args = "beta1";
    QVERIFY(!makeOptimizer(settings, {}));
}

void TestOptimizers::refusedNamesOfferTheNearest()
{
    const std::pair<const char*, const char*> cases[] = {{"adamw_apex_fused", "adamw_torch_fused"},
                                                         {"adamw_torch_xla", "adamw_torch"},
                                                         {"adamw_torch_4bit", "adamw_torch_8bit"},
                                                         {"adamw_hf", "adamw_torch"}};
    for (const auto& [name, nearest] : cases) {
        OptimizerSettings settings;
        settings.name = name;
        auto made = makeOptimizer(settings, {});
        QVERIFY(!made);
        QVERIFY2(made.error().message.find(std::string("nearest is ") + nearest) != std::string::npos, name);
    }
    OptimizerSettings unknown;
    unknown.name = "adam";
    auto made = makeOptimizer(unknown, {});
    QVERIFY(!made);
    QVERIFY(made.error().message.find("adamw_torch") != std::string::npos);
}

void TestOptimizers::everyNameIsMadeOrRefused()
{
    const Json file = Json::parse(test::readFile(test::fixture("optim/optimizer_vectors.json")));
    QCOMPARE(file["names"].size(), std::size_t(41));
    int refused = 0;
    for (const auto& name : file["names"]) {
        OptimizerSettings settings;
        settings.name = name.get<std::string>();
        SpecProblem problem(settings);
        if (problem.optimizer) continue;
        ++refused;
        QVERIFY2(problem.error.find("nearest") != std::string::npos, settings.name.c_str());
    }
    QCOMPARE(refused, 4); // apex, XLA, NPU, 4 bit
    OptimizerSettings galore;
    galore.name = "galore_adamw";
    QVERIFY(!makeOptimizer(galore, {})); // needs optim_target_modules
    OptimizerSettings paged;
    paged.name = "paged_lion_8bit";
    SpecProblem problem(paged);
    QVERIFY(problem.optimizer);
    QCOMPARE(problem.optimizer->notices().size(), std::size_t(2));
}

void TestOptimizers::lossScale()
{
    const at::Tensor w = leaf(at::ones({3}));
    const std::vector<ParamGroup> groups{{{{"w", w}}, 0.1, 0.0}};
    GradScaler scaler;
    QCOMPARE(scaler.scale(), 65536.0);
    setGradient(w, at::full({3}, INFINITY));
    QVERIFY(!scaler.prepare(groups));
    QCOMPARE(scaler.scale(), 32768.0);
    QCOMPARE(scaler.skipped(), std::int64_t(1));
    setGradient(w, at::ones({3}));
    for (int i = 0; i < 1999; ++i)
        QVERIFY(scaler.prepare(groups));
    GradScaler resumed;
    QVERIFY(resumed.load(scaler.state()));
    QVERIFY(resumed.prepare(groups));
    QCOMPARE(resumed.inverseScale(), 1.0 / 32768); // this update's gradients were made with the old factor
    QCOMPARE(resumed.scale(), 65536.0);
    QVERIFY(!resumed.load({}));
}

QTEST_APPLESS_MAIN(TestOptimizers)
#include "tst_optimizers.moc"
