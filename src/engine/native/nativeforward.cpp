#include "engine/native/nativepass.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

namespace studio {
namespace {

std::uint64_t mix(std::uint64_t x) // SplitMix64's finaliser
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

std::size_t bytesOf(std::int64_t floats)
{
    return sizeof(float) * static_cast<std::size_t>(floats);
}

void attention(const NativeState& s, const Activations& kept, const Slab& slab, int layer,
               const LayerBuffers& buffers, float* scratch)
{
    for (int sequence = slab.firstSequence; sequence < slab.lastSequence; ++sequence) {
        auto first = attentionOf(s, kept, layer, sequence, buffers, slab.firstToken);
        first.scratch = scratch;
        for (int head = 0; head < s.config.heads; ++head)
            s.kernels.attentionForward(headOf(s, kept, layer, sequence, first, head));
    }
}

NormForward normOf(const NativeState& s, std::int64_t gamma, std::int64_t beta, std::int64_t rows,
                   std::int64_t firstRow, float* x, float* y, float* rstd)
{
    NormForward norm;
    norm.rows = rows;
    norm.firstRow = firstRow;
    norm.h = s.config.hiddenSize;
    norm.x = x;
    norm.gamma = s.values + gamma;
    norm.beta = s.value(beta);
    norm.y = y;
    norm.rstd = rstd;
    norm.eps = static_cast<float>(s.config.layerNormEps);
    return norm;
}

} // namespace

DropoutStream dropoutStream(double p, const ForwardContext& context, int layer, DropoutSite site,
                            std::uint32_t part)
{
    if (!context.training || p <= 0) return {};
    auto hash = mix(context.seed + 0x9e3779b97f4a7c15ULL);
    hash = mix(hash + context.step);
    hash = mix(hash + context.chunk);
    hash = mix(hash + (static_cast<std::uint64_t>(layer) << 40) + (static_cast<std::uint64_t>(site) << 32) +
               part);
    DropoutStream stream;
    stream.offset = static_cast<std::uint32_t>(hash);
    stream.multiplier = static_cast<std::uint32_t>(hash >> 32) | 1u;
    stream.threshold = static_cast<std::uint32_t>(std::min(p * 4294967296.0, 4294967295.0));
    stream.scale = static_cast<float>(1.0 / (1.0 - p));
    return stream;
}

Product productOf(const NativeState& s, float* scratch, const float* a, std::int64_t aStride,
                  const float* panels, float* c, std::int64_t cStride, int m, int n, int k)
{
    Product p;
    p.m1 = m;
    p.n = n;
    p.k = k;
    p.a = a;
    p.aStride = aStride;
    p.b = panels;
    p.c = c;
    p.cStride = cStride;
    p.bf16 = s.packed.bf16();
    p.scratch = scratch + s.generalScratch;
    return p;
}

Attention attentionOf(const NativeState& s, const Activations& kept, int layer, int sequence,
                      const LayerBuffers& buffers, std::int64_t firstToken)
{
    const std::int64_t h = s.config.hiddenSize, heads = s.config.heads;
    const std::int64_t row = kept.batch.offsets[static_cast<std::size_t>(sequence)] - firstToken;
    Attention a;
    a.length = static_cast<int>(kept.batch.length(sequence));
    a.headSize = static_cast<int>(h / heads);
    a.h = static_cast<int>(h);
    a.scale = 1.0f / std::sqrt(static_cast<float>(a.headSize));
    a.qkv = buffers.qkv + row * 3 * h;
    a.stride = 3 * h;
    a.context = buffers.context + row * h;
    a.contextStride = h;
    a.logSum = buffers.logSum + row * heads;
    if (s.at(layer).local) a.window = s.config.window;
    return a;
}

Attention headOf(const NativeState& s, const Activations& kept, int layer, int sequence,
                 const Attention& first, int head)
{
    Attention a = first;
    const std::int64_t shift = static_cast<std::int64_t>(head) * a.headSize;
    a.qkv += shift;
    a.context += shift;
    a.logSum += static_cast<std::int64_t>(head) * a.length;
    if (a.dContext) a.dContext += shift;
    if (a.dQkv) a.dQkv += shift;
    if (!kept.distanceBias.empty())
        a.distanceBias = kept.distanceBias.data() + head * kept.distanceStride + kept.distanceZero();
    a.dropout = dropoutStream(s.config.attentionDropout, kept.context, layer, DropoutSite::Probabilities,
                              static_cast<std::uint32_t>(sequence * s.config.heads + head));
    return a;
}

std::int64_t LayerSizes::floats(std::int64_t tokens) const
{
    return Arena::rounded(tokens * 3 * h) + 3 * Arena::rounded(tokens * h) + Arena::rounded(tokens * heads) +
           Arena::rounded(tokens * up) + 2 * Arena::rounded(tokens);
}

LayerBuffers LayerSizes::take(Arena& arena, std::int64_t tokens) const
{
    LayerBuffers b{};
    b.qkv = arena.take(tokens * 3 * h);
    b.context = arena.take(tokens * h);
    b.logSum = arena.take(tokens * heads);
    b.norm1 = arena.take(tokens * h);
    b.rstd1 = arena.take(tokens);
    b.u = arena.take(tokens * up);
    b.norm2 = arena.take(tokens * h);
    b.rstd2 = arena.take(tokens);
    return b;
}

LayerBuffers LayerSizes::from(const LayerBuffers& b, std::int64_t token) const
{
    return {b.qkv + token * 3 * h, b.context + token * h, b.logSum + token * heads, b.norm1 + token * h,
            b.rstd1 + token,       b.u + token * up,      b.norm2 + token * h,      b.rstd2 + token};
}

void Activations::reserve(const EncoderConfig& config, const NativeLayout& layout, bool keepLayers)
{
    const LayerSizes sizes(config, layout);
    const std::int64_t tokens = batch.tokens();
    layers.clear();
    finalNorm = finalRstd = nullptr;
    if (!keepLayers) return;
    const std::int64_t last = layout.preNorm ? Arena::rounded(tokens * sizes.h) + Arena::rounded(tokens) : 0;
    arena.reset(config.layers * sizes.floats(tokens) + last);
    for (int i = 0; i < config.layers; ++i)
        layers.push_back(sizes.take(arena, tokens));
    if (layout.preNorm) {
        finalNorm = arena.take(tokens * sizes.h);
        finalRstd = arena.take(tokens);
    }
}

std::int64_t scratchFloats(const EncoderConfig& config, const Kernels& kernels, int longestSequence)
{
    const std::int64_t attention =
        kernels.attentionScratch(longestSequence, config.hiddenSize / config.heads);
    const std::int64_t wide =
        static_cast<std::int64_t>(kBlockRows) * std::max(config.intermediateSize, config.hiddenSize);
    const std::int64_t gradient = kernels.gradientScratch(kBlockRows);
    return Arena::rounded(std::max({attention, wide, gradient}));
}

std::int64_t bf16ScratchFloats(const EncoderConfig& config, const NativeLayout& layout,
                               const Kernels& kernels)
{
    return Arena::rounded(kernels.productScratch(std::max(3 * config.hiddenSize, layout.upRows(config))));
}

void embedTokens(const NativeState& s, const Activations& kept, std::int64_t first, std::int64_t last,
                 float* norm, float* rstd, float* x)
{
    const std::int64_t h = s.config.hiddenSize;
    for (std::int64_t t = first; t < last; ++t) {
        const auto i = static_cast<std::size_t>(t);
        float* row = norm + (t - first) * h;
        std::memcpy(row, s.values + s.layout.word + kept.batch.ids[i] * h, bytesOf(h));
        if (s.layout.position != NativeLayout::kNone)
            s.kernels.add(s.values + s.layout.position + kept.positions[i] * h, row, h);
        const auto type = kept.batch.types.empty() ? 0 : kept.batch.types[i];
        if (s.layout.type != NativeLayout::kNone) s.kernels.add(s.values + s.layout.type + type * h, row, h);
    }
    s.kernels.normForward(normOf(s, s.layout.gamma, s.layout.beta, last - first, first, norm, x, rstd));
    const double p = s.layout.preNorm ? s.config.embeddingDropout : s.config.hiddenDropout;
    const auto dropout = dropoutStream(p, kept.context, 0, DropoutSite::Embedding);
    if (dropout.threshold)
        s.kernels.dropout(x, (last - first) * h, dropout, static_cast<std::uint32_t>(first * h));
}

void postNormLayer(const NativeState& s, const Activations& kept, const Slab& slab, int layer,
                   const LayerBuffers& b, float* x, float* scratch)
{
    const int h = s.config.hiddenSize, f = s.config.intermediateSize;
    const auto& at = s.at(layer);
    const auto& packed = s.packed.layer(layer);

    auto qkv = productOf(s, scratch, x, h, packed.qkv, b.qkv, 3 * h, slab.tokens(), 3 * h, h);
    qkv.bias = packed.qkvBias;
    s.kernels.product(qkv);
    attention(s, kept, slab, layer, b, scratch);

    // Row blocks small enough to stay in cache pass through all that follows; the wide intermediate is
    // scratch.
    for (std::int64_t m = 0; m < slab.tokens(); m += kBlockRows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(kBlockRows, slab.tokens() - m));
        float* xRows = x + m * h;
        auto out = productOf(s, scratch, b.context + m * h, h, packed.output, b.norm1 + m * h, h, rows, h, h);
        out.bias = s.value(at.outputBias);
        s.kernels.product(out);
        auto norm =
            normOf(s, at.gamma1, at.beta1, rows, slab.firstToken + m, b.norm1 + m * h, xRows, b.rstd1 + m);
        norm.residual = xRows;
        if (s.config.attentionOutputDropout)
            norm.dropout =
                dropoutStream(s.config.hiddenDropout, kept.context, layer, DropoutSite::AttentionOutput);
        s.kernels.normForward(norm);

        auto up = productOf(s, scratch, xRows, h, packed.up, scratch, f, rows, f, h);
        up.epilogue = Epilogue::Gelu;
        up.other = b.u + m * f;
        up.bias = s.value(at.upBias);
        s.kernels.product(up);
        auto down = productOf(s, scratch, scratch, f, packed.down, b.norm2 + m * h, h, rows, h, f);
        down.bias = s.value(at.downBias);
        s.kernels.product(down);
        norm = normOf(s, at.gamma2, at.beta2, rows, slab.firstToken + m, b.norm2 + m * h, xRows, b.rstd2 + m);
        norm.residual = xRows;
        norm.dropout = dropoutStream(s.config.hiddenDropout, kept.context, layer, DropoutSite::FeedForward);
        s.kernels.normForward(norm);
    }
}

