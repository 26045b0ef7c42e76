#include "engine/model/packedpass.h"

#include <ATen/ATen.h>
#include <QTest>

using namespace studio;

namespace {

struct Shape
{
    std::int64_t heads, keyHeads, headSize;
};

struct Case
{
    const char* name;
    Shape shape;
    bool causal;
    std::int64_t window;
};

PackedBatch packOfLengths(const std::vector<int>& lengths)
{
    PackedBatch batch;
    for (std::size_t row = 0; row < lengths.size(); ++row)
        batch.append(std::vector<std::int32_t>(static_cast<std::size_t>(lengths[row]), 1), 0, static_cast<int>(row));
    return batch;
}

/// Largest difference, of values and of the gradients of all three inputs, between two ways to compute attention.
double difference(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& first,
                  const std::function<at::Tensor(const std::vector<at::Tensor>&)>& second,
                  const std::vector<at::Tensor>& inputs, const at::Tensor& weight)
{
    std::vector<std::vector<at::Tensor>> results;
    for (const auto& attention : {first, second}) {
        std::vector<at::Tensor> leaves;
        for (const auto& input : inputs)
            leaves.push_back(input.clone().requires_grad_(true));
        const auto mixed = attention(leaves);
        (mixed * weight).sum().backward();
        results.push_back({mixed.detach()});
        for (const auto& leaf : leaves)
            results.back().push_back(leaf.grad());
    }
    double largest = 0;
    for (std::size_t i = 0; i < results[0].size(); ++i)
        largest = std::max(largest, (results[0][i] - results[1][i]).abs().max().item<double>());
    return largest;
}

} // namespace

/// Attention over the packed layout that GPU kernels read, emulated on the CPU, against attention in groups of equal
/// length, which is what the CPU runs.
class TestVarlenAttention : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void equalsGroups_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < 5; ++i)
            QTest::newRow(kCases[i].name) << i;
    }

    void equalsGroups()
    {
        QFETCH(int, index);
        const auto& one = kCases[index];
        at::manual_seed(7);
        const auto batch = packOfLengths({9, 7, 7, 3, 1}); // longest first, the pass's own order
        const ForwardContext context;
        PackedPass pass(batch, context, at::kCPU);
        const auto options = at::TensorOptions().dtype(at::kDouble);
        const auto tokens = batch.tokens();
        const auto& shape = one.shape;
        const std::vector<at::Tensor> inputs{at::randn({tokens, shape.heads * shape.headSize}, options),
                                             at::randn({tokens, shape.keyHeads * shape.headSize}, options),
                                             at::randn({tokens, shape.keyHeads * shape.headSize}, options)};
        AttentionOptions plain;
        plain.heads = shape.heads;
        plain.keyHeads = shape.keyHeads;
        plain.causal = one.causal;
        plain.window = one.window;
        VarlenOptions varlen{shape.heads, shape.keyHeads, 1 / std::sqrt(double(shape.headSize)), one.causal, one.window, 0};
        const VarlenLayout layout{at::tensor(batch.offsets, at::kInt), 9};
        const auto worst = difference(
            [&](const std::vector<at::Tensor>& x) { return pass.attention(x[0], x[1], x[2], plain); },
            [&](const std::vector<at::Tensor>& x) {
                return varlenAttention(VarlenKernel::Emulation, x[0], x[1], x[2], layout, varlen);
            },
            inputs, at::randn({tokens, shape.heads * shape.headSize}, options));
        QVERIFY2(worst < 1e-12, qPrintable(QString::number(worst)));
    }

    /// The way of a GPU for biases and other cases without a kernel for variable lengths.
    void paddedEqualsGroups_data() { equalsGroups_data(); }

    void paddedEqualsGroups()
    {
        QFETCH(int, index);
        const auto& one = kCases[index];
        at::manual_seed(8);
        const auto batch = packOfLengths({9, 7, 7, 3, 1});
        const ForwardContext context;
        ForwardContext padding;
        padding.padAttention = true;
        PackedPass grouped(batch, context, at::kCPU), padded(batch, padding, at::kCPU);
        const auto options = at::TensorOptions().dtype(at::kDouble);
        const auto tokens = batch.tokens();
        const auto& shape = one.shape;
        const std::vector<at::Tensor> inputs{at::randn({tokens, shape.heads * shape.headSize}, options),
                                             at::randn({tokens, shape.keyHeads * shape.headSize}, options),
                                             at::randn({tokens, shape.keyHeads * shape.headSize}, options)};
        const auto byDistance = at::randn({shape.heads, 17}, options);
        AttentionOptions attention;
        attention.heads = shape.heads;
        attention.keyHeads = shape.keyHeads;
        attention.causal = one.causal;
        attention.window = one.window;
        attention.bias = [&](std::int64_t length) {
            const auto at = at::arange(length, at::kLong);
            return byDistance.index_select(1, (at.unsqueeze(1) - at.unsqueeze(0) + 8).view(-1))
                .view({shape.heads, length, length});
        };
        const auto worst = difference(
            [&](const std::vector<at::Tensor>& x) { return grouped.attention(x[0], x[1], x[2], attention); },
            [&](const std::vector<at::Tensor>& x) { return padded.attention(x[0], x[1], x[2], attention); }, inputs,
            at::randn({tokens, shape.heads * shape.headSize}, options));
        QVERIFY2(worst < 1e-12, qPrintable(QString::number(worst)));
    }

    void kernelIsChosenByPrecisionAndShape()
    {
        const at::Device gpu(at::kCUDA, 0), cpu(at::kCPU);
        QCOMPARE(int(varlenKernelFor(cpu, at::kBFloat16, 64, false, false)), int(VarlenKernel::None));
        QCOMPARE(int(varlenKernelFor(gpu, at::kBFloat16, 32, false, false)), int(VarlenKernel::Flash));
        QCOMPARE(int(varlenKernelFor(gpu, at::kHalf, 64, false, true)), int(VarlenKernel::Flash));
        QCOMPARE(int(varlenKernelFor(gpu, at::kFloat, 64, false, false)), int(VarlenKernel::Efficient));
        QCOMPARE(int(varlenKernelFor(gpu, at::kFloat, 64, false, true)), int(VarlenKernel::None));
        QCOMPARE(int(varlenKernelFor(gpu, at::kFloat, 64, true, false)), int(VarlenKernel::None));
        QCOMPARE(int(varlenKernelFor(gpu, at::kBFloat16, 20, false, false)), int(VarlenKernel::None));
        QCOMPARE(int(varlenKernelFor(gpu, at::kBFloat16, 512, false, false)), int(VarlenKernel::Efficient));
    }

private:
    static constexpr Case kCases[] = {{"plain", {4, 4, 8}, false, 0},
                                      {"grouped keys", {4, 2, 8}, false, 0},
                                      {"causal", {2, 2, 16}, true, 0},
                                      {"window", {2, 2, 16}, false, 2},
                                      {"causal window", {4, 1, 8}, true, 3}};
};

QTEST_GUILESS_MAIN(TestVarlenAttention)
#include "tst_varlenattention.moc"
