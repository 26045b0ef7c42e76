#include "engine/native/nativebackward_p.h"

#include <algorithm>
#include <cstring>

namespace studio {
namespace {

std::size_t bytesOf(std::int64_t floats)
{
    return sizeof(float) * static_cast<std::size_t>(floats);
}

std::int64_t largestGroup(const std::vector<Slab>& slabs)
{
    std::int64_t most = 0;
    for (const auto& [first, last] : groupsOf(slabs, NativeBackward::kGroupTokens))
        most = std::max<std::int64_t>(most, slabs[static_cast<std::size_t>(last) - 1].lastToken -
                                                slabs[static_cast<std::size_t>(first)].firstToken);
    return most;
}

/// A weight gradient is cut into pieces of about this many rows and columns.
constexpr int kPieceRows = 96, kPieceColumns = 512;

int pieces(int count, int step)
{
    return (count + step - 1) / step;
}

/// Columns of a piece of a matrix with k columns.
int pieceColumns(int k, int panel)
{
    const int parts = pieces(k, kPieceColumns);
    return pieces(pieces(k, parts), panel) * panel;
}

} // namespace

std::int64_t NativeBackward::workFloats(const EncoderConfig& config, const NativeLayout& layout,
                                        const std::vector<Slab>& slabs, std::int64_t distanceStride)
{
    const std::int64_t h = config.hiddenSize, f = config.intermediateSize, tokens = largestGroup(slabs);
    const auto count = static_cast<std::int64_t>(slabs.size());
    const std::int64_t rows = layout.preNorm ? 5 : 3;
    return rows * Arena::rounded(tokens * h) + Arena::rounded(tokens * std::max(f, h)) +
           Arena::rounded(tokens) + Arena::rounded(count * (2 * config.layers + 2) * 2 * h) +
           Arena::rounded(count * config.heads * distanceStride);
}

NativeBackward::NativeBackward(const NativeState& state, Activations& kept, Arena& work)
    : s(state),
      kept(kept),
      h(state.config.hiddenSize),
      f(state.config.intermediateSize),
      m_sizes(state.config, state.layout),
      m_norms(2 * state.config.layers + 2),
      m_groups(groupsOf(kept.slabs, kGroupTokens))
{
    const std::int64_t tokens = largestGroup(kept.slabs),
                       slabs = static_cast<std::int64_t>(kept.slabs.size());
    const std::int64_t sumFloats = slabs * m_norms * 2 * h,
                       distanceFloats = slabs * s.config.heads * kept.distanceStride;
    work.reset(workFloats(s.config, s.layout, kept.slabs, kept.distanceStride));
    m_pair[0] = work.take(tokens * h);
    m_pair[1] = s.layout.preNorm ? work.take(tokens * h) : m_pair[0];
    m_dz = s.layout.preNorm ? work.take(tokens * h) : m_pair[0];
    m_dContext = work.take(tokens * h);
    m_branch = work.take(tokens * h);
    m_wide = work.take(tokens * std::max(f, h));
    m_rstd = work.take(tokens);
    m_sums = work.take(sumFloats);
    m_distance = work.take(distanceFloats);
    std::memset(m_sums, 0, bytesOf(sumFloats));
    std::memset(m_distance, 0, bytesOf(distanceFloats));
}

NormBackward NativeBackward::normOf(int slab, int norm, std::int64_t gamma, std::int64_t rows,
                                    std::int64_t firstRow, const float* dy, const float* normalised,
                                    const float* rstd) const
{
    NormBackward b;
    b.rows = rows;
    b.firstRow = firstRow;
    b.h = h;
    b.dy = dy;
    b.normalised = normalised;
    b.rstd = rstd;
    b.gamma = s.values + gamma;
    b.dgamma = sums(slab, norm);
    b.dbeta = b.dgamma + h;
    return b;
}

/// The gradient of the last layer's output.
void NativeBackward::begin(const Slab& slab, int number, const float* grad)
{
    const std::int64_t row = slab.firstToken - m_first, count = static_cast<std::int64_t>(slab.tokens()) * h;
    float* da = flow(s.config.layers) + row * h;
    if (grad)
        std::memcpy(da, grad + static_cast<std::int64_t>(slab.firstToken) * h, bytesOf(count));
    else
        std::memset(da, 0, bytesOf(count));
    if (!s.layout.preNorm) return;
    auto norm = normOf(number, m_norms - 1, s.layout.finalGamma, slab.tokens(), slab.firstToken, da,
                       kept.finalNorm + static_cast<std::int64_t>(slab.firstToken) * h,
                       kept.finalRstd + slab.firstToken);
    norm.dResidual = da;
    s.kernels.normBackward(norm);
}

/// qkv becomes its own gradient. dContext holds the gradient of what attention mixed.
void NativeBackward::attention(int layer, const Slab& slab, int number, const LayerBuffers& buffers,
                               float* scratch)
{
    for (int sequence = slab.firstSequence; sequence < slab.lastSequence; ++sequence) {
        auto first = attentionOf(s, kept, layer, sequence, buffers, slab.firstToken);
        const std::int64_t token = kept.batch.offsets[static_cast<std::size_t>(sequence)];
        first.dContext = m_dContext + (token - m_first) * h;
        first.dQkv = buffers.qkv + (token - slab.firstToken) * 3 * h;
        first.scratch = scratch;
        for (int head = 0; head < s.config.heads; ++head) {
            auto a = headOf(s, kept, layer, sequence, first, head);
            if (kept.distanceStride > 0)
                a.dDistanceBias = distanceSums(number) + head * kept.distanceStride + kept.distanceZero();
            s.kernels.attentionBackward(a);
        }
    }
}

/// From the layer's output back to its input. On the way norm2 becomes the gradient of the feed-forward's
/// branch, u that of its argument, qkv its own; `branch` that of the attention's branch, `wide` the
/// feed-forward's activations.
void NativeBackward::postNorm(int layer, const Slab& slab, int number, float* scratch)
{
    const auto& at = s.at(layer);
    const auto& packed = s.packed.layer(layer);
    const auto b = buffersAt(layer, slab.firstToken);
    const std::int64_t base = slab.firstToken - m_first;
    for (std::int64_t m = 0; m < slab.tokens(); m += kBlockRows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(kBlockRows, slab.tokens() - m));
        const std::int64_t first = slab.firstToken + m, row = base + m;
        float *da = flow(layer + 1) + row * h, *u = b.u + m * f, *branch2 = b.norm2 + m * h;

        auto norm = normOf(number, 2 * layer + 1, at.gamma2, rows, first, da, branch2, b.rstd2 + m);
        norm.dResidual = da;
        norm.dBranch = branch2;
        norm.dropout = dropoutStream(s.config.hiddenDropout, kept.context, layer, DropoutSite::FeedForward);
        s.kernels.normBackward(norm);

        auto slope = productOf(s, scratch, branch2, h, packed.downBack, u, f, rows, f, h);
        slope.epilogue = Epilogue::TimesGeluSlope;
        slope.other = u;
        slope.active = m_wide + row * f;
        s.kernels.product(slope);
        auto up = productOf(s, scratch, u, f, packed.upBack, da, h, rows, h, f);
        up.epilogue = Epilogue::Add;
        s.kernels.product(up);

        norm = normOf(number, 2 * layer, at.gamma1, rows, first, da, b.norm1 + m * h, b.rstd1 + m);
        norm.dResidual = da;
        norm.dBranch = m_branch + row * h;
        if (s.config.attentionOutputDropout)
            norm.dropout =
                dropoutStream(s.config.hiddenDropout, kept.context, layer, DropoutSite::AttentionOutput);
        s.kernels.normBackward(norm);
        s.kernels.product(productOf(s, scratch, m_branch + row * h, h, packed.outputBack,
                                    m_dContext + row * h, h, rows, h, h));
    }
    attention(layer, slab, number, b, scratch);
    auto input = productOf(s, scratch, b.qkv, 3 * h, packed.qkvBack, flow(layer) + base * h, h, slab.tokens(),
                           h, 3 * h);
    input.epilogue = Epilogue::Add;
    s.kernels.product(input);
}

