// Attention of one head over one sequence. Included by kernels.cpp only.
//
// Eight query rows at a time against the whole sequence; only the log of each row's sum of exponentials is kept, the
// backward pass computes the probabilities again (Dao et al., FlashAttention, 2022). Queries carry the scale 1/√d.

constexpr int kQueryRows = 8;

STUDIO_INLINE int paddedLength(int length) { return (length + VL - 1) / VL * VL; }

/// Scratch of one head: transposed K and V, plain K and V, dK, dV, and rows of eight queries.
struct AttentionScratch
{
    float *kT, *vT, *k, *v, *dk, *dv, *scores, *slopes, *q, *o;

    AttentionScratch(float* at, int length, int d)
    {
        const std::int64_t padded = paddedLength(length);
        const auto take = [&at](std::int64_t count) {
            float* here = at;
            at += (count + 15) / 16 * 16;
            return here;
        };
        kT = take(d * padded);
        vT = take(d * padded);
        k = take(padded * d);
        v = take(padded * d);
        dk = take(padded * d);
        dv = take(padded * d);
        scores = take(kQueryRows * padded);
        slopes = take(kQueryRows * padded);
        q = take(kQueryRows * d);
        o = take(kQueryRows * d);
    }
};

static std::int64_t attentionScratch(int length, int d)
{
    const std::int64_t padded = paddedLength(length);
    return 6 * d * padded + 2 * kQueryRows * padded + 2 * kQueryRows * d + 10 * 16;
}

/// out[8][padded] = q[8][d] · xT[d][padded]
STUDIO_INLINE void rowsTimesColumns(const float* q, const float* xT, int d, int padded, float* out)
{
    for (int j = 0; j < padded; j += VL) {
        Vec c[kQueryRows];
#pragma GCC unroll 8
        for (int r = 0; r < kQueryRows; ++r) c[r] = Vec{};
        for (int i = 0; i < d; ++i) {
            const Vec x = load(xT + i * padded + j);
#pragma GCC unroll 8
            for (int r = 0; r < kQueryRows; ++r) c[r] += splat(q[r * d + i]) * x;
        }
#pragma GCC unroll 8
        for (int r = 0; r < kQueryRows; ++r) store(out + r * padded + j, c[r]);
    }
}

/// out[8][d] = p[8][length] · x[length][d]
STUDIO_INLINE void rowsTimesRows(const float* p, int padded, int length, const float* x, int d, float* out)
{
    for (int i = 0; i < d; i += VL) {
        Vec c[kQueryRows];
#pragma GCC unroll 8
        for (int r = 0; r < kQueryRows; ++r) c[r] = Vec{};
        for (int j = 0; j < length; ++j) {
            const Vec v = load(x + static_cast<std::int64_t>(j) * d + i);
#pragma GCC unroll 8
            for (int r = 0; r < kQueryRows; ++r) c[r] += splat(p[r * padded + j]) * v;
        }
#pragma GCC unroll 8
        for (int r = 0; r < kQueryRows; ++r) store(out + r * d + i, c[r]);
    }
}

/// sum[j][d] += Σ_r p[r][j] · q[r][d]
STUDIO_INLINE void addOuter(const float* p, int padded, int length, const float* q, int d, float* sum)
{
    for (int i = 0; i < d; i += VL) {
        Vec rows[kQueryRows];
#pragma GCC unroll 8
        for (int r = 0; r < kQueryRows; ++r) rows[r] = load(q + r * d + i);
        for (int j = 0; j < length; ++j) {
            float* to = sum + static_cast<std::int64_t>(j) * d + i;
            Vec even = load(to), odd{};
#pragma GCC unroll 4
            for (int r = 0; r < kQueryRows; r += 2) {
                even += splat(p[r * padded + j]) * rows[r];
                odd += splat(p[(r + 1) * padded + j]) * rows[r + 1];
            }
            store(to, even + odd);
        }
    }
}

