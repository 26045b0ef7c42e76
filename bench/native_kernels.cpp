// bench_native_kernels: GFLOP/s (or GB/s) of each kernel of the native encoder alone, one thread, best of
// many, at the shapes of MiniLM and of base models. bench_native_kernels [ISA by SENTENCE_STUDIO_ISA].

#include "engine/native/kernels.h"

#include "peak.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace studio;

namespace {

double seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Job>
double best(double work, const Job& job)
{
    double least = 1e9;
    const int rounds = static_cast<int>(std::clamp(1e10 / work, 4.0, 60.0));
    for (int i = 0; i < rounds; ++i) {
        const double start = seconds();
        job();
        least = std::min(least, seconds() - start);
    }
    return work / least / 1e9;
}

std::vector<float> filled(std::size_t count, float value)
{
    std::vector<float> v(count + 64);
    for (std::size_t i = 0; i < v.size(); ++i)
        v[i] = value * (static_cast<float>(i % 7) - 3.0f);
    return v;
}

} // namespace

int main()
{
    const Kernels& k = kernels();
    std::printf("%s, one thread; fused multiply-add peak %.0f GFLOP/s\n", k.name, bench::fmaPeak(1));
    for (const int rows : {48, 96, 768})
        for (const auto& [in, out] :
             {std::pair{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}, {768, 3072}, {3072, 768}}) {
            const auto size = [](int a, int b) {
                return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
            };
            auto x = filled(size(rows, in), 0.01f), w = filled(size(out, in), 0.02f),
                 y = filled(size(rows, out), 0.01f);
            auto packed = filled(size(out, in), 0), other = y,
                 bias = filled(static_cast<std::size_t>(out), 0.1f);
            const double flops = 2.0 * rows * in * out;
            k.packTransposed(w.data(), in, 0, out / k.panelWidth, packed.data());
            Product p;
            p.m1 = rows;
            p.n = out;
            p.k = in;
            p.a = x.data();
            p.aStride = in;
            p.b = packed.data();
            p.c = y.data();
            p.cStride = out;
            p.other = other.data();
            p.bias = bias.data();
            const double store = best(flops, [&] { k.product(p); });
            p.epilogue = Epilogue::Gelu;
            const double gelu = best(flops, [&] { k.product(p); });
            p.epilogue = Epilogue::TimesGeluSlope;
            auto active = other;
            p.active = active.data();
            const double slope = best(flops, [&] { k.product(p); });
            Product b = p; // dx = dy W
            auto back = filled(size(out, in), 0);
            k.packPlain(w.data(), in, out, out, 0, in / k.panelWidth, back.data());
            b.epilogue = Epilogue::Store;
            b.n = in;
            b.k = out;
            b.a = y.data();
            b.aStride = out;
            b.b = back.data();
            b.bias = nullptr;
            b.c = x.data();
            b.cStride = in;
            const double backward = best(flops, [&] { k.product(b); });
            std::vector<float> dw(size(out, in)), db(static_cast<std::size_t>(out)),
                scratch(static_cast<std::size_t>(k.gradientScratch(96)));
            const double gradient = best(flops, [&] {
                for (int n = 0; n < out; n += 96) {
                    WeightGradient g;
                    g.n0 = n;
                    g.n1 = n + 96;
                    g.k1 = in;
                    g.tokens = rows;
                    g.dy = y.data();
                    g.dyStride = out;
                    g.x = x.data();
                    g.xStride = in;
                    g.dw = dw.data();
                    g.dwStride = in;
                    g.db = db.data();
                    g.scratch = scratch.data();
                    k.weightGradient(g);
                }
            });
            // The same forward product in bf16.
            auto packedBf16 = filled(size(out, in) / 2, 0),
                 rowScratch = filled(static_cast<std::size_t>(k.productScratch(in)), 0);
            k.packTransposedBf16(w.data(), in, 0, out / k.panelWidth, packedBf16.data());
            Product c = p;
            c.epilogue = Epilogue::Store;
            c.b = packedBf16.data();
            c.bf16 = true;
            c.scratch = rowScratch.data();
            const double half = best(flops, [&] { k.product(c); });
            std::printf("rows %4d in %4d out %4d: forward %5.1f  with GELU %5.1f  times slope %5.1f  "
                        "backward %5.1f  weights %5.1f  forward in bf16 %5.1f\n",
                        rows, in, out, store, gelu, slope, backward, gradient, half);
        }
    for (const int d : {32, 64})
        for (const int length : {15, 32, 128, 256}) {
            const int h = 6 * 64;
            const auto rows = static_cast<std::size_t>(length);
            auto qkv = filled(rows * 3 * h, 0.1f), dqkv = qkv, context = filled(rows * h, 0.1f),
                 dContext = context;
            std::vector<float> sums(rows), scratch(static_cast<std::size_t>(k.attentionScratch(length, d)));
            Attention a;
            a.length = length;
            a.headSize = d;
            a.h = h;
            a.scale = 0.17f;
            a.qkv = qkv.data();
            a.stride = 3 * h;
            a.context = context.data();
            a.contextStride = h;
            a.logSum = sums.data();
            a.dContext = dContext.data();
            a.dQkv = dqkv.data();
            a.scratch = scratch.data();
            const double flops = 4.0 * length * length * d;
            double result[4];
            for (const bool dropout : {false, true}) {
                if (dropout) a.dropout = {1u, 77u, 0x19999999u, 1.0f / 0.9f};
                const int repeat = 8;
                result[2 * dropout] = best(flops * repeat, [&] {
                    for (int i = 0; i < repeat; ++i)
                        k.attentionForward(a);
                });
                result[2 * dropout + 1] = best(2.5 * flops * repeat, [&] {
                    for (int i = 0; i < repeat; ++i)
                        k.attentionBackward(a);
                });
            }
            std::printf("attention d %d length %3d: forward %5.1f backward %5.1f, with dropout %5.1f %5.1f\n",
                        d, length, result[0], result[1], result[2], result[3]);
        }
    const int h = 384, rows = 96;
    auto x = filled(rows * h, 0.3f), residual = x, y = x, gamma = filled(h, 1.0f), rstd = filled(rows, 1.0f),
         grads = filled(2 * h, 0.0f);
    NormForward f;
    f.rows = rows;
    f.h = h;
    f.x = x.data();
    f.residual = residual.data();
    f.gamma = gamma.data();
    f.beta = gamma.data();
    f.y = y.data();
    f.rstd = rstd.data();
    NormBackward b;
    b.rows = rows;
    b.h = h;
    b.dy = y.data();
    b.normalised = residual.data();
    b.rstd = rstd.data();
    b.gamma = gamma.data();
    b.dResidual = x.data();
    b.dBranch = y.data();
    b.dgamma = grads.data();
    b.dbeta = grads.data() + h;
    const double elements = static_cast<double>(rows) * h;
    for (const bool dropout : {false, true}) {
        if (dropout) f.dropout = b.dropout = {1u, 77u, 0x19999999u, 1.0f / 0.9f};
        const double forward = best(elements, [&] { k.normForward(f); }),
                     backward = best(elements, [&] { k.normBackward(b); });
        std::printf("norm%s: forward %.2f backward %.2f elements a ns; ", dropout ? " with dropout" : "",
                    forward, backward);
    }
    std::printf("\n");
}
