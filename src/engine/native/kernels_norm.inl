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
    for (std::int64_t r = 0; r < f.rows; ++r) {
        float* x = f.x + r * h;
        float* y = f.y + r * h;
        const std::uint32_t first = static_cast<std::uint32_t>((f.firstRow + r) * h);
        Vec sum{};
        for (int i = 0; i < h; i += VL) {
            Vec v = load(x + i);
            if (f.dropout.threshold) v *= keepMask(f.dropout, first + static_cast<std::uint32_t>(i));
            if (f.residual) v += load(f.residual + r * h + i);
            if (f.sum) store(f.sum + r * h + i, v);
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
            const Vec gained = v * load(f.gamma + i);
            store(y + i, f.beta ? gained + load(f.beta + i) : gained);
        }
    }
}

static void normBackward(const NormBackward& b)
{
    const int h = b.h;
    const float inverse = 1.0f / static_cast<float>(h);
    for (std::int64_t r = 0; r < b.rows; ++r) {
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
        const std::uint32_t first = static_cast<std::uint32_t>((b.firstRow + r) * h);
        for (int i = 0; i < h; i += VL) {
            const Vec g = load(dy + i) * load(b.gamma + i);
            Vec v = (g - mean - load(normalised + i) * slope) * rstd;
            if (b.add) v += load(b.add + r * h + i);
            store(b.dResidual + r * h + i, v);
            if (b.dBranch) {
                if (b.dropout.threshold) v *= keepMask(b.dropout, first + static_cast<std::uint32_t>(i));
                store(b.dBranch + r * h + i, v);
            }
        }
    }
}

static void gatedRows(const float* u, float* out, std::int64_t rows, int f, DropoutStream d, std::int64_t firstRow)
{
    for (std::int64_t r = 0; r < rows; ++r)
        for (int i = 0; i < f; i += VL) {
            Vec v = geluOf(load(u + r * 2 * f + i)) * load(u + r * 2 * f + f + i);
            if (d.threshold) v *= keepMask(d, static_cast<std::uint32_t>((firstRow + r) * f + i));
            store(out + r * f + i, v);
        }
}

static void gatedBackward(float* u, float* out, std::int64_t rows, int f, DropoutStream d, std::int64_t firstRow)
{
    for (std::int64_t r = 0; r < rows; ++r)
        for (int i = 0; i < f; i += VL) {
            float *value = u + r * 2 * f + i, *gate = value + f;
            Vec slope;
            const Vec active = geluOf(load(value), slope), open = load(gate);
            Vec grad = load(out + r * f + i), v = active * open;
            if (d.threshold) {
                const Vec keep = keepMask(d, static_cast<std::uint32_t>((firstRow + r) * f + i));
                grad *= keep;
                v *= keep;
            }
            store(out + r * f + i, v);
            store(value, grad * open * slope);
            store(gate, grad * active);
        }
}

static void dropoutRows(float* x, std::int64_t n, DropoutStream d, std::uint32_t first)
{
    for (std::int64_t i = 0; i < n; i += VL) store(x + i, load(x + i) * keepMask(d, first + static_cast<std::uint32_t>(i)));
}

static void dropoutAdd(const float* x, const float* residual, float* y, std::int64_t n, DropoutStream d, std::uint32_t first)
{
    for (std::int64_t i = 0; i < n; i += VL) {
        Vec v = load(x + i);
        if (d.threshold) v *= keepMask(d, first + static_cast<std::uint32_t>(i));
        store(y + i, load(residual + i) + v);
    }
}

static void addRows(const float* x, float* y, std::int64_t n)
{
    for (std::int64_t i = 0; i < n; i += VL) store(y + i, load(y + i) + load(x + i));
}

static void rotate(const Rotation& t)
{
    const int half = t.headSize / 2;
    const float sign = t.back ? -1.0f : 1.0f;
    for (std::int64_t r = 0; r < t.rows; ++r) {
        const float* cosines = t.cosines + static_cast<std::int64_t>(t.positions[r]) * half;
        const float* sines = t.sines + static_cast<std::int64_t>(t.positions[r]) * half;
        for (int head = 0; head < t.heads; ++head) {
            float *a = t.x + r * t.stride + head * t.headSize, *b = a + half;
            int i = 0;
            for (; i + VL <= half; i += VL) {
                const Vec c = load(cosines + i), s = load(sines + i) * sign, x = load(a + i), y = load(b + i);
                store(a + i, x * c - y * s);
                store(b + i, y * c + x * s);
            }
            for (; i < half; ++i) {
                const float c = cosines[i], s = sines[i] * sign, x = a[i], y = b[i];
                a[i] = x * c - y * s;
                b[i] = y * c + x * s;
            }
        }
    }
}