/// The same for norms before the parts. The gradient of the residual stream behind the layer stays as it is
/// (the gradient of the last matrix wants it); the one before the layer is another array.
void NativeBackward::preNorm(int layer, const Slab& slab, int number, float* scratch)
{
    const auto& at = s.at(layer);
    const auto& packed = s.packed.layer(layer);
    const auto b = buffersAt(layer, slab.firstToken);
    const std::int64_t base = slab.firstToken - m_first;
    const auto inside = dropoutStream(s.config.mlpDropout, kept.context, layer, DropoutSite::FeedForward);
    for (std::int64_t m = 0; m < slab.tokens(); m += kBlockRows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(kBlockRows, slab.tokens() - m));
        const std::int64_t first = slab.firstToken + m, row = base + m;
        float *da = flow(layer + 1) + row * h, *u = b.u + m * 2 * f, *wide = m_wide + row * f,
              *temporary = m_dContext + row * h;

        s.kernels.product(productOf(s, scratch, da, h, packed.downBack, wide, f, rows, f, h));
        s.kernels.gatedBackward(u, wide, rows, f, inside, first);
        s.kernels.product(productOf(s, scratch, u, 2 * f, packed.upBack, temporary, h, rows, h, 2 * f));
        auto norm =
            normOf(number, 2 * layer + 1, at.gamma2, rows, first, temporary, b.norm2 + m * h, b.rstd2 + m);
        norm.add = da;
        norm.dResidual = m_dz + row * h;
        norm.dBranch = m_branch + row * h;
        norm.dropout =
            dropoutStream(s.config.attentionDropout, kept.context, layer, DropoutSite::AttentionOutput);
        s.kernels.normBackward(norm);
        s.kernels.product(
            productOf(s, scratch, m_branch + row * h, h, packed.outputBack, temporary, h, rows, h, h));
    }
    attention(layer, slab, number, b, scratch);
    Rotation turn;
    turn.rows = slab.tokens();
    turn.heads = 2 * s.config.heads;
    turn.headSize = h / s.config.heads;
    turn.x = b.qkv;
    turn.stride = 3 * h;
    turn.positions = kept.positions.data() + slab.firstToken;
    turn.cosines = s.cosines[at.local ? 1 : 0].data();
    turn.sines = s.sines[at.local ? 1 : 0].data();
    turn.back = true;
    s.kernels.rotate(turn);

    float *next = flow(layer) + base * h, *dz = m_dz + base * h;
    if (at.gamma1 == NativeLayout::kNone) {
        auto input = productOf(s, scratch, b.qkv, 3 * h, packed.qkvBack, next, h, slab.tokens(), h, 3 * h);
        input.epilogue = Epilogue::AddFrom;
        input.other = dz;
        s.kernels.product(input);
        return;
    }
    float* temporary = m_dContext + base * h;
    s.kernels.product(
        productOf(s, scratch, b.qkv, 3 * h, packed.qkvBack, temporary, h, slab.tokens(), h, 3 * h));
    auto norm =
        normOf(number, 2 * layer, at.gamma1, slab.tokens(), slab.firstToken, temporary, b.norm1, b.rstd1);
    norm.add = dz;
    norm.dResidual = next;
    s.kernels.normBackward(norm);
}

