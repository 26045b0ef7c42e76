#include "engine/native/nativepass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace studio {
namespace {

/// Output rows of a weight gradient that one worker takes at a time.
constexpr int kGradientRows = 96;

/// Gradients of a pass on their way down. Several live where the forward pass kept something that is no longer needed.
struct Flow
{
    float *da, *dz, *dContext, *gelu, *y1, *input;  ///< [tokens, h], gelu [tokens, f]
    float* sums;  ///< [slabs][2·layers + 1][2][h]: LayerNorm gradients of each slab
};

class Backward
{
public:
    Backward(const NativeState& state, Activations& kept, Arena& work)
        : s(state), kept(kept), h(state.config.hiddenSize), f(state.config.intermediateSize), tokens(kept.batch.tokens())
    {
        m_norms = 2 * s.config.layers + 1;
        const std::int64_t sumFloats = static_cast<std::int64_t>(kept.slabs.size()) * m_norms * 2 * h;
        work.reset(5 * Arena::rounded(tokens * h) + Arena::rounded(tokens * f) + Arena::rounded(sumFloats));
        m_flow = {work.take(tokens * h), work.take(tokens * h), work.take(tokens * h), work.take(tokens * f),
                  work.take(tokens * h), work.take(tokens * h), work.take(sumFloats)};
        std::memset(m_flow.sums, 0, sizeof(float) * static_cast<std::size_t>(sumFloats));
    }

    void run(const float* grad);

private:
    float* sums(int slab, int norm) const { return m_flow.sums + (static_cast<std::int64_t>(slab) * m_norms + norm) * 2 * h; }
    const BertLayout::Layer& layout(int layer) const { return s.layout.layers[static_cast<std::size_t>(layer)]; }
    Product inPlace(const float* a, std::int64_t aStride, const float* w, int n, int k, float* c, std::int64_t cStride, int m0, int m1) const;
    void feedForward(int layer, int slabIndex);
    void attention(int layer, const Slab& slab, float* scratch);
    void layerInput(int layer, const Slab& slab);
    void weights(int layer, int job, float* scratch);
    int weightJobs() const { return jobsOf(h) * 5 + jobsOf(f); }
    static int jobsOf(int rows) { return (rows + kGradientRows - 1) / kGradientRows; }
    void embeddings(int worker);
    void sumSlabs(int norm);

    const NativeState& s;
    Activations& kept;
    const int h, f;
    const std::int64_t tokens;
    int m_norms = 0;
    Flow m_flow{};
};

/// C = A · W with W [k, n] read where it lies.
Product Backward::inPlace(const float* a, std::int64_t aStride, const float* w, int n, int k, float* c, std::int64_t cStride, int m0, int m1) const
{
    Product p;
    p.m0 = m0;
    p.m1 = m1;
    p.n = n;
    p.k = k;
    p.a = a;
    p.aStride = aStride;
    p.b = w;
    p.panelStride = s.kernels.panelWidth;
    p.bStride = n;
    p.c = c;
    p.cStride = cStride;
    return p;
}

/// From the layer's output back to the context of attention, block by block. On the way norm2 becomes the gradient of
/// the feed-forward's branch, u that of its argument, norm1 that of the attention's branch.
void Backward::feedForward(int layer, int slabIndex)
{
    const auto& slab = kept.slabs[static_cast<std::size_t>(slabIndex)];
    const auto& at = layout(layer);
    auto& buffers = kept.layers[static_cast<std::size_t>(layer)];
    for (int m = slab.firstToken; m < slab.lastToken; m += kBlockRows) {
        const int end = std::min(m + kBlockRows, slab.lastToken);
        s.kernels.affine(buffers.norm1, s.values + at.gamma1, s.values + at.beta1, m_flow.y1, m, end, h);

        NormBackward norm;
        norm.r0 = m;
        norm.r1 = end;
        norm.h = h;
        norm.dy = m_flow.da;
        norm.normalised = buffers.norm2;
        norm.rstd = buffers.rstd2;
        norm.gamma = s.values + at.gamma2;
        norm.dResidual = m_flow.dz;
        norm.dBranch = buffers.norm2;
        norm.dgamma = sums(slabIndex, 2 * layer + 1);
        norm.dbeta = norm.dgamma + h;
        norm.dropout = dropoutStream(s.hiddenDropout, kept.context, layer, DropoutSite::FeedForward);
        s.kernels.normBackward(norm);

        const std::int64_t first = static_cast<std::int64_t>(m) * f;
        s.kernels.gelu(buffers.u + first, m_flow.gelu + first, static_cast<std::int64_t>(end - m) * f);
        auto slope = inPlace(buffers.norm2, h, s.values + at.down, f, h, buffers.u, f, m, end);
        slope.epilogue = Epilogue::TimesGeluSlope;
        slope.other = buffers.u;
        s.kernels.product(slope);
        auto up = inPlace(buffers.u, f, s.values + at.up, h, f, m_flow.da, h, m, end);
        up.epilogue = Epilogue::AddFrom;
        up.other = m_flow.dz;
        s.kernels.product(up);

        norm.normalised = buffers.norm1;
        norm.rstd = buffers.rstd1;
        norm.gamma = s.values + at.gamma1;
        norm.dBranch = buffers.norm1;
        norm.dgamma = sums(slabIndex, 2 * layer);
        norm.dbeta = norm.dgamma + h;
        norm.dropout = dropoutStream(s.hiddenDropout, kept.context, layer, DropoutSite::AttentionOutput);
        s.kernels.normBackward(norm);
        s.kernels.product(inPlace(buffers.norm1, h, s.values + at.output, h, h, m_flow.dContext, h, m, end));
    }
}

/// qkv becomes its own gradient, then the gradient of the layer's input.
void Backward::attention(int layer, const Slab& slab, float* scratch)
{
    const int heads = s.config.heads, d = h / heads;
    const auto& at = layout(layer);
    auto& buffers = kept.layers[static_cast<std::size_t>(layer)];
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
            a.dContext = m_flow.dContext + first * h + head * d;
            a.dQkv = buffers.qkv + first * 3 * h + head * d;
            a.dropout = dropoutStream(s.attentionDropout, kept.context, layer, DropoutSite::Probabilities,
                                      static_cast<std::uint32_t>(sequence * heads + head));
            a.scratch = scratch;
            s.kernels.attentionBackward(a);
        }
    }
    const std::int64_t parts[3] = {at.query, at.key, at.value};
    for (int part = 0; part < 3; ++part) {
        auto p = inPlace(buffers.qkv + part * h, 3 * h, s.values + parts[part], h, h, m_flow.da, h, slab.firstToken, slab.lastToken);
        p.epilogue = part == 0 ? Epilogue::AddFrom : Epilogue::Add;
        p.other = m_flow.dz;
        s.kernels.product(p);
    }
}