void preNormLayer(const NativeState& s, const Activations& kept, const Slab& slab, int layer,
                  const LayerBuffers& b, float* x, float* scratch)
{
    const int h = s.config.hiddenSize, f = s.config.intermediateSize;
    const auto& at = s.at(layer);
    const auto& packed = s.packed.layer(layer);
    const std::int64_t tokens = slab.tokens();

    // The first layer has no norm of its own: its "normalised rows" are the embeddings.
    std::memcpy(b.norm1, x, bytesOf(tokens * h));
    for (std::int64_t m = 0; m < tokens; m += kBlockRows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(kBlockRows, tokens - m));
        const float* input = b.norm1 + m * h;
        if (at.gamma1 != NativeLayout::kNone) {
            s.kernels.normForward(normOf(s, at.gamma1, at.beta1, rows, slab.firstToken + m, b.norm1 + m * h,
                                         scratch, b.rstd1 + m));
            input = scratch;
        }
        auto qkv = productOf(s, scratch, input, h, packed.qkv, b.qkv + m * 3 * h, 3 * h, rows, 3 * h, h);
        qkv.bias = packed.qkvBias;
        s.kernels.product(qkv);
    }
    Rotation turn;
    turn.rows = tokens;
    turn.heads = 2 * s.config.heads; // queries and keys stand side by side
    turn.headSize = h / s.config.heads;
    turn.x = b.qkv;
    turn.stride = 3 * h;
    turn.positions = kept.positions.data() + slab.firstToken;
    turn.cosines = s.cosines[at.local ? 1 : 0].data();
    turn.sines = s.sines[at.local ? 1 : 0].data();
    s.kernels.rotate(turn);
    attention(s, kept, slab, layer, b, scratch);

    const auto afterAttention =
        dropoutStream(s.config.attentionDropout, kept.context, layer, DropoutSite::AttentionOutput);
    const auto inside = dropoutStream(s.config.mlpDropout, kept.context, layer, DropoutSite::FeedForward);
    for (std::int64_t m = 0; m < tokens; m += kBlockRows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(kBlockRows, tokens - m));
        const std::int64_t first = slab.firstToken + m, count = static_cast<std::int64_t>(rows) * h;
        float* xRows = x + m * h;
        auto out = productOf(s, scratch, b.context + m * h, h, packed.output, scratch, h, rows, h, h);
        out.bias = s.value(at.outputBias);
        s.kernels.product(out);
        s.kernels.dropoutAdd(scratch, xRows, xRows, count, afterAttention,
                             static_cast<std::uint32_t>(first * h));

        std::memcpy(b.norm2 + m * h, xRows, bytesOf(count));
        s.kernels.normForward(
            normOf(s, at.gamma2, at.beta2, rows, first, b.norm2 + m * h, scratch, b.rstd2 + m));
        auto up = productOf(s, scratch, scratch, h, packed.up, b.u + m * 2 * f, 2 * f, rows, 2 * f, h);
        up.bias = s.value(at.upBias);
        s.kernels.product(up);
        s.kernels.gated(b.u + m * 2 * f, scratch, rows, f, inside, first);
        auto down = productOf(s, scratch, scratch, f, packed.down, xRows, h, rows, h, f);
        down.epilogue = Epilogue::Add;
        down.bias = s.value(at.downBias);
        s.kernels.product(down);
    }
}

