#pragma once

// Vector arithmetic for the kernels, on the compiler's vector extensions: one source for every instruction
// set. Each kernel object is compiled with the flags of its set and STUDIO_VL floats a vector; everything
// here has internal linkage, so objects of different sets never share code.

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

STUDIO_INLINE Vec load(const float* p)
{
    return *reinterpret_cast<const VecAny*>(p);
}
STUDIO_INLINE void store(float* p, Vec v)
{
    *reinterpret_cast<VecAny*>(p) = v;
}
STUDIO_INLINE Vec splat(float x)
{
    return x - Vec{};
}
STUDIO_INLINE Vec larger(Vec a, Vec b)
{
    return a > b ? a : b;
}
STUDIO_INLINE Vec smaller(Vec a, Vec b)
{
    return a < b ? a : b;
}

/// Every lane takes the value of the lane whose number differs in the bit `Distance`.
template <int Distance>
STUDIO_INLINE Vec turned(Vec v)
{
#if STUDIO_VL == 16
    constexpr int d = Distance;
    return __builtin_shuffle(v, VecInt{d, d ^ 1, d ^ 2, d ^ 3, d ^ 4, d ^ 5, d ^ 6, d ^ 7, d ^ 8, d ^ 9,
                                       d ^ 10, d ^ 11, d ^ 12, d ^ 13, d ^ 14, d ^ 15});
#elif STUDIO_VL == 8
    constexpr int d = Distance;
    return __builtin_shuffle(v, VecInt{d, d ^ 1, d ^ 2, d ^ 3, d ^ 4, d ^ 5, d ^ 6, d ^ 7});
#else
    constexpr int d = Distance;
    return __builtin_shuffle(v, VecInt{d, d ^ 1, d ^ 2, d ^ 3});
#endif
}

/// Sum (or maximum) of the lanes, folded by halves in a fixed order.
STUDIO_INLINE float sumOf(Vec v)
{
#if STUDIO_VL == 16
    v += turned<8>(v);
#endif
#if STUDIO_VL >= 8
    v += turned<4>(v);
#endif
    v += turned<2>(v);
    v += turned<1>(v);
    return v[0];
}

STUDIO_INLINE float maxOf(Vec v)
{
#if STUDIO_VL == 16
    v = larger(v, turned<8>(v));
#endif
#if STUDIO_VL >= 8
    v = larger(v, turned<4>(v));
#endif
    v = larger(v, turned<2>(v));
    v = larger(v, turned<1>(v));
    return v[0];
}

/// exp(x), relative error below 2e-7 on [-87, 88]; smaller arguments give about 1e-38, larger ones
/// about 1.6e38. Range reduction by ln 2 in two parts and the polynomial of Cephes' expf.
STUDIO_INLINE Vec expOf(Vec x)
{
    x = smaller(larger(x, splat(-87.3f)), splat(88.0f));
    const Vec shifted = x * 1.44269504f + 12582912.0f; // 1.5·2^23: rounds to a whole number in the low bits
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

/// log(x) of normal positive numbers, relative error about 1e-7: the polynomial of Cephes' logf around 1.
STUDIO_INLINE Vec logOf(Vec x)
{
    const VecInt bits = reinterpret_cast<VecInt>(x);
    VecInt exponent = ((bits >> 23) & 0xff) - 126;
    Vec m = reinterpret_cast<Vec>((bits & 0x007fffff) | 0x3f000000); // 0.5 … 1
    const VecInt low = m < 0.70710678f;
    exponent += low; // -1 where true
    m = (low ? m + m : m) - 1.0f;
    const Vec e = __builtin_convertvector(exponent, Vec), square = m * m;
    Vec p = splat(7.0376836292e-2f);
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * square - e * 2.12194440e-4f - square * 0.5f;
    return m + p + e * 0.693359375f;
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
    for (int i = 0; i < VL; ++i)
        v[i] = static_cast<std::uint32_t>(i);
    return v;
}

} // namespace
} // namespace studio
