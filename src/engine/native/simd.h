#pragma once

// Vector arithmetic for the kernels, on the compiler's vector extensions: one source for every instruction set. Each
// kernel object is compiled with the flags of its set and STUDIO_VL floats a vector; everything here has internal
// linkage, so objects of different sets never share code.

#include <cstdint>
#include <cstring>

#ifndef STUDIO_VL
#error "STUDIO_VL (floats in a vector) is set by the build for each instruction set"
#endif

namespace studio {
namespace {

constexpr int VL = STUDIO_VL;

typedef float Vec __attribute__((vector_size(4 * VL)));
typedef float VecAny __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef std::int32_t VecInt __attribute__((vector_size(4 * VL)));
typedef std::uint32_t VecBits __attribute__((vector_size(4 * VL)));

#define STUDIO_INLINE inline __attribute__((always_inline))

STUDIO_INLINE Vec load(const float* p) { return *reinterpret_cast<const VecAny*>(p); }
STUDIO_INLINE void store(float* p, Vec v) { *reinterpret_cast<VecAny*>(p) = v; }
STUDIO_INLINE Vec splat(float x) { return x - Vec{}; }
STUDIO_INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }
STUDIO_INLINE Vec smaller(Vec a, Vec b) { return a < b ? a : b; }

/// Sum (or maximum) of the lanes, folded by halves in a fixed order.
STUDIO_INLINE float sumOf(Vec v)
{
    float lanes[VL];
    store(lanes, v);
    for (int width = VL / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    return lanes[0];
}

STUDIO_INLINE float maxOf(Vec v)
{
    float lanes[VL];
    store(lanes, v);
    for (int width = VL / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) lanes[i] = lanes[i] > lanes[i + width] ? lanes[i] : lanes[i + width];
    return lanes[0];
}

/// exp(x), relative error below 2e-7 on [-87, 88]; smaller arguments give about 1e-38, larger ones about 1.6e38.
/// Range reduction by ln 2 in two parts and the polynomial of Cephes' expf.
STUDIO_INLINE Vec expOf(Vec x)
{
    x = smaller(larger(x, splat(-87.3f)), splat(88.0f));
    const Vec shifted = x * 1.44269504f + 12582912.0f;  // 1.5·2^23: rounds to a whole number in the low bits
    const VecInt whole = reinterpret_cast<VecInt>(shifted) - 0x4B400000;
    const Vec k = shifted - 12582912.0f;
    Vec r = x - k * 0.693359375f;
    r = r + k * 2.12194440e-4f;
    Vec p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return reinterpret_cast<Vec>(reinterpret_cast<VecInt>(p) + (whole << 23));
}

/// Φ(x), the standard normal distribution, and exp(-x²/2): Abramowitz and Stegun 7.1.26, error below 1.5e-7.
STUDIO_INLINE Vec normalCdf(Vec x, Vec& density)
{
    density = expOf(x * x * -0.5f);
    const Vec magnitude = x < 0.0f ? -x : x;
    const Vec t = 1.0f / (1.0f + magnitude * (0.3275911f * 0.70710678f));
    Vec p = splat(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const Vec tail = 0.5f * p * t * density;
    return x < 0.0f ? tail : 1.0f - tail;
}

/// Exact (erf) GELU.
STUDIO_INLINE Vec geluOf(Vec x)
{
    Vec density;
    return x * normalCdf(x, density);
}

/// GELU and its derivative with one exponential.
STUDIO_INLINE Vec geluOf(Vec x, Vec& derivative)
{
    Vec density;
    const Vec phi = normalCdf(x, density);
    derivative = phi + x * density * 0.39894228f;
    return x * phi;
}

/// Mixes a counter into 32 random bits (the "lowbias32" finaliser by C. Wellons).
STUDIO_INLINE VecBits mixed(VecBits x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    return x;
}

STUDIO_INLINE VecBits laneNumbers()
{
    VecBits v{};
    for (int i = 0; i < VL; ++i) v[i] = static_cast<std::uint32_t>(i);
    return v;
}

} // namespace
} // namespace studio