void nativeForward(const NativeState& s, Activations& kept, float* states,
                   const std::vector<float*>& layerStates, bool repack)
{
    const std::int64_t h = s.config.hiddenSize;
    const int slabs = static_cast<int>(kept.slabs.size()), layers = s.config.layers;
    const LayerSizes sizes(s.config, s.layout);
    const std::int64_t general =
        s.generalScratch + (s.packed.bf16() ? bf16ScratchFloats(s.config, s.layout, s.kernels) : 0);
    const auto copy = [&](int state, const Slab& slab) {
        if (layerStates.empty()) return;
        const std::int64_t first = slab.firstToken * h;
        std::memcpy(layerStates[static_cast<std::size_t>(state)] + first, states + first,
                    bytesOf(slab.tokens() * h));
    };
    // Layer by layer, so that all workers read the same weights at a time; each slab waits only for itself.
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(slabs));
    Tickets packing, steps;
    s.workers.run([&](int worker) {
        if (repack) {
            for (int job = packing.take(); job < s.packed.jobs(); job = packing.take())
                s.packed.pack(job, s.values);
            s.workers.barrier();
        }
        auto& arena = s.scratch[static_cast<std::size_t>(worker)];
        for (int step = steps.take(); step < slabs * (layers + 1); step = steps.take()) {
            const int stage = step / slabs, number = kept.order[static_cast<std::size_t>(step % slabs)];
            const auto& slab = kept.slabs[static_cast<std::size_t>(number)];
            auto& progress = done[static_cast<std::size_t>(number)];
            while (progress.load(std::memory_order_acquire) < stage)
                std::this_thread::yield();

            arena.reset(0);
            float* scratch = arena.take(general);
            float* x = states + slab.firstToken * h;
            const int layer = std::max(0, stage - 1);
            const auto buffers =
                kept.layers.empty()
                    ? sizes.take(arena, slab.tokens())
                    : sizes.from(kept.layers[static_cast<std::size_t>(layer)], slab.firstToken);
            if (stage == 0) {
                embedTokens(s, kept, slab.firstToken, slab.lastToken, buffers.norm1, buffers.rstd1, x);
                copy(0, slab);
            } else {
                (s.layout.preNorm ? preNormLayer : postNormLayer)(s, kept, slab, layer, buffers, x, scratch);
                if (stage < layers) copy(stage, slab);
            }
            if (stage == layers && s.layout.preNorm) {
                float* norm = kept.finalNorm ? kept.finalNorm + slab.firstToken * h : buffers.norm1;
                float* rstd = kept.finalRstd ? kept.finalRstd + slab.firstToken : buffers.rstd1;
                std::memcpy(norm, x, bytesOf(slab.tokens() * h));
                s.kernels.normForward(normOf(s, s.layout.finalGamma, s.layout.finalBeta, slab.tokens(),
                                             slab.firstToken, norm, x, rstd));
            }
            if (stage == layers && layers > 0) copy(layers, slab);
            progress.store(stage + 1, std::memory_order_release);
        }
    });
}

} // namespace studio
