// Matrix products. Included by kernels.cpp only.
//
// C[m, n] = A[m, k] · B[k, n] with B in panels of two vectors. A register tile holds kTileRows × two vectors of C while k
// runs; every element of C is one sum over k in order, whatever tile it falls in, so results do not depend on how rows are
// divided among threads.

#if STUDIO_VL == 16
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kPanel = 2 * VL;

/// A element (m, k) lies at a[m · rowStep + k · depthStep]; the sums begin at `bias`.
struct TileInput
{
    const float* a;
    std::int64_t rowStep, depthStep;
    const float* b;
    int depth;
    const float* bias;
};

template <int Rows, class Finish>
STUDIO_INLINE void finishTile(const Vec (&c)[Rows][2], int m, int n, const Finish& finish)
{
    if constexpr (Finish::kWholeTile) {
        // A long epilogue stays out of the register allocation of the loop above.
        alignas(64) float done[Rows * kPanel];
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            store(done + r * kPanel, c[r][0]);
            store(done + r * kPanel + VL, c[r][1]);
        }
        finish.whole(Rows, m, n, done);
    } else {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) finish(m + r, n, c[r][0], c[r][1]);
    }
}

template <int Rows, class Finish>
static inline void tile(const TileInput& in, int m, int n, const Finish& finish)
{
    Vec c[Rows][2];
    const Vec begin0 = in.bias ? load(in.bias) : Vec{}, begin1 = in.bias ? load(in.bias + VL) : Vec{};
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        c[r][0] = begin0;
        c[r][1] = begin1;
    }
    const float* a = in.a;
    const float* b = in.b;
#pragma GCC unroll 2
    for (int k = 0; k < in.depth; ++k) {
        const Vec b0 = load(b), b1 = load(b + VL);
        b += kPanel;
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const Vec value = splat(a[r * in.rowStep]);
            c[r][0] += value * b0;
            c[r][1] += value * b1;
        }
        a += in.depthStep;
    }
    finishTile<Rows>(c, m, n, finish);
}

template <class Finish>
static inline void anyTile(int rows, const TileInput& in, int m, int n, const Finish& finish)
{
    switch (rows) {
    case 1: return tile<1>(in, m, n, finish);
    case 2: return tile<2>(in, m, n, finish);
    case 3: return tile<3>(in, m, n, finish);
    case 4: return tile<4>(in, m, n, finish);
    case 5: return tile<5>(in, m, n, finish);
    case 6: return tile<6>(in, m, n, finish);
#if STUDIO_VL == 16
    case 7: return tile<7>(in, m, n, finish);
    case 8: return tile<8>(in, m, n, finish);
    case 9: return tile<9>(in, m, n, finish);
    case 10: return tile<10>(in, m, n, finish);
    case 11: return tile<11>(in, m, n, finish);
    case 12: return tile<12>(in, m, n, finish);
#endif
    }
}

struct FinishStore
{
    static constexpr bool kWholeTile = false;
    float* c;
    std::int64_t stride;
    STUDIO_INLINE void operator()(int m, int n, Vec a, Vec b) const
    {
        float* to = c + m * stride + n;
        store(to, a);
        store(to + VL, b);
    }
};

struct FinishAdd
{
    static constexpr bool kWholeTile = false;
    float* c;
    std::int64_t stride;
    STUDIO_INLINE void operator()(int m, int n, Vec a, Vec b) const
    {
        float* to = c + m * stride + n;
        store(to, load(to) + a);
        store(to + VL, load(to + VL) + b);
    }
};

struct FinishAddFrom
{
    static constexpr bool kWholeTile = false;
    float* c;
    const float* other;
    std::int64_t stride;
    STUDIO_INLINE void operator()(int m, int n, Vec a, Vec b) const
    {
        const std::int64_t at = m * stride + n;
        store(c + at, load(other + at) + a);
        store(c + at + VL, load(other + at + VL) + b);
    }
};

struct FinishGelu
{
    static constexpr bool kWholeTile = true;
    float* c;
    float* kept;
    std::int64_t stride;
    __attribute__((noinline)) void whole(int rows, int m, int n, const float* done) const
    {
        for (int r = 0; r < rows; ++r) {
            const std::int64_t at = (m + r) * stride + n;
            const Vec u0 = load(done + r * kPanel), u1 = load(done + r * kPanel + VL);
            store(kept + at, u0);
            store(kept + at + VL, u1);
            store(c + at, geluOf(u0));
            store(c + at + VL, geluOf(u1));
        }
    }
};

struct FinishTimesGeluSlope
{
    static constexpr bool kWholeTile = true;
    float* c;
    const float* kept;
    float* active;
    std::int64_t stride;
    __attribute__((noinline)) void whole(int rows, int m, int n, const float* done) const
    {
        for (int r = 0; r < rows; ++r) {
            const std::int64_t at = (m + r) * stride + n;
            for (int half = 0; half < 2; ++half) {
                Vec slope;
                store(active + at + half * VL, geluOf(load(kept + at + half * VL), slope));
                store(c + at + half * VL, load(done + r * kPanel + half * VL) * slope);
            }
        }
    }
};

template <class Finish>
static void productWith(const Product& p, const Finish& finish)
{
    // Rows of A that stay near while a panel of B is used.
    const int blockRows = kTileRows * (p.k > 512 ? 8 : 16);
    for (int block = p.m0; block < p.m1; block += blockRows) {
        const int end = block + blockRows < p.m1 ? block + blockRows : p.m1;
        for (int n = 0; n < p.n; n += kPanel) {
            const float* panel = p.b + static_cast<std::int64_t>(n) * p.k;
            const float* bias = p.bias ? p.bias + n : nullptr;
            for (int m = block; m < end; m += kTileRows) {
                const TileInput in{p.a + m * p.aStride, p.aStride, 1, panel, p.k, bias};
                anyTile(end - m < kTileRows ? end - m : kTileRows, in, m, n, finish);
            }
        }
    }
}

