// Attention of one head over one sequence. Included by kernels.cpp only, behind the products, whose register tiles it uses.
//
// A few query rows at a time against the whole sequence (or the window); only the log of each row's sum of exponentials is
// kept, the backward pass computes the probabilities again (Dao et al., FlashAttention, 2022). Queries carry the scale
// 1/√d. Head sizes are filled up to whole panels with zeros inside.

/// Query rows of the backward pass between two sums of dK and dV.
constexpr int kQueryBlock = 48;

STUDIO_INLINE int roundedUp(int value, int step) { return (value + step - 1) / step * step; }

/// Hands out pieces of the scratch memory on boundaries of 64 bytes.
struct Pieces
{
    float* at;
    float* take(std::int64_t count)
    {
        float* here = at;
        at += (count + 15) / 16 * 16;
        return here;
    }
};

static std::int64_t attentionScratch(int length, int d)
{
    const std::int64_t columns = roundedUp(length, kPanel), width = roundedUp(d, kPanel), rows = roundedUp(length, kTileRows);
    return 3 * columns * width + 4 * kQueryBlock * width + 2 * kQueryBlock * columns + 2 * rows * width + kTileRows * width + 16 * 16;
}

/// Columns lo..hi of the keys that rows i0..i1 see, on boundaries of panels.
struct KeyRange
{
    int lo, hi;

    KeyRange(const Attention& a, int i0, int i1) : lo(0), hi(roundedUp(a.length, kPanel))
    {
        if (a.window <= 0) return;
        const int first = i0 - a.window, last = i1 + a.window;
        if (first > 0) lo = first / kPanel * kPanel;
        if (last < hi) hi = roundedUp(last, kPanel);
    }
};

/// `length` rows of d values as panels of columns, [d / kPanel][rows][kPanel], times `scale`; zeros behind d.
STUDIO_INLINE void gatherPanels(const float* from, std::int64_t stride, int length, int d, int rows, float scale, float* to)
{
    for (int i = 0; i < d; i += kPanel) {
        float* panel = to + static_cast<std::int64_t>(i) * rows;
        if (i + kPanel <= d) {
            for (int j = 0; j < length; ++j) {
                store(panel + j * kPanel, load(from + j * stride + i) * scale);
                store(panel + j * kPanel + VL, load(from + j * stride + i + VL) * scale);
            }
        } else {
            for (int j = 0; j < length; ++j)
                for (int c = 0; c < kPanel; ++c) panel[j * kPanel + c] = i + c < d ? from[j * stride + i + c] * scale : 0.0f;
        }
    }
}

/// The same rows transposed: panels of kPanel rows, [rows / kPanel][d][kPanel]; zeros behind the last row.
STUDIO_INLINE void gatherTransposed(const float* from, std::int64_t stride, int length, int d, float* to)
{
    for (int j0 = 0; j0 < length; j0 += kPanel) {
        float* panel = to + static_cast<std::int64_t>(j0) * d;
        const int count = length - j0 < kPanel ? length - j0 : kPanel;
        for (int c = 0; c < count; ++c) {
            const float* row = from + (j0 + c) * stride;
            for (int i = 0; i < d; ++i) panel[i * kPanel + c] = row[i];
        }
        for (int c = count; c < kPanel; ++c)
            for (int i = 0; i < d; ++i) panel[i * kPanel + c] = 0;
    }
}

/// Rows one behind the other, `width` apart, times `scale`.
STUDIO_INLINE void gatherRows(const float* from, std::int64_t stride, int rows, int d, int width, float scale, float* to)
{
    for (int r = 0; r < rows; ++r) {
        int i = 0;
        for (; i + VL <= d; i += VL) store(to + r * width + i, load(from + r * stride + i) * scale);
        for (; i < d; ++i) to[r * width + i] = from[r * stride + i] * scale;
    }
}

STUDIO_INLINE void scatterRows(const float* from, int width, int rows, int d, float* to, std::int64_t stride)
{
    for (int r = 0; r < rows; ++r) {
        int i = 0;
        for (; i + VL <= d; i += VL) store(to + r * stride + i, load(from + r * width + i));
        for (; i < d; ++i) to[r * stride + i] = from[r * width + i];
    }
}

/// out[rows, lo..hi] = q [rows, d] · kᵀ, from transposed panels.
STUDIO_INLINE void scoreRows(const float* q, int width, int d, int rows, const float* transposed, KeyRange range, float* out, int columns)
{
    for (int j = range.lo; j < range.hi; j += kPanel) {
        const TileInput in{q, width, 1, transposed + static_cast<std::int64_t>(j) * d, d, nullptr};
        anyTile(rows, in, 0, j, FinishStore{out, columns});
    }
}

/// out[rows, width] = p [rows, lo..hi] · x, from panels of `panelRows` rows; rows of out are `stride` apart.
STUDIO_INLINE void mixRows(const float* p, int columns, int length, KeyRange range, int rows, const float* panels, int panelRows, int width,
                           float* out, std::int64_t stride)
{
    const int hi = range.hi < length ? range.hi : length;
    for (int i = 0; i < width; i += kPanel) {
        const float* panel = panels + static_cast<std::int64_t>(i) * panelRows + static_cast<std::int64_t>(range.lo) * kPanel;
        const TileInput in{p + range.lo, columns, 1, panel, hi - range.lo, nullptr};
        anyTile(rows, in, 0, i, FinishStore{out, stride});
    }
}