/// The matrices of a layer, over the tokens of the group.
std::vector<NativeBackward::Matrix> NativeBackward::matrices(int layer) const
{
    const auto& at = s.at(layer);
    const auto b = buffersAt(layer, m_first);
    // What the layer's first matrices read: the rows before, with their gain and shift.
    const float *input = m_dContext, *gamma = nullptr, *beta = nullptr;
    if (s.layout.preNorm) {
        input = b.norm1;
        gamma = s.value(at.gamma1);
        beta = s.value(at.beta1);
    } else if (layer > 0) {
        input = buffersAt(layer - 1, m_first).norm2;
        gamma = s.value(s.at(layer - 1).gamma2);
        beta = s.value(s.at(layer - 1).beta2);
    }
    std::vector<Matrix> all;
    if (s.layout.preNorm) {
        all.push_back(
            {2 * f, h, b.u, 2 * f, b.norm2, at.up, at.upBias, s.value(at.gamma2), s.value(at.beta2)});
        all.push_back({h, f, flow(layer + 1), h, m_wide, at.down, at.downBias});
    } else {
        all.push_back({f, h, b.u, f, b.norm1, at.up, at.upBias, s.value(at.gamma1), s.value(at.beta1)});
        all.push_back({h, f, b.norm2, h, m_wide, at.down, at.downBias});
    }
    all.push_back({h, h, m_branch, h, b.context, at.output, at.outputBias});
    all.push_back({h, h, b.qkv, 3 * h, input, at.query, at.queryBias, gamma, beta});
    all.push_back({h, h, b.qkv + h, 3 * h, input, at.key, at.keyBias, gamma, beta});
    all.push_back({h, h, b.qkv + 2 * h, 3 * h, input, at.value, at.valueBias, gamma, beta});
    return all;
}

int NativeBackward::jobs(const std::vector<Matrix>& all, int panel)
{
    int count = 0;
    for (const auto& matrix : all)
        count += pieces(matrix.n, kPieceRows) * pieces(matrix.k, pieceColumns(matrix.k, panel));
    return count;
}

