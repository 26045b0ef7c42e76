// Products of bf16 values with fp32 sums. Included by kernels.cpp only, behind the products in fp32.
//
// Operands are rounded (to nearest, ties to even) when they are packed. B lies as pairs of rows, two bf16 in 32 bits, which
// halves the memory that the weights take and is the form that AVX512-BF16's dot product reads. Where a set has no such
// instruction, a panel is widened again once for a block of rows and multiplied in fp32: the same products.

#if defined(__AVX512BF16__)
constexpr bool kHasDot = true;
#else
constexpr bool kHasDot = false;
#endif

typedef std::uint32_t BitsAny __attribute__((vector_size(4 * VL), aligned(4), may_alias));
STUDIO_INLINE VecBits loadBits(const float* p) { return *reinterpret_cast<const BitsAny*>(p); }
STUDIO_INLINE void storeBits(float* p, VecBits v) { *reinterpret_cast<BitsAny*>(p) = v; }

/// The value rounded to bf16, in the upper half; NaN stays NaN.
STUDIO_INLINE VecBits roundedBits(Vec x)
{
    const VecBits bits = reinterpret_cast<VecBits>(x);
    const VecBits rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
    return x == x ? rounded : (bits | 0x00400000u) & 0xffff0000u;
}

STUDIO_INLINE std::uint32_t roundedBits(float x)
{
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    if (x != x) return (bits | 0x00400000u) & 0xffff0000u;
    return (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
}

STUDIO_INLINE float floatOf(std::uint32_t bits)
{
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

STUDIO_INLINE VecBits pairOf(Vec first, Vec second) { return (roundedBits(first) >> 16) | roundedBits(second); }
STUDIO_INLINE float pairOf(float first, float second) { return floatOf((roundedBits(first) >> 16) | roundedBits(second)); }

#if defined(__AVX512BF16__)
/// `pairs` rows of pairs of B and of A, [pair][kTileRows].
template <int Rows, class Finish>
static inline void bf16Tile(const float* a, const float* b, int pairs, const float* bias, int m, int n, const Finish& finish)
{
    Vec c[Rows][2];
    const Vec begin0 = bias ? load(bias) : Vec{}, begin1 = bias ? load(bias + VL) : Vec{};
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        c[r][0] = begin0;
        c[r][1] = begin1;
    }
    for (int k = 0; k < pairs; ++k) {
        const VecBits b0 = loadBits(b), b1 = loadBits(b + VL);
        b += kPanel;
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            std::int32_t pair;
            std::memcpy(&pair, a + r, sizeof pair);
            const auto both = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
            c[r][0] = _mm512_dpbf16_ps(c[r][0], both, reinterpret_cast<__m512bh>(b0));
            c[r][1] = _mm512_dpbf16_ps(c[r][1], both, reinterpret_cast<__m512bh>(b1));
        }
        a += kTileRows;
    }
    finishTile<Rows>(c, m, n, finish);
}
#endif

/// A tile of `rows` rows. Without a dot product B has been widened to rows of values, and A holds values, [k][kTileRows].
template <class Finish>
static inline void anyBf16Tile(int rows, const float* a, const float* b, int pairs, const float* bias, int m, int n, const Finish& finish)
{
#if defined(__AVX512BF16__)
    switch (rows) {
    case 1: return bf16Tile<1>(a, b, pairs, bias, m, n, finish);
    case 2: return bf16Tile<2>(a, b, pairs, bias, m, n, finish);
    case 3: return bf16Tile<3>(a, b, pairs, bias, m, n, finish);
    case 4: return bf16Tile<4>(a, b, pairs, bias, m, n, finish);
    case 5: return bf16Tile<5>(a, b, pairs, bias, m, n, finish);
    case 6: return bf16Tile<6>(a, b, pairs, bias, m, n, finish);
#if STUDIO_VL == 16
    case 7: return bf16Tile<7>(a, b, pairs, bias, m, n, finish);
    case 8: return bf16Tile<8>(a, b, pairs, bias, m, n, finish);
    case 9: return bf16Tile<9>(a, b, pairs, bias, m, n, finish);
    case 10: return bf16Tile<10>(a, b, pairs, bias, m, n, finish);
    case 11: return bf16Tile<11>(a, b, pairs, bias, m, n, finish);
    case 12: return bf16Tile<12>(a, b, pairs, bias, m, n, finish);
#endif
    }
#else
    anyTile(rows, TileInput{a, 1, kTileRows, b, 2 * pairs, bias}, m, n, finish);
#endif
}