/// sum[j, width] += Σ_r p[r, j] · x[r, width] for the keys of the range, x in panels of kQueryBlock rows.
STUDIO_INLINE void addOuter(const float* p, int columns, int length, KeyRange range, int rows, const float* panels, int width, float* sum)
{
    const int hi = range.hi < length ? range.hi : length;
    for (int j = range.lo; j < hi; j += kTileRows)
        for (int i = 0; i < width; i += kPanel) {
            const TileInput in{p + j, 1, columns, panels + static_cast<std::int64_t>(i) * kQueryBlock, rows, nullptr};
            anyTile(hi - j < kTileRows ? hi - j : kTileRows, in, j, i, FinishAdd{sum, width});
        }
}

/// Adds the bias of distances and takes out what lies outside the window or behind the end.
STUDIO_INLINE void shapeScores(const Attention& a, int row, KeyRange range, float* s)
{
    if (a.distanceBias)
        for (int j = range.lo; j < range.hi; j += VL) store(s + j, load(s + j) + load(a.distanceBias - row + j));
    if (a.window > 0) {
        for (int j = range.lo; j < row - a.window; ++j) s[j] = -1e30f;
        for (int j = row + a.window + 1; j < range.hi; ++j) s[j] = -1e30f;
    }
    for (int j = a.length; j < range.hi; ++j) s[j] = -1e30f;
}

/// Scores → probabilities after dropout. All rows of the tile go side by side, so that their chains of operations overlap;
/// those behind the last hold finite numbers that nobody reads.
STUDIO_INLINE void softmaxRows(const Attention& a, int i0, int rows, KeyRange range, float* scores, int columns)
{
    Vec top[kTileRows], sum[kTileRows];
    alignas(64) float highest[16], total[16], inverse[16];
    for (int r = 0; r < 16; ++r) total[r] = 1.0f;
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) top[r] = load(scores + r * columns + range.lo);
    for (int j = range.lo + VL; j < range.hi; j += VL)
#pragma GCC unroll 16
        for (int r = 0; r < kTileRows; ++r) top[r] = larger(top[r], load(scores + r * columns + j));
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) highest[r] = maxOf(top[r]);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) sum[r] = Vec{};
    for (int j = range.lo; j < range.hi; j += VL)
#pragma GCC unroll 16
        for (int r = 0; r < kTileRows; ++r) {
            const Vec shifted = load(scores + r * columns + j) - highest[r];
            const Vec e = shifted < -87.0f ? Vec{} : expOf(shifted);
            sum[r] += e;
            store(scores + r * columns + j, e);
        }
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) total[r] = sumOf(sum[r]);
    for (int r = 0; r < 16; r += VL) store(inverse + r, 1.0f / load(total + r));
    if (a.logSum) {
        for (int r = 0; r < 16; r += VL) store(total + r, logOf(load(total + r)));
        for (int r = 0; r < rows; ++r) a.logSum[i0 + r] = highest[r] + total[r];
    }
    for (int r = 0; r < rows; ++r) {
        const auto first = static_cast<std::uint32_t>(static_cast<std::int64_t>(i0 + r) * a.length);
        for (int j = range.lo; j < range.hi; j += VL) {
            Vec p = load(scores + r * columns + j) * inverse[r];
            if (a.dropout.threshold) p *= keepMask(a.dropout, first + static_cast<std::uint32_t>(j));
            store(scores + r * columns + j, p);
        }
    }
}

static void attentionForward(const Attention& a)
{
    const int d = a.headSize, columns = roundedUp(a.length, kPanel), width = roundedUp(d, kPanel);
    Pieces pieces{a.scratch};
    float *keys = pieces.take(static_cast<std::int64_t>(columns) * d), *values = pieces.take(static_cast<std::int64_t>(columns) * width);
    float *q = pieces.take(kTileRows * width), *scores = pieces.take(kTileRows * columns), *out = pieces.take(kTileRows * width);
    gatherTransposed(a.qkv + a.h, a.stride, a.length, d, keys);
    gatherPanels(a.qkv + 2 * a.h, a.stride, a.length, d, columns, 1.0f, values);
    std::memset(scores, 0, sizeof(float) * static_cast<unsigned>(kTileRows * columns));

    for (int i0 = 0; i0 < a.length; i0 += kTileRows) {
        const int rows = a.length - i0 < kTileRows ? a.length - i0 : kTileRows;
        const KeyRange range(a, i0, i0 + rows);
        gatherRows(a.qkv + i0 * a.stride, a.stride, rows, d, width, a.scale, q);
        scoreRows(q, width, d, rows, keys, range, scores, columns);
        for (int r = 0; r < rows; ++r) shapeScores(a, i0 + r, range, scores + r * columns);
        softmaxRows(a, i0, rows, range, scores, columns);
        if (d == width) {
            mixRows(scores, columns, a.length, range, rows, values, columns, width, a.context + i0 * a.contextStride, a.contextStride);
        } else {
            mixRows(scores, columns, a.length, range, rows, values, columns, width, out, width);
            scatterRows(out, width, rows, d, a.context + i0 * a.contextStride, a.contextStride);
        }
    }
}