/// Rows of the sequence with their bias, plain and (when wanted) transposed with zeros behind the end.
STUDIO_INLINE void gather(const float* from, std::int64_t stride, const float* bias, int length, int d, int padded, float* plain, float* transposed)
{
    for (int j = 0; j < length; ++j)
        for (int i = 0; i < d; i += VL) store(plain + static_cast<std::int64_t>(j) * d + i, load(from + j * stride + i) + load(bias + i));
    if (!transposed) return;
    for (int i = 0; i < d; ++i) {
        float* to = transposed + i * padded;
        for (int j = 0; j < length; ++j) to[j] = plain[static_cast<std::int64_t>(j) * d + i];
        for (int j = length; j < padded; ++j) to[j] = 0;
    }
}

/// Eight scaled query rows from row i0 on; rows behind the end are zero.
STUDIO_INLINE void gatherQueries(const Attention& a, int i0, int rows, float* q)
{
    for (int r = 0; r < kQueryRows; ++r)
        for (int i = 0; i < a.headSize; i += VL)
            store(q + r * a.headSize + i,
                  r < rows ? (load(a.qkv + (i0 + r) * a.stride + i) + load(a.bias + i)) * a.scale : Vec{});
}

/// Adds the position bias and takes out what lies outside the window or behind the end.
STUDIO_INLINE void shapeScores(const Attention& a, int row, int padded, float* s)
{
    if (a.positionBias)
        for (int j = 0; j < a.length; ++j) s[j] += a.positionBias[row * a.biasStride + j];
    if (a.window > 0)
        for (int j = 0; j < a.length; ++j)
            if (j < row - a.window || j > row + a.window) s[j] = -1e30f;
    for (int j = a.length; j < padded; ++j) s[j] = -1e30f;
}

static void attentionForward(const Attention& a)
{
    const int d = a.headSize, padded = paddedLength(a.length);
    AttentionScratch w(a.scratch, a.length, d);
    gather(a.qkv + a.h, a.stride, a.bias + a.h, a.length, d, padded, w.k, w.kT);
    gather(a.qkv + 2 * a.h, a.stride, a.bias + 2 * a.h, a.length, d, padded, w.v, nullptr);

    for (int i0 = 0; i0 < a.length; i0 += kQueryRows) {
        const int rows = a.length - i0 < kQueryRows ? a.length - i0 : kQueryRows;
        gatherQueries(a, i0, rows, w.q);
        rowsTimesColumns(w.q, w.kT, d, padded, w.scores);
        for (int r = 0; r < rows; ++r) {
            float* s = w.scores + r * padded;
            shapeScores(a, i0 + r, padded, s);
            Vec top = load(s);
            for (int j = VL; j < padded; j += VL) top = larger(top, load(s + j));
            const float highest = maxOf(top);
            Vec sum{};
            for (int j = 0; j < padded; j += VL) {
                const Vec shifted = load(s + j) - highest;
                const Vec e = shifted < -87.0f ? Vec{} : expOf(shifted);
                sum += e;
                store(s + j, e);
            }
            const float total = sumOf(sum), inverse = 1.0f / total;
            a.logSum[i0 + r] = highest + __builtin_logf(total);
            const auto first = static_cast<std::uint32_t>(static_cast<std::int64_t>(i0 + r) * a.length);
            for (int j = 0; j < padded; j += VL) {
                Vec p = load(s + j) * inverse;
                if (a.dropout.threshold) p *= keepMask(a.dropout, first + static_cast<std::uint32_t>(j));
                store(s + j, p);
            }
        }
        for (int r = rows; r < kQueryRows; ++r) std::memset(w.scores + r * padded, 0, sizeof(float) * static_cast<std::size_t>(padded));
        rowsTimesRows(w.scores, padded, a.length, w.v, d, w.o);
        for (int r = 0; r < rows; ++r)
            for (int i = 0; i < d; i += VL) store(a.context + (i0 + r) * a.contextStride + i, load(w.o + r * d + i));
    }
}