/// The layer's input, computed again from what is kept.
void Backward::layerInput(int layer, const Slab& slab)
{
    const auto rows = [&](const float* normalised, std::int64_t gamma, std::int64_t beta) {
        s.kernels.affine(normalised, s.values + gamma, s.values + beta, m_flow.input, slab.firstToken, slab.lastToken, h);
    };
    if (layer > 0) {
        rows(kept.layers[static_cast<std::size_t>(layer) - 1].norm2, layout(layer - 1).gamma2, layout(layer - 1).beta2);
        return;
    }
    rows(kept.norm0, s.layout.gamma, s.layout.beta);
    const auto dropout = dropoutStream(s.hiddenDropout, kept.context, 0, DropoutSite::Embedding);
    if (!dropout.threshold) return;
    const std::int64_t first = static_cast<std::int64_t>(slab.firstToken) * h;
    s.kernels.dropout(m_flow.input + first, static_cast<std::int64_t>(slab.lastToken - slab.firstToken) * h, dropout,
                      static_cast<std::uint32_t>(first));
}

/// One piece of the layer's weight gradients.
void Backward::weights(int layer, int job, float* scratch)
{
    const auto& at = layout(layer);
    const auto& buffers = kept.layers[static_cast<std::size_t>(layer)];
    struct Matrix
    {
        int n, k;
        const float* dy;
        std::int64_t dyStride;
        const float* x;
        std::int64_t weight, bias;
    };
    const Matrix matrices[] = {
        {f, h, buffers.u, f, m_flow.y1, at.up, at.upBias},
        {h, f, buffers.norm2, h, m_flow.gelu, at.down, at.downBias},
        {h, h, buffers.norm1, h, buffers.context, at.output, at.outputBias},
        {h, h, buffers.qkv, 3 * h, m_flow.input, at.query, at.queryBias},
        {h, h, buffers.qkv + h, 3 * h, m_flow.input, at.key, at.keyBias},
        {h, h, buffers.qkv + 2 * h, 3 * h, m_flow.input, at.value, at.valueBias},
    };
    for (const auto& matrix : matrices) {
        const int jobs = jobsOf(matrix.n);
        if (job >= jobs) {
            job -= jobs;
            continue;
        }
        WeightGradient g;
        g.n0 = job * kGradientRows;
        g.n1 = std::min(g.n0 + kGradientRows, matrix.n);
        g.k = matrix.k;
        g.tokens = tokens;
        g.dy = matrix.dy;
        g.dyStride = matrix.dyStride;
        g.x = matrix.x;
        g.xStride = matrix.k;
        g.dw = s.gradients + matrix.weight;
        g.db = s.gradients + matrix.bias;
        g.scratch = scratch;
        s.kernels.weightGradient(g);
        return;
    }
}