/// p: scores → probabilities after dropout; s: gradients of the probabilities → gradients of the scores.
STUDIO_INLINE void softmaxBackward(const Attention& a, int row, float delta, KeyRange range, float* p, float* s)
{
    shapeScores(a, row, range, p);
    const float logSum = a.logSum[row];
    const auto first = static_cast<std::uint32_t>(static_cast<std::int64_t>(row) * a.length);
    for (int j = range.lo; j < range.hi; j += VL) {
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
        const Vec slope = e * (g - delta);
        store(s + j, slope);
        if (a.dDistanceBias) {
            float* to = a.dDistanceBias - row + j;
            store(to, load(to) + slope);
        }
    }
}

static void attentionBackward(const Attention& a)
{
    const int d = a.headSize, columns = roundedUp(a.length, kPanel), width = roundedUp(d, kPanel);
    const std::int64_t whole = static_cast<std::int64_t>(roundedUp(a.length, kTileRows)) * width;
    Pieces pieces{a.scratch};
    float *keysT = pieces.take(static_cast<std::int64_t>(columns) * d), *valuesT = pieces.take(static_cast<std::int64_t>(columns) * d);
    float* keys = pieces.take(static_cast<std::int64_t>(columns) * width);
    float *qRows = pieces.take(kQueryBlock * width), *qPanels = pieces.take(kQueryBlock * width);
    float *oRows = pieces.take(kQueryBlock * width), *oPanels = pieces.take(kQueryBlock * width);
    float *p = pieces.take(kQueryBlock * columns), *s = pieces.take(kQueryBlock * columns);
    float *dKeys = pieces.take(whole), *dValues = pieces.take(whole), *dq = pieces.take(kTileRows * width);
    gatherTransposed(a.qkv + a.h, a.stride, a.length, d, keysT);
    gatherTransposed(a.qkv + 2 * a.h, a.stride, a.length, d, valuesT);
    gatherPanels(a.qkv + a.h, a.stride, a.length, d, columns, a.scale, keys);
    std::memset(dKeys, 0, sizeof(float) * static_cast<std::size_t>(whole));
    std::memset(dValues, 0, sizeof(float) * static_cast<std::size_t>(whole));

    for (int b0 = 0; b0 < a.length; b0 += kQueryBlock) {
        const int blockRows = a.length - b0 < kQueryBlock ? a.length - b0 : kQueryBlock;
        const KeyRange range(a, b0, b0 + blockRows);
        const float *q = a.qkv + b0 * a.stride, *o = a.dContext + b0 * a.contextStride, *context = a.context + b0 * a.contextStride;
        gatherRows(q, a.stride, blockRows, d, width, a.scale, qRows);
        gatherPanels(q, a.stride, blockRows, d, kQueryBlock, a.scale, qPanels);
        gatherRows(o, a.contextStride, blockRows, d, width, 1.0f, oRows);
        gatherPanels(o, a.contextStride, blockRows, d, kQueryBlock, 1.0f, oPanels);
        for (int i0 = 0; i0 < blockRows; i0 += kTileRows) {
            const int rows = blockRows - i0 < kTileRows ? blockRows - i0 : kTileRows;
            float *pRows = p + i0 * columns, *sRows = s + i0 * columns;
            scoreRows(qRows + i0 * width, width, d, rows, keysT, range, pRows, columns);
            scoreRows(oRows + i0 * width, width, d, rows, valuesT, range, sRows, columns);
            for (int r = 0; r < rows; ++r) {
                const float *grad = oRows + (i0 + r) * width, *mixed = context + (i0 + r) * a.contextStride;
                Vec dot{};
                int i = 0;
                for (; i + VL <= d; i += VL) dot += load(grad + i) * load(mixed + i);
                float delta = sumOf(dot);
                for (; i < d; ++i) delta += grad[i] * mixed[i];
                softmaxBackward(a, b0 + i0 + r, delta, range, pRows + r * columns, sRows + r * columns);
            }
            float* to = a.dQkv + (b0 + i0) * a.stride;
            if (d == width) {
                mixRows(sRows, columns, a.length, range, rows, keys, columns, width, to, a.stride);  // the keys carry the scale
            } else {
                mixRows(sRows, columns, a.length, range, rows, keys, columns, width, dq, width);
                scatterRows(dq, width, rows, d, to, a.stride);
            }
        }
        addOuter(s, columns, a.length, range, blockRows, qPanels, width, dKeys);
        addOuter(p, columns, a.length, range, blockRows, oPanels, width, dValues);
    }
    scatterRows(dKeys, width, a.length, d, a.dQkv + a.h, a.stride);
    scatterRows(dValues, width, a.length, d, a.dQkv + 2 * a.h, a.stride);
}