static void attentionBackward(const Attention& a)
{
    const int d = a.headSize, padded = paddedLength(a.length);
    AttentionScratch w(a.scratch, a.length, d);
    gather(a.qkv + a.h, a.stride, a.bias + a.h, a.length, d, padded, w.k, w.kT);
    gather(a.qkv + 2 * a.h, a.stride, a.bias + 2 * a.h, a.length, d, padded, w.v, w.vT);
    const auto bytes = sizeof(float) * static_cast<std::size_t>(a.length) * static_cast<std::size_t>(d);
    std::memset(w.dk, 0, bytes);
    std::memset(w.dv, 0, bytes);

    for (int i0 = 0; i0 < a.length; i0 += kQueryRows) {
        const int rows = a.length - i0 < kQueryRows ? a.length - i0 : kQueryRows;
        gatherQueries(a, i0, rows, w.q);
        float delta[kQueryRows] = {};
        for (int r = 0; r < kQueryRows; ++r) {
            Vec dot{};
            for (int i = 0; i < d; i += VL) {
                Vec g{};
                if (r < rows) {
                    g = load(a.dContext + (i0 + r) * a.contextStride + i);
                    dot += g * load(a.context + (i0 + r) * a.contextStride + i);
                }
                store(w.o + r * d + i, g);
            }
            delta[r] = sumOf(dot);
        }
        rowsTimesColumns(w.q, w.kT, d, padded, w.scores);  // scores
        rowsTimesColumns(w.o, w.vT, d, padded, w.slopes);  // gradients of the probabilities
        for (int r = 0; r < rows; ++r) {
            float *p = w.scores + r * padded, *s = w.slopes + r * padded;
            shapeScores(a, i0 + r, padded, p);
            const float logSum = a.logSum[i0 + r];
            const auto first = static_cast<std::uint32_t>(static_cast<std::int64_t>(i0 + r) * a.length);
            for (int j = 0; j < padded; j += VL) {
                const Vec shifted = load(p + j) - logSum;
                const Vec e = shifted < -87.0f ? Vec{} : expOf(shifted);
                Vec g = load(s + j);
                if (a.dropout.threshold) {
                    const Vec keep = keepMask(a.dropout, first + static_cast<std::uint32_t>(j));
                    g *= keep;
                    store(p + j, e * keep);
                } else {
                    store(p + j, e);
                }
                store(s + j, e * (g - delta[r]));
            }
            for (int j = a.length; j < padded; ++j) s[j] = p[j] = 0;
            if (a.dPositionBias)
                for (int j = 0; j < a.length; ++j) a.dPositionBias[(i0 + r) * a.biasStride + j] += s[j];
        }
        for (int r = rows; r < kQueryRows; ++r) {
            std::memset(w.scores + r * padded, 0, sizeof(float) * static_cast<std::size_t>(padded));
            std::memset(w.slopes + r * padded, 0, sizeof(float) * static_cast<std::size_t>(padded));
        }
        addOuter(w.slopes, padded, a.length, w.q, d, w.dk);  // the queries already carry the scale
        addOuter(w.scores, padded, a.length, w.o, d, w.dv);
        rowsTimesRows(w.slopes, padded, a.length, w.k, d, w.o);
        for (int r = 0; r < rows; ++r)
            for (int i = 0; i < d; i += VL) store(a.dQkv + (i0 + r) * a.stride + i, load(w.o + r * d + i) * a.scale);
    }
    for (int j = 0; j < a.length; ++j)
        for (int i = 0; i < d; i += VL) {
            store(a.dQkv + a.h + j * a.stride + i, load(w.dk + static_cast<std::int64_t>(j) * d + i));
            store(a.dQkv + 2 * a.h + j * a.stride + i, load(w.dv + static_cast<std::int64_t>(j) * d + i));
        }
}
