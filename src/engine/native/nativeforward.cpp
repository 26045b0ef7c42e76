#include "engine/native/nativepass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace studio {
namespace {

std::uint64_t mix(std::uint64_t x)  // SplitMix64's finaliser
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// Token + position + type embeddings, LayerNorm and dropout for the rows of a slab, into x.
void embed(const NativeState& s, Activations& kept, const Slab& slab, float* x)
{
    const int h = s.config.hiddenSize;
    const auto& batch = kept.batch;
    const float* word = s.values + s.layout.word;
    const float* position = s.values + s.layout.position;
    const float* type = s.values + s.layout.type;
    for (int t = slab.firstToken; t < slab.lastToken; ++t) {
        const auto i = static_cast<std::size_t>(t);
        const std::int64_t row = static_cast<std::int64_t>(t) * h;
        const auto typeId = batch.types.empty() ? 0 : batch.types[i];
        std::memcpy(kept.norm0 + row, word + static_cast<std::int64_t>(batch.ids[i]) * h, sizeof(float) * static_cast<std::size_t>(h));
        std::memcpy(x + row, position + static_cast<std::int64_t>(batch.positions[i]) * h, sizeof(float) * static_cast<std::size_t>(h));
        NormForward norm;
        norm.r0 = t;
        norm.r1 = t + 1;
        norm.h = h;
        norm.x = kept.norm0;
        norm.residual = x;
        norm.bias = type + static_cast<std::int64_t>(typeId) * h;
        norm.gamma = s.values + s.layout.gamma;
        norm.beta = s.values + s.layout.beta;
        norm.y = x;
        norm.rstd = kept.rstd0;
        norm.eps = static_cast<float>(s.config.layerNormEps);
        s.kernels.normForward(norm);
    }
    const auto dropout = dropoutStream(s.hiddenDropout, kept.context, 0, DropoutSite::Embedding);
    if (dropout.threshold) {
        const std::int64_t first = static_cast<std::int64_t>(slab.firstToken) * h;
        s.kernels.dropout(x + first, static_cast<std::int64_t>(slab.lastToken - slab.firstToken) * h, dropout,
                          static_cast<std::uint32_t>(first));
    }
}

void attention(const NativeState& s, Activations& kept, const Slab& slab, int layer, float* scratch)
{
    const int h = s.config.hiddenSize, heads = s.config.heads, d = h / heads;
    const auto& buffers = kept.layers[static_cast<std::size_t>(layer)];
    for (int sequence = slab.firstSequence; sequence < slab.lastSequence; ++sequence) {
        const std::int64_t first = kept.batch.offsets[static_cast<std::size_t>(sequence)];
        const int length = static_cast<int>(kept.batch.length(sequence));
        for (int head = 0; head < heads; ++head) {
            Attention a;
            a.length = length;
            a.headSize = d;
            a.h = h;
            a.scale = 1.0f / std::sqrt(static_cast<float>(d));
            a.qkv = buffers.qkv + first * 3 * h + head * d;
            a.stride = 3 * h;
            a.bias = s.packed.layer(layer).qkvBias + head * d;
            a.context = buffers.context + first * h + head * d;
            a.contextStride = h;
            a.logSum = buffers.logSum + first * heads + static_cast<std::int64_t>(head) * length;
            a.dropout = dropoutStream(s.attentionDropout, kept.context, layer, DropoutSite::Probabilities,
                                      static_cast<std::uint32_t>(sequence * heads + head));
            a.scratch = scratch;
            s.kernels.attentionForward(a);
        }
    }
}

/// One layer for one slab: x [tokens, h] is its input and becomes its output.
void layerForward(const NativeState& s, Activations& kept, const Slab& slab, int layer, float* x, float* scratch)
{
    const int h = s.config.hiddenSize, f = s.config.intermediateSize, panel = s.kernels.panelWidth;
    const auto& at = s.layout.layers[static_cast<std::size_t>(layer)];
    const auto& packed = s.packed.layer(layer);
    const auto& buffers = kept.layers[static_cast<std::size_t>(layer)];

    Product p;
    p.m0 = slab.firstToken;
    p.m1 = slab.lastToken;
    p.n = 3 * h;
    p.k = h;
    p.a = x;
    p.aStride = h;
    p.b = packed.qkv;
    p.panelStride = static_cast<std::int64_t>(h) * panel;
    p.bStride = panel;
    p.c = buffers.qkv;
    p.cStride = 3 * h;
    s.kernels.product(p);
    attention(s, kept, slab, layer, scratch);

    // Row blocks small enough to stay in cache pass through all that follows; the wide intermediate is scratch.
    for (int m = slab.firstToken; m < slab.lastToken; m += kBlockRows) {
        const int end = std::min(m + kBlockRows, slab.lastToken);
        Product out;
        out.m0 = m;
        out.m1 = end;
        out.n = h;
        out.k = h;
        out.a = buffers.context;
        out.aStride = h;
        out.b = packed.output;
        out.panelStride = static_cast<std::int64_t>(h) * panel;
        out.bStride = panel;
        out.c = buffers.norm1;
        out.cStride = h;
        s.kernels.product(out);

        NormForward norm;
        norm.r0 = m;
        norm.r1 = end;
        norm.h = h;
        norm.x = buffers.norm1;
        norm.residual = x;
        norm.bias = s.values + at.outputBias;
        norm.gamma = s.values + at.gamma1;
        norm.beta = s.values + at.beta1;
        norm.y = x;
        norm.rstd = buffers.rstd1;
        norm.eps = static_cast<float>(s.config.layerNormEps);
        norm.dropout = dropoutStream(s.hiddenDropout, kept.context, layer, DropoutSite::AttentionOutput);
        s.kernels.normForward(norm);

        // gelu(x·up + bias) for this block only: rows are addressed from m on, so the block lies at its start.
        float* wide = scratch;
        Product up;
        up.epilogue = Epilogue::BiasGelu;
        up.m0 = 0;
        up.m1 = end - m;
        up.n = f;
        up.k = h;
        up.a = x + static_cast<std::int64_t>(m) * h;
        up.aStride = h;
        up.b = packed.up;
        up.panelStride = static_cast<std::int64_t>(h) * panel;
        up.bStride = panel;
        up.c = wide;
        up.cStride = f;
        up.other = buffers.u + static_cast<std::int64_t>(m) * f;
        up.bias = s.values + at.upBias;
        s.kernels.product(up);

        Product down;
        down.m0 = 0;
        down.m1 = end - m;
        down.n = h;
        down.k = f;
        down.a = wide;
        down.aStride = f;
        down.b = packed.down;
        down.panelStride = static_cast<std::int64_t>(f) * panel;
        down.bStride = panel;
        down.c = buffers.norm2 + static_cast<std::int64_t>(m) * h;
        down.cStride = h;
        s.kernels.product(down);

        norm.x = buffers.norm2;
        norm.bias = s.values + at.downBias;
        norm.gamma = s.values + at.gamma2;
        norm.beta = s.values + at.beta2;
        norm.rstd = buffers.rstd2;
        norm.dropout = dropoutStream(s.hiddenDropout, kept.context, layer, DropoutSite::FeedForward);
        s.kernels.normForward(norm);
    }
}

} // namespace

