// Residual + dropout + LayerNorm, forward and backward, and small row-wise helpers. Included by kernels.cpp only.

STUDIO_INLINE Vec keepMask(const DropoutStream& d, std::uint32_t index)
{
    const VecBits bits = mixed((laneNumbers() + index) * d.multiplier + d.offset);
    return bits >= d.threshold ? splat(d.scale) : Vec{};
}

static void normForward(const NormForward& f)
{
    const int h = f.h;
    const float inverse = 1.0f / static_cast<float>(h);
    for (std::int64_t r = f.r0; r < f.r1; ++r) {
        float* x = f.x + r * h;
        const float* residual = f.residual + r * h;
        float* y = f.y + r * h;
        const std::uint32_t first = static_cast<std::uint32_t>(r * h);
        Vec sum{};
        for (int i = 0; i < h; i += VL) {
            Vec v = load(x + i) + load(f.bias + i);
            if (f.dropout.threshold) v *= keepMask(f.dropout, first + static_cast<std::uint32_t>(i));
            v += load(residual + i);
            store(x + i, v);
            sum += v;
        }
        const float mean = sumOf(sum) * inverse;
        Vec squares{};
        for (int i = 0; i < h; i += VL) {
            const Vec v = load(x + i) - mean;
            squares += v * v;
        }
        const float rstd = 1.0f / __builtin_sqrtf(sumOf(squares) * inverse + f.eps);
        f.rstd[r] = rstd;
        for (int i = 0; i < h; i += VL) {
            const Vec v = (load(x + i) - mean) * rstd;
            store(x + i, v);
            store(y + i, v * load(f.gamma + i) + load(f.beta + i));
        }
    }
}

static void normBackward(const NormBackward& b)
{
    const int h = b.h;
    const float inverse = 1.0f / static_cast<float>(h);
    for (std::int64_t r = b.r0; r < b.r1; ++r) {
        const float* dy = b.dy + r * h;
        const float* normalised = b.normalised + r * h;
        Vec sum{}, product{};
        for (int i = 0; i < h; i += VL) {
            const Vec d = load(dy + i), n = load(normalised + i);
            const Vec g = d * load(b.gamma + i);
            sum += g;
            product += g * n;
            store(b.dgamma + i, load(b.dgamma + i) + d * n);
            store(b.dbeta + i, load(b.dbeta + i) + d);
        }
        const float mean = sumOf(sum) * inverse, slope = sumOf(product) * inverse, rstd = b.rstd[r];
        const std::uint32_t first = static_cast<std::uint32_t>(r * h);
        for (int i = 0; i < h; i += VL) {
            const Vec g = load(dy + i) * load(b.gamma + i);
            Vec v = (g - mean - load(normalised + i) * slope) * rstd;
            store(b.dResidual + r * h + i, v);
            if (b.dBranch) {
                if (b.dropout.threshold) v *= keepMask(b.dropout, first + static_cast<std::uint32_t>(i));
                store(b.dBranch + r * h + i, v);
            }
        }
    }
}

static void geluRows(const float* u, float* out, std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i += VL) store(out + i, geluOf(load(u + i)));
}

static void affine(const float* normalised, const float* gamma, const float* beta, float* y, std::int64_t r0, std::int64_t r1, int h)
{
    for (std::int64_t r = r0; r < r1; ++r)
        for (int i = 0; i < h; i += VL) store(y + r * h + i, load(normalised + r * h + i) * load(gamma + i) + load(beta + i));
}

static void dropoutRows(float* x, std::int64_t n, DropoutStream d, std::uint32_t first)
{
    for (std::int64_t i = 0; i < n; i += VL) store(x + i, load(x + i) * keepMask(d, first + static_cast<std::uint32_t>(i)));
}

static void addRows(const float* x, float* y, std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i += VL) store(y + i, load(y + i) + load(x + i));
}