static void packTransposed(const float* w, int k, int p0, int p1, float* packed)
{
    constexpr int kDepthBlock = 16;
    for (int p = p0; p < p1; ++p)
        for (int k0 = 0; k0 < k; k0 += kDepthBlock) {
            const int k1 = k0 + kDepthBlock < k ? k0 + kDepthBlock : k;
            for (int j = 0; j < kPanel; ++j) {
                const float* row = w + static_cast<std::int64_t>(p * kPanel + j) * k;
                float* to = packed + static_cast<std::int64_t>(p) * k * kPanel + j;
                for (int i = k0; i < k1; ++i) to[static_cast<std::int64_t>(i) * kPanel] = row[i];
            }
        }
}

static void packPlain(const float* w, int n, int rows, int depth, int p0, int p1, float* packed)
{
    // Row by row over a few panels at a time: rows are read as they lie, each panel is a stream of writes.
    constexpr int kAtOnce = 8;
    for (int first = p0; first < p1; first += kAtOnce) {
        const int last = first + kAtOnce < p1 ? first + kAtOnce : p1;
        for (int j = 0; j < rows; ++j) {
            const float* row = w + static_cast<std::int64_t>(j) * n;
            for (int p = first; p < last; ++p) {
                float* to = packed + (static_cast<std::int64_t>(p) * depth + j) * kPanel;
                store(to, load(row + p * kPanel));
                store(to + VL, load(row + p * kPanel + VL));
            }
        }
    }
}

/// Tokens of a weight gradient that are packed and summed at a time.
constexpr int kTokenChunk = 256;

/// Floats from one tile of dY to the next. A line more than it takes, so that tiles do not fall on the same sets of the cache.
STUDIO_INLINE std::int64_t tileStride(int tokens) { return static_cast<std::int64_t>(tokens) * kTileRows + 16; }

static std::int64_t gradientScratch(int rows)
{
    const std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
    return static_cast<std::int64_t>(kTokenChunk) * kPanel + tiles * tileStride(kTokenChunk);
}

/// dY of a chunk as tiles [tile][token][kTileRows].
static inline void packGradientRows(const WeightGradient& g, std::int64_t t0, int count, float* packed)
{
    const int width = g.n1 - g.n0;
    for (int t = 0; t < count; ++t) {
        const float* row = g.dy + (t0 + t) * g.dyStride + g.n0;
        float* to = packed + static_cast<std::int64_t>(t) * kTileRows;
        for (int n = 0; n < width; n += kTileRows) {
            const int rows = width - n < kTileRows ? width - n : kTileRows;
            if (rows == kTileRows) std::memcpy(to, row + n, sizeof(float) * kTileRows);
            else std::memcpy(to, row + n, sizeof(float) * static_cast<unsigned>(rows));
            to += tileStride(count);
        }
    }
}

/// Column sums of dY over a chunk.
static inline void addColumns(const WeightGradient& g, std::int64_t t0, int count)
{
    const int width = g.n1 - g.n0;
    float* sums = g.db + g.n0;
    for (int t = 0; t < count; ++t) {
        const float* row = g.dy + (t0 + t) * g.dyStride + g.n0;
        int n = 0;
        for (; n + VL <= width; n += VL) store(sums + n, load(sums + n) + load(row + n));
        for (; n < width; ++n) sums[n] += row[n];
    }
}

/// A panel of X, with gain and shift when they are given.
static inline void packInputPanel(const WeightGradient& g, std::int64_t t0, int count, int k, float* to)
{
    const float* from = g.x + t0 * g.xStride + k;
    if (!g.gamma) {
        for (int t = 0; t < count; ++t) {
            store(to, load(from));
            store(to + VL, load(from + VL));
            to += kPanel;
            from += g.xStride;
        }
        return;
    }
    const Vec gain0 = load(g.gamma + k), gain1 = load(g.gamma + k + VL);
    const Vec shift0 = g.beta ? load(g.beta + k) : Vec{}, shift1 = g.beta ? load(g.beta + k + VL) : Vec{};
    for (int t = 0; t < count; ++t) {
        store(to, load(from) * gain0 + shift0);
        store(to + VL, load(from + VL) * gain1 + shift1);
        to += kPanel;
        from += g.xStride;
    }
}

static void floatWeightGradient(const WeightGradient& g)
{
    float* panel = g.scratch;
    float* gradients = g.scratch + static_cast<std::int64_t>(kTokenChunk) * kPanel;
    for (std::int64_t t0 = 0; t0 < g.tokens; t0 += kTokenChunk) {
        const int count = static_cast<int>(g.tokens - t0 < kTokenChunk ? g.tokens - t0 : kTokenChunk);
        if (g.db && g.k0 == 0) addColumns(g, t0, count);
        packGradientRows(g, t0, count, gradients);
        for (int k = g.k0; k < g.k1; k += kPanel) {
            packInputPanel(g, t0, count, k, panel);
            for (int n = g.n0; n < g.n1; n += kTileRows) {
                const int rows = g.n1 - n < kTileRows ? g.n1 - n : kTileRows;
                const TileInput in{gradients + (n - g.n0) / kTileRows * tileStride(count), 1, kTileRows, panel, count, nullptr};
                anyTile(rows, in, n, k, FinishAdd{g.dw, g.dwStride});
            }
        }
    }
}
