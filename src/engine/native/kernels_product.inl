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

/// A element (m, k) lies at a[m · rowStep + k · depthStep].
struct TileInput
{
    const float* a;
    std::int64_t rowStep, depthStep;
    const float* b;
    std::int64_t bStride;
    int depth;
};

template <int Rows, class Finish>
static inline void tile(const TileInput& in, int m, int n, const Finish& finish)
{
    Vec c[Rows][2];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) c[r][0] = c[r][1] = Vec{};
    const float* a = in.a;
    const float* b = in.b;
    for (int k = 0; k < in.depth; ++k) {
        const Vec b0 = load(b), b1 = load(b + VL);
        b += in.bStride;
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const Vec value = splat(a[r * in.rowStep]);
            c[r][0] += value * b0;
            c[r][1] += value * b1;
        }
        a += in.depthStep;
    }
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

struct FinishBiasGelu
{
    static constexpr bool kWholeTile = true;
    float* c;
    float* kept;
    const float* bias;
    std::int64_t stride;
    __attribute__((noinline)) void whole(int rows, int m, int n, const float* done) const
    {
        const Vec b0 = load(bias + n), b1 = load(bias + n + VL);
        for (int r = 0; r < rows; ++r) {
            const std::int64_t at = (m + r) * stride + n;
            const Vec u0 = load(done + r * kPanel) + b0, u1 = load(done + r * kPanel + VL) + b1;
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
    std::int64_t stride;
    __attribute__((noinline)) void whole(int rows, int m, int n, const float* done) const
    {
        for (int r = 0; r < rows; ++r) {
            const std::int64_t at = (m + r) * stride + n;
            for (int half = 0; half < 2; ++half) {
                Vec slope;
                geluOf(load(kept + at + half * VL), slope);
                store(c + at + half * VL, load(done + r * kPanel + half * VL) * slope);
            }
        }
    }
};

template <class Finish>
static void productWith(const Product& p, const Finish& finish)
{
    constexpr int kBlockRows = kTileRows * 8;  // rows of A that stay near while a panel of B is used
    for (int block = p.m0; block < p.m1; block += kBlockRows) {
        const int end = block + kBlockRows < p.m1 ? block + kBlockRows : p.m1;
        for (int n = 0; n < p.n; n += kPanel) {
            const float* panel = p.b + (n / kPanel) * p.panelStride;
            for (int m = block; m < end; m += kTileRows) {
                const TileInput in{p.a + m * p.aStride, p.aStride, 1, panel, p.bStride, p.k};
                anyTile(end - m < kTileRows ? end - m : kTileRows, in, m, n, finish);
            }
        }
    }
}

static void product(const Product& p)
{
    switch (p.epilogue) {
    case Epilogue::Store: return productWith(p, FinishStore{p.c, p.cStride});
    case Epilogue::Add: return productWith(p, FinishAdd{p.c, p.cStride});
    case Epilogue::AddFrom: return productWith(p, FinishAddFrom{p.c, p.other, p.cStride});
    case Epilogue::BiasGelu: return productWith(p, FinishBiasGelu{p.c, p.other, p.bias, p.cStride});
    case Epilogue::TimesGeluSlope: return productWith(p, FinishTimesGeluSlope{p.c, p.other, p.cStride});
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

static void weightGradient(const WeightGradient& g)
{
    for (std::int64_t t0 = 0; t0 < g.tokens; t0 += kTokenChunk) {
        const int count = static_cast<int>(g.tokens - t0 < kTokenChunk ? g.tokens - t0 : kTokenChunk);
        for (int p = 0; p < g.k / kPanel; ++p)
            for (int t = 0; t < count; ++t) {
                const float* from = g.x + (t0 + t) * g.xStride + p * kPanel;
                float* to = g.scratch + (static_cast<std::int64_t>(p) * count + t) * kPanel;
                store(to, load(from));
                store(to + VL, load(from + VL));
            }
        for (int t = 0; t < count; ++t) {
            const float* row = g.dy + (t0 + t) * g.dyStride;
            for (int n = g.n0; n < g.n1; ++n) g.db[n] += row[n];
        }
        for (int n = g.n0; n < g.n1; n += kTileRows) {
            const int rows = g.n1 - n < kTileRows ? g.n1 - n : kTileRows;
            for (int p = 0; p < g.k / kPanel; ++p) {
                const TileInput in{g.dy + t0 * g.dyStride + n, 1, g.dyStride,
                                   g.scratch + static_cast<std::int64_t>(p) * count * kPanel, kPanel, count};
                anyTile(rows, in, n, p * kPanel, FinishAdd{g.dw, g.k});
            }
        }
    }
}