DropoutStream dropoutStream(double p, const ForwardContext& context, int layer, DropoutSite site, std::uint32_t part)
{
    if (!context.training || p <= 0) return {};
    auto hash = mix(context.seed + 0x9e3779b97f4a7c15ULL);
    hash = mix(hash + context.step);
    hash = mix(hash + context.chunk);
    hash = mix(hash + (static_cast<std::uint64_t>(layer) << 40) + (static_cast<std::uint64_t>(site) << 32) + part);
    DropoutStream stream;
    stream.offset = static_cast<std::uint32_t>(hash);
    stream.multiplier = static_cast<std::uint32_t>(hash >> 32) | 1u;
    stream.threshold = static_cast<std::uint32_t>(std::min(p * 4294967296.0, 4294967295.0));
    stream.scale = static_cast<float>(1.0 / (1.0 - p));
    return stream;
}

void Activations::reserve(const EncoderConfig& config, const PackedBatch& source, bool keepLayers)
{
    batch = source;
    const std::int64_t tokens = source.tokens(), h = config.hiddenSize;
    const std::int64_t sizes[] = {tokens * 3 * h, tokens * h, tokens * config.heads, tokens * h, tokens,
                                  tokens * config.intermediateSize, tokens * h, tokens};
    std::int64_t one = 0;
    for (const auto size : sizes) one += Arena::rounded(size);
    const int copies = keepLayers ? config.layers : 1;
    arena.reset(copies * one + Arena::rounded(tokens * h) + Arena::rounded(tokens));
    norm0 = arena.take(tokens * h);
    rstd0 = arena.take(tokens);
    layers.clear();
    for (int i = 0; i < config.layers; ++i) {
        if (i >= copies) {
            layers.push_back(layers.front());
            continue;
        }
        float* at[8];
        for (int k = 0; k < 8; ++k) at[k] = arena.take(sizes[k]);
        layers.push_back({at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]});
    }
}

std::int64_t scratchFloats(const EncoderConfig& config, const Kernels& kernels, int longestSequence)
{
    const std::int64_t attention = kernels.attentionScratch(longestSequence, config.hiddenSize / config.heads);
    const std::int64_t wide = static_cast<std::int64_t>(kBlockRows) * config.intermediateSize;
    const std::int64_t chunk = static_cast<std::int64_t>(kTokenChunk) * std::max(config.intermediateSize, config.hiddenSize);
    return std::max({attention, wide, chunk});
}

void nativeForward(const NativeState& s, Activations& kept, float* states, const std::vector<float*>& layerStates, bool repack)
{
    const std::int64_t h = s.config.hiddenSize;
    Tickets packing, slabs;
    s.workers.run([&](int worker) {
        if (repack) {
            for (int job = packing.take(); job < s.packed.jobs(); job = packing.take()) s.packed.pack(job, s.values);
            s.workers.barrier();
        }
        float* scratch = s.scratch[static_cast<std::size_t>(worker)].take(0);
        for (int i = slabs.take(); i < static_cast<int>(kept.slabs.size()); i = slabs.take()) {
            const auto& slab = kept.slabs[static_cast<std::size_t>(i)];
            const std::int64_t first = slab.firstToken * h;
            const auto bytes = sizeof(float) * static_cast<std::size_t>((slab.lastToken - slab.firstToken) * h);
            embed(s, kept, slab, states);
            if (!layerStates.empty()) std::memcpy(layerStates[0] + first, states + first, bytes);
            for (int layer = 0; layer < s.config.layers; ++layer) {
                layerForward(s, kept, slab, layer, states, scratch);
                if (!layerStates.empty()) std::memcpy(layerStates[static_cast<std::size_t>(layer) + 1] + first, states + first, bytes);
            }
        }
    });
}

} // namespace studio