/// Rows of A that are packed at a time.
constexpr int kBf16Rows = kTileRows * 8;

static std::int64_t productScratch(int k) { return static_cast<std::int64_t>(kBf16Rows + kPanel) * k; }

/// Pairs of rows of a panel as rows of values.
STUDIO_INLINE void widenPanel(const float* from, int pairs, float* to)
{
    for (int k = 0; k < pairs; ++k) {
        for (int half = 0; half < kPanel; half += VL) {
            const VecBits both = loadBits(from + half);
            storeBits(to + half, both << 16);
            storeBits(to + kPanel + half, both & 0xffff0000u);
        }
        from += kPanel;
        to += 2 * kPanel;
    }
}

/// Rows of A as tiles, rounded. A row is rounded as a whole before its values are spread.
STUDIO_INLINE void packBf16Rows(const Product& p, int block, int end, float* to)
{
    for (int m = block; m < end; m += kTileRows) {
        const int rows = end - m < kTileRows ? end - m : kTileRows;
        for (int r = 0; r < rows; ++r) {
            const float* row = p.a + (m + r) * p.aStride;
            float* here = to + r;
            for (int k = 0; k < p.k; k += VL) {
                alignas(64) float values[VL];
                storeBits(values, roundedBits(load(row + k)));
                if constexpr (kHasDot) {
                    for (int i = 0; i < VL; i += 2) here[(k + i) / 2 * kTileRows] = pairOf(values[i], values[i + 1]);
                } else {
#pragma GCC unroll 16
                    for (int i = 0; i < VL; ++i) here[static_cast<std::int64_t>(k + i) * kTileRows] = values[i];
                }
            }
        }
        to += static_cast<std::int64_t>(p.k) * kTileRows / (kHasDot ? 2 : 1);
    }
}

template <class Finish>
static void bf16ProductWith(const Product& p, const Finish& finish)
{
    const std::int64_t tileFloats = static_cast<std::int64_t>(p.k) * kTileRows / (kHasDot ? 2 : 1);
    for (int block = p.m0; block < p.m1; block += kBf16Rows) {
        const int end = block + kBf16Rows < p.m1 ? block + kBf16Rows : p.m1;
        packBf16Rows(p, block, end, p.scratch);
        for (int n = 0; n < p.n; n += kPanel) {
            const float* panel = p.b + static_cast<std::int64_t>(n) * (p.k / 2);
            if constexpr (!kHasDot) {
                float* wide = p.scratch + static_cast<std::int64_t>(kBf16Rows) * p.k;
                widenPanel(panel, p.k / 2, wide);
                panel = wide;
            }
            const float* bias = p.bias ? p.bias + n : nullptr;
            const float* a = p.scratch;
            for (int m = block; m < end; m += kTileRows) {
                anyBf16Tile(end - m < kTileRows ? end - m : kTileRows, a, panel, p.k / 2, bias, m, n, finish);
                a += tileFloats;
            }
        }
    }
}

static void packTransposedBf16(const float* w, int k, int p0, int p1, float* packed)
{
    for (int p = p0; p < p1; ++p)
        for (int j = 0; j < kPanel; ++j) {
            const float* row = w + static_cast<std::int64_t>(p * kPanel + j) * k;
            float* to = packed + static_cast<std::int64_t>(p) * (k / 2) * kPanel + j;
            for (int i = 0; i < k; i += 2) to[static_cast<std::int64_t>(i / 2) * kPanel] = pairOf(row[i], row[i + 1]);
        }
}

static void packPlainBf16(const float* w, int n, int rows, int depth, int p0, int p1, float* packed)
{
    for (int p = p0; p < p1; ++p)
        for (int j = 0; j < rows; j += 2) {
            const float *first = w + static_cast<std::int64_t>(j) * n + p * kPanel, *second = first + n;
            float* to = packed + (static_cast<std::int64_t>(p) * (depth / 2) + j / 2) * kPanel;
            storeBits(to, pairOf(load(first), load(second)));
            storeBits(to + VL, pairOf(load(first + VL), load(second + VL)));
        }
}