/// Rows of the embedding tables: a worker owns the rows whose number falls to it and adds their tokens in order.
void Backward::embeddings(int worker)
{
    const int workers = s.workers.count();
    for (std::int64_t t = 0; t < tokens; ++t) {
        const auto i = static_cast<std::size_t>(t);
        const float* row = m_flow.dz + t * h;
        const int id = kept.batch.ids[i], position = kept.batch.positions[i];
        if (id % workers == worker) s.kernels.add(row, s.gradients + s.layout.word + static_cast<std::int64_t>(id) * h, h);
        if (position % workers == worker) s.kernels.add(row, s.gradients + s.layout.position + static_cast<std::int64_t>(position) * h, h);
        const int type = kept.batch.types.empty() ? 0 : kept.batch.types[i];
        if (type % workers == worker) s.kernels.add(row, s.gradients + s.layout.type + static_cast<std::int64_t>(type) * h, h);
    }
}

void Backward::sumSlabs(int norm)
{
    std::int64_t gamma = s.layout.gamma, beta = s.layout.beta;
    if (norm < 2 * s.config.layers) {
        const auto& at = layout(norm / 2);
        gamma = norm % 2 ? at.gamma2 : at.gamma1;
        beta = norm % 2 ? at.beta2 : at.beta1;
    }
    for (int slab = 0; slab < static_cast<int>(kept.slabs.size()); ++slab) {
        s.kernels.add(sums(slab, norm), s.gradients + gamma, h);
        s.kernels.add(sums(slab, norm) + h, s.gradients + beta, h);
    }
}

void Backward::run(const float* grad)
{
    const int layers = s.config.layers, slabs = static_cast<int>(kept.slabs.size());
    // Every phase between two barriers has tickets of its own, so none has to be reset while others still take.
    std::vector<Tickets> slabTickets(static_cast<std::size_t>(layers) + 1), weightTickets(static_cast<std::size_t>(layers));
    Tickets normTickets;

    s.workers.run([&](int worker) {
        float* scratch = s.scratch[static_cast<std::size_t>(worker)].take(0);
        for (int layer = layers - 1; layer >= 0; --layer) {
            auto& own = slabTickets[static_cast<std::size_t>(layer)];
            for (int i = own.take(); i < slabs; i = own.take()) {
                const auto& slab = kept.slabs[static_cast<std::size_t>(i)];
                if (layer == layers - 1) {
                    const std::int64_t first = static_cast<std::int64_t>(slab.firstToken) * h;
                    std::memcpy(m_flow.da + first, grad + first,
                                sizeof(float) * static_cast<std::size_t>((slab.lastToken - slab.firstToken) * static_cast<std::int64_t>(h)));
                }
                feedForward(layer, i);
                attention(layer, slab, scratch);
                layerInput(layer, slab);
            }
            s.workers.barrier();
            auto& pieces = weightTickets[static_cast<std::size_t>(layer)];
            for (int job = pieces.take(); job < weightJobs(); job = pieces.take()) weights(layer, job, scratch);
            s.workers.barrier();
        }
        auto& last = slabTickets[static_cast<std::size_t>(layers)];
        for (int i = last.take(); i < slabs; i = last.take()) {
            const auto& slab = kept.slabs[static_cast<std::size_t>(i)];
            const auto dropout = dropoutStream(s.hiddenDropout, kept.context, 0, DropoutSite::Embedding);
            const std::int64_t first = static_cast<std::int64_t>(slab.firstToken) * h;
            if (dropout.threshold)
                s.kernels.dropout(m_flow.da + first, static_cast<std::int64_t>(slab.lastToken - slab.firstToken) * h, dropout,
                                  static_cast<std::uint32_t>(first));
            NormBackward norm;
            norm.r0 = slab.firstToken;
            norm.r1 = slab.lastToken;
            norm.h = h;
            norm.dy = m_flow.da;
            norm.normalised = kept.norm0;
            norm.rstd = kept.rstd0;
            norm.gamma = s.values + s.layout.gamma;
            norm.dResidual = m_flow.dz;
            norm.dgamma = sums(i, 2 * layers);
            norm.dbeta = norm.dgamma + h;
            s.kernels.normBackward(norm);
        }
        s.workers.barrier();
        embeddings(worker);
        for (int norm = normTickets.take(); norm < m_norms; norm = normTickets.take()) sumSlabs(norm);
    });
}

} // namespace

void nativeBackward(const NativeState& state, Activations& kept, const float* grad, Arena& work)
{
    Backward(state, kept, work).run(grad);
}

} // namespace studio