/// One piece of the layer's weight gradients.
void NativeBackward::weights(const std::vector<Matrix>& all, int job, float* scratch) const
{
    for (const auto& matrix : all) {
        const int columns = pieceColumns(matrix.k, s.kernels.panelWidth), across = pieces(matrix.k, columns);
        const int own = pieces(matrix.n, kPieceRows) * across;
        if (job >= own) {
            job -= own;
            continue;
        }
        WeightGradient g;
        g.n0 = job / across * kPieceRows;
        g.n1 = std::min(g.n0 + kPieceRows, matrix.n);
        g.k0 = job % across * columns;
        g.k1 = std::min(g.k0 + columns, matrix.k);
        g.tokens = m_last - m_first;
        g.dy = matrix.dy;
        g.dyStride = matrix.dyStride;
        g.x = matrix.x;
        g.xStride = matrix.k;
        g.gamma = matrix.gamma;
        g.beta = matrix.beta;
        g.dw = s.gradients + matrix.weight;
        g.dwStride = matrix.k;
        g.db = s.gradient(matrix.bias);
        g.scratch = scratch;
        g.bf16 = s.packed.bf16();
        s.kernels.weightGradient(g);
        return;
    }
}

/// What the first layer read, computed again into dContext.
void NativeBackward::firstInput(const Slab& slab, float* scratch)
{
    for (int first = slab.firstToken; first < slab.lastToken; first += kBlockRows) {
        const std::int64_t row = first - m_first;
        embedTokens(s, kept, first, std::min(first + kBlockRows, slab.lastToken), scratch, m_rstd + row,
                    m_dContext + row * h);
    }
}

/// Gradient of the rows of the tables, into dz.
void NativeBackward::embeddingNorm(const Slab& slab, int number)
{
    const std::int64_t row = slab.firstToken - m_first,
                       first = static_cast<std::int64_t>(slab.firstToken) * h;
    float* da = flow(0) + row * h;
    const double p = s.layout.preNorm ? s.config.embeddingDropout : s.config.hiddenDropout;
    const auto dropout = dropoutStream(p, kept.context, 0, DropoutSite::Embedding);
    if (dropout.threshold)
        s.kernels.dropout(da, static_cast<std::int64_t>(slab.tokens()) * h, dropout,
                          static_cast<std::uint32_t>(first));
    embedTokens(s, kept, slab.firstToken, slab.lastToken, m_wide + row * h, m_rstd + row,
                m_dContext + row * h);
    auto norm = normOf(number, m_norms - 2, s.layout.gamma, slab.tokens(), slab.firstToken, da,
                       m_wide + row * h, m_rstd + row);
    norm.dResidual = m_dz + row * h;
    s.kernels.normBackward(norm);
}

/// Rows of the embedding tables: a worker owns the rows whose number falls to it and adds their tokens in
/// order.
void NativeBackward::embeddings(int worker) const
{
    const int workers = s.workers.count();
    const auto addTo = [&](std::int64_t table, int number, const float* row) {
        if (table != NativeLayout::kNone && number % workers == worker)
            s.kernels.add(row, s.gradients + table + static_cast<std::int64_t>(number) * h, h);
    };
    for (std::int64_t t = m_first; t < m_last; ++t) {
        const auto i = static_cast<std::size_t>(t);
        const float* row = m_dz + (t - m_first) * h;
        addTo(s.layout.word, kept.batch.ids[i], row);
        addTo(s.layout.position, kept.positions[i], row);
        addTo(s.layout.type, kept.batch.types.empty() ? 0 : kept.batch.types[i], row);
    }
}

void NativeBackward::sumSlabs(int norm) const
{
    std::int64_t gamma = s.layout.gamma, beta = s.layout.beta;
    if (norm == m_norms - 1) {
        gamma = s.layout.finalGamma;
        beta = s.layout.finalBeta;
    } else if (norm < m_norms - 2) {
        const auto& at = s.at(norm / 2);
        gamma = norm % 2 ? at.gamma2 : at.gamma1;
        beta = norm % 2 ? at.beta2 : at.beta1;
    }
    for (int slab = 0; slab < static_cast<int>(kept.slabs.size()); ++slab) {
        if (gamma != NativeLayout::kNone) s.kernels.add(sums(slab, norm), s.gradients + gamma, h);
        if (beta != NativeLayout::kNone) s.kernels.add(sums(slab, norm) + h, s.gradients + beta, h);
    }
}

