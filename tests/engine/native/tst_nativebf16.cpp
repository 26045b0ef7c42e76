#include "twins.h"

#include "engine/native/kernels.h"

#include <ATen/Parallel.h>
#include <QTest>

using namespace studio;
using namespace studio::test;

/// Products of bf16 values with fp32 sums: the kernels against double precision on rounded operands, the
/// encoder against the plain one.
class TestNativeBf16 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void productsRoundTheirOperands_data();
    void productsRoundTheirOperands();
    void notANumberStays();
    void encoderStaysClose_data();
    void encoderStaysClose();
    void threadsDoNotMatter();
};

namespace {

at::Tensor rounded(const at::Tensor& x)
{
    return x.to(at::kBFloat16).to(at::kDouble);
}

float* data(const at::Tensor& x)
{
    return x.mutable_data_ptr<float>();
}

} // namespace

void TestNativeBf16::productsRoundTheirOperands_data()
{
    QTest::addColumn<int>("table");
    const Kernels* tables[8];
    const int count = availableKernels(tables, 8);
    for (int i = 0; i < count; ++i)
        QTest::newRow(tables[i]->name) << i;
}

void TestNativeBf16::productsRoundTheirOperands()
{
    QFETCH(int, table);
    const Kernels* tables[8];
    availableKernels(tables, 8);
    const Kernels& k = *tables[table];
    at::manual_seed(3);
    const int rows = 53, in = 64, out = 96;
    const auto x = at::randn({rows, in}), w = at::randn({out, in}), bias = at::randn({out}),
               dy = at::randn({rows, out});
    auto packed = at::zeros({out * in / 2}),
         scratch = at::empty({k.productScratch(std::max(in, out)) + k.gradientScratch(96)});

    auto y = at::empty({rows, out});
    k.packTransposedBf16(data(w), in, 0, out / k.panelWidth, data(packed));
    Product p;
    p.m1 = rows;
    p.n = out;
    p.k = in;
    p.a = data(x);
    p.aStride = in;
    p.b = data(packed);
    p.c = data(y);
    p.cStride = out;
    p.bias = data(bias);
    p.bf16 = true;
    p.scratch = data(scratch);
    k.product(p);
    QVERIFY(relativeError(y, at::matmul(rounded(x), rounded(w).t()) + bias.to(at::kDouble)) < 1e-6);

    auto dx = at::empty({rows, in});
    k.packPlainBf16(data(w), in, out, out, 0, in / k.panelWidth, data(packed));
    p.n = in;
    p.k = out;
    p.a = data(dy);
    p.aStride = out;
    p.c = data(dx);
    p.cStride = in;
    p.bias = nullptr;
    k.product(p);
    QVERIFY(relativeError(dx, at::matmul(rounded(dy), rounded(w))) < 1e-6);

    // An odd number of tokens, and rows whose gain and shift come on the way.
    auto dw = at::zeros({out, in}), db = at::zeros({out});
    const auto gamma = at::randn({in}), beta = at::randn({in});
    WeightGradient g;
    g.n1 = out;
    g.k1 = in;
    g.tokens = rows;
    g.dy = data(dy);
    g.dyStride = out;
    g.x = data(x);
    g.xStride = in;
    g.gamma = data(gamma);
    g.beta = data(beta);
    g.dw = data(dw);
    g.dwStride = in;
    g.db = data(db);
    g.scratch = data(scratch);
    g.bf16 = true;
    k.weightGradient(g);
    // Fused and separate multiply-adds of the shift may fall on different sides of a rounding border.
    QVERIFY(relativeError(dw, at::matmul(rounded(dy).t(), rounded(x * gamma + beta))) < 1e-4);
    QVERIFY(relativeError(db, dy.to(at::kDouble).sum(0)) < 1e-6);
}

void TestNativeBf16::notANumberStays()
{
    const Kernels& k = kernels();
    auto x = at::zeros({1, 64}), w = at::ones({64, 64}), y = at::empty({1, 64}),
         packed = at::zeros({64 * 32});
    auto scratch = at::empty({k.productScratch(64)});
    x[0][5] = std::nanf("");
    k.packTransposedBf16(data(w), 64, 0, 64 / k.panelWidth, data(packed));
    Product p;
    p.m1 = 1;
    p.n = p.k = 64;
    p.a = data(x);
    p.aStride = p.cStride = 64;
    p.b = data(packed);
    p.c = data(y);
    p.bf16 = true;
    p.scratch = data(scratch);
    k.product(p);
    QVERIFY(y.isnan().all().item<bool>());
}

void TestNativeBf16::encoderStaysClose_data()
{
    QTest::addColumn<QString>("family");
    QTest::newRow("BERT") << "bert";
    QTest::newRow("MPNet") << "mpnet";
    QTest::newRow("ModernBERT") << "modernbert";
}

void TestNativeBf16::encoderStaysClose()
{
    QFETCH(QString, family);
    Twins twins(96, 3, 3, 192, family.toStdString());
    QVERIFY(setNativeBf16(*twins.native, true));
    QVERIFY(!setNativeBf16(*twins.torchNarrow, true));
    QVERIFY(std::string(twins.native->implementation()).find("bf16") != std::string::npos);
    const auto batch = batchOf(kLengths);
    const auto truth = twins.torchWide->forward(batch, {});
    const auto weights = weightsFor(truth);
    (truth * weights).sum().backward();
    const auto states = twins.native->forward(batch, {});
    (states * weights.to(at::kFloat)).sum().backward();
    // bf16 has 8 bits: the errors of its roundings are there, and no larger than they should be.
    const double off = relativeError(states.detach(), truth.detach());
    const double slope = relativeError(twins.narrow.flatGradients(), twins.wide.flatGradients());
    QVERIFY2(off > 1e-5 && off < 1e-2, qPrintable(QString::number(off)));
    QVERIFY2(slope > 1e-5 && slope < 2e-2, qPrintable(QString::number(slope)));

    // And back to fp32.
    QVERIFY(setNativeBf16(*twins.native, false));
    const at::NoGradGuard noGrad;
    QVERIFY(relativeError(twins.native->forward(batch, {}), truth.detach()) < 2e-6);
}

void TestNativeBf16::threadsDoNotMatter()
{
    const int before = at::get_num_threads();
    std::vector<at::Tensor> gradients;
    for (const int threads : {1, 3}) {
        at::set_num_threads(threads);
        Twins twins(96, 3, 2, 192);
        setNativeBf16(*twins.native, true);
        const auto out = twins.native->forward(batchOf(kLengths), {});
        (out * weightsFor(out).to(at::kFloat)).sum().backward();
        gradients.push_back(twins.narrow.flatGradients().clone());
    }
    at::set_num_threads(before);
    QVERIFY(at::equal(gradients[0], gradients[1]));
}

QTEST_GUILESS_MAIN(TestNativeBf16)
#include "tst_nativebf16.moc"