/// dY of a chunk as packBf16Rows lays out A, tokens being the depth; an odd last token gets a partner of zeros.
static inline void packBf16Gradients(const WeightGradient& g, std::int64_t t0, int count, float* packed)
{
    const int width = g.n1 - g.n0;
    constexpr int kStep = kHasDot ? 2 : 1; // tokens of a row of the tile
    const int even = (count + 1) / 2 * 2;
    for (int t = 0; t < even; t += kStep) {
        float* to = packed + static_cast<std::int64_t>(t / kStep) * kTileRows;
        const float* row = g.dy + (t0 + t) * g.dyStride + g.n0;
        for (int n = 0; n < width; n += kTileRows) {
            const int rows = width - n < kTileRows ? width - n : kTileRows;
            for (int r = 0; r < rows; ++r) {
                const float first = t < count ? row[n + r] : 0.0f;
                if constexpr (kHasDot) to[r] = pairOf(first, t + 1 < count ? row[g.dyStride + n + r] : 0.0f);
                else to[r] = floatOf(roundedBits(first));
            }
            to += tileStride(even / kStep);
        }
    }
}

/// A panel of X as pairs of tokens (without a dot product as rounded rows, an even number of them).
static inline void packBf16Input(const WeightGradient& g, std::int64_t t0, int count, int k, float* to)
{
    const float* from = g.x + t0 * g.xStride + k;
    for (int half = 0; half < 2; ++half) {
        const Vec gain = g.gamma ? load(g.gamma + k + half * VL) : splat(1.0f);
        const Vec shift = g.gamma && g.beta ? load(g.beta + k + half * VL) : Vec{};
        for (int t = 0; t < count; t += 2) {
            const float* row = from + t * g.xStride + half * VL;
            const Vec first = load(row) * gain + shift, second = t + 1 < count ? load(row + g.xStride) * gain + shift : Vec{};
            if constexpr (kHasDot) {
                storeBits(to + t / 2 * kPanel + half * VL, pairOf(first, second));
            } else {
                storeBits(to + t * kPanel + half * VL, roundedBits(first));
                storeBits(to + (t + 1) * kPanel + half * VL, roundedBits(second));
            }
        }
    }
}

static void bf16WeightGradient(const WeightGradient& g)
{
    float* panel = g.scratch;
    float* gradients = g.scratch + static_cast<std::int64_t>(kTokenChunk) * kPanel;
    for (std::int64_t t0 = 0; t0 < g.tokens; t0 += kTokenChunk) {
        const int count = static_cast<int>(g.tokens - t0 < kTokenChunk ? g.tokens - t0 : kTokenChunk), pairs = (count + 1) / 2;
        if (g.db && g.k0 == 0) addColumns(g, t0, count);
        packBf16Gradients(g, t0, count, gradients);
        for (int k = g.k0; k < g.k1; k += kPanel) {
            packBf16Input(g, t0, count, k, panel);
            for (int n = g.n0; n < g.n1; n += kTileRows) {
                const int rows = g.n1 - n < kTileRows ? g.n1 - n : kTileRows;
                const float* a = gradients + (n - g.n0) / kTileRows * tileStride(kHasDot ? pairs : 2 * pairs);
                anyBf16Tile(rows, a, panel, pairs, nullptr, n, k, FinishAdd{g.dw, g.dwStride});
            }
        }
    }
}

template <class Finish>
static void anyProductWith(const Product& p, const Finish& finish)
{
    if (p.bf16) bf16ProductWith(p, finish);
    else productWith(p, finish);
}

static void product(const Product& p)
{
    switch (p.epilogue) {
    case Epilogue::Store: return anyProductWith(p, FinishStore{p.c, p.cStride});
    case Epilogue::Add: return anyProductWith(p, FinishAdd{p.c, p.cStride});
    case Epilogue::AddFrom: return anyProductWith(p, FinishAddFrom{p.c, p.other, p.cStride});
    case Epilogue::Gelu: return anyProductWith(p, FinishGelu{p.c, p.other, p.cStride});
    case Epilogue::TimesGeluSlope: return anyProductWith(p, FinishTimesGeluSlope{p.c, p.other, p.active, p.cStride});
    }
}

static void weightGradient(const WeightGradient& g)
{
    if (g.bf16) bf16WeightGradient(g);
    else floatWeightGradient(g);
}