void NativeBackward::sumDistances(int head) const
{
    const std::int64_t zero = kept.distanceZero();
    for (int distance = 1 - kept.longest; distance < kept.longest; ++distance) {
        float sum = 0;
        for (int slab = 0; slab < static_cast<int>(kept.slabs.size()); ++slab)
            sum += distanceSums(slab)[head * kept.distanceStride + zero + distance];
        const int bucket = kept.distanceBuckets[static_cast<std::size_t>(distance + kept.longest - 1)];
        s.gradients[s.layout.distance + static_cast<std::int64_t>(bucket) * s.config.heads + head] += sum;
    }
}

void NativeBackward::run(const float* grad, const std::vector<const float*>& layerGrads, bool repack)
{
    const int layers = s.config.layers, groups = static_cast<int>(m_groups.size());
    // Every phase between two barriers has tickets of its own, so none has to be reset while others still
    // take.
    std::vector<Tickets> slabTickets(static_cast<std::size_t>(groups * (layers + 1))),
        weightTickets(static_cast<std::size_t>(groups * layers));
    Tickets packing, normTickets, headTickets;
    std::vector<std::vector<int>> orders;
    for (const auto& [first, last] : m_groups)
        orders.push_back(largestFirst(kept.slabs, first, last));

    s.workers.run([&](int worker) {
        float* scratch = s.scratch[static_cast<std::size_t>(worker)].data();
        if (repack)
            for (int job = packing.take(); job < s.packed.jobs(); job = packing.take())
                s.packed.packBackward(job, s.values);
        for (int group = 0; group < groups; ++group) {
            const auto& order = orders[static_cast<std::size_t>(group)];
            const auto forSlabs = [&](int phase, const auto& job) {
                auto& tickets = slabTickets[static_cast<std::size_t>(group * (layers + 1) + phase)];
                for (auto i = static_cast<std::size_t>(tickets.take()); i < order.size();
                     i = static_cast<std::size_t>(tickets.take()))
                    job(kept.slabs[static_cast<std::size_t>(order[i])], order[i]);
            };
            s.workers.barrier();
            if (worker == 0) {
                m_first =
                    kept.slabs[static_cast<std::size_t>(m_groups[static_cast<std::size_t>(group)].first)]
                        .firstToken;
                m_last =
                    kept.slabs[static_cast<std::size_t>(m_groups[static_cast<std::size_t>(group)].second) - 1]
                        .lastToken;
            }
            s.workers.barrier();
            for (int layer = layers - 1; layer >= 0; --layer) {
                forSlabs(layer, [&](const Slab& slab, int number) {
                    if (layer == layers - 1) begin(slab, number, grad);
                    if (s.layout.preNorm)
                        preNorm(layer, slab, number, scratch);
                    else
                        postNorm(layer, slab, number, scratch);
                    if (const auto i = static_cast<std::size_t>(layer);
                        i < layerGrads.size() && layerGrads[i])
                        s.kernels.add(layerGrads[i] + static_cast<std::int64_t>(slab.firstToken) * h,
                                      flow(layer) + (slab.firstToken - m_first) * h,
                                      static_cast<std::int64_t>(slab.tokens()) * h);
                    if (layer == 0 && !s.layout.preNorm) firstInput(slab, scratch);
                });
                s.workers.barrier();
                const auto all = matrices(layer);
                auto& tickets = weightTickets[static_cast<std::size_t>(group * layers + layer)];
                const int count = jobs(all, s.kernels.panelWidth);
                for (int job = tickets.take(); job < count; job = tickets.take())
                    weights(all, job, scratch);
                s.workers.barrier();
            }
            forSlabs(layers, [&](const Slab& slab, int number) {
                if (layers == 0) begin(slab, number, grad);
                embeddingNorm(slab, number);
            });
            s.workers.barrier();
            embeddings(worker);
        }
        for (int norm = normTickets.take(); norm < m_norms; norm = normTickets.take())
            sumSlabs(norm);
        if (s.layout.distance != NativeLayout::kNone)
            for (int head = headTickets.take(); head < s.config.heads; head = headTickets.take())
                sumDistances(head);
    });
}

void nativeBackward(const NativeState& state, Activations& kept, const float* grad,
                    const std::vector<const float*>& layerGrads, Arena& work, bool repack)
{
    NativeBackward(state, kept, work).run(grad, layerGrads, repack);
}

} // namespace studio
