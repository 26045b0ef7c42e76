#include "peak.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace studio::bench {
namespace {

double seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Job>
double bestSeconds(int threads, int rounds, const Job& job)
{
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const double start = seconds();
        std::vector<std::thread> others;
        for (int t = 1; t < threads; ++t)
            others.emplace_back([&job, t] { job(t); });
        job(0);
        for (auto& other : others)
            other.join();
        best = std::min(best, seconds() - start);
    }
    return best;
}

constexpr long kLoops = 3'000'000;
constexpr int kSums = 12;
volatile float g_sink;

#if defined(__x86_64__)
typedef float Vec8 __attribute__((vector_size(32)));
typedef float Vec16 __attribute__((vector_size(64)));

/// Independent multiply-adds in registers, as many as hide the latency. Becomes part of a function for one
/// instruction set.
template <typename Vec>
[[gnu::always_inline]] inline void multiplyAdd()
{
    Vec sums[kSums], x = {}, y = {};
    for (unsigned i = 0; i < sizeof(Vec) / sizeof(float); ++i)
        x[i] = 0.999f, y[i] = 0.001f;
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i)
        sums[i] = y * static_cast<float>(i + 1);
    for (long k = 0; k < kLoops; ++k) {
#pragma GCC unroll 16
        for (int i = 0; i < kSums; ++i)
            asm volatile("vfmadd213ps %2, %1, %0" : "+v"(sums[i]) : "v"(x), "v"(y));
    }
#pragma GCC unroll 16
    for (int i = 1; i < kSums; ++i)
        sums[0] += sums[i];
    g_sink = sums[0][0];
}

__attribute__((target("avx2,fma"), noinline)) void loop8(int)
{
    multiplyAdd<Vec8>();
}

__attribute__((target("avx512f"), noinline)) void loop16(int)
{
    multiplyAdd<Vec16>();
}
#endif

} // namespace

double fmaPeak(int threads)
{
#if defined(__x86_64__)
    const bool wide = __builtin_cpu_supports("avx512f");
    if (!wide && !__builtin_cpu_supports("avx2")) return 0;
    const double best = bestSeconds(threads, 8, wide ? loop16 : loop8);
    return 2.0 * (wide ? 16 : 8) * kSums * kLoops * threads / best / 1e9;
#else
    (void)threads;
    return 0;
#endif
}

double readBandwidth(int threads)
{
    const std::size_t count = std::size_t(1) << 26;
    std::vector<float> values(count, 1.0f);
    const std::size_t part = count / static_cast<std::size_t>(threads);
    const double best = bestSeconds(threads, 5, [&](int t) {
        const float* p = values.data() + part * static_cast<std::size_t>(t);
        float sums[32] = {};
        for (std::size_t i = 0; i + 32 <= part; i += 32)
            for (std::size_t k = 0; k < 32; ++k)
                sums[k] += p[i + k];
        float sum = 0;
        for (const float s : sums)
            sum += s;
        g_sink = sum;
    });
    return static_cast<double>(part) * 4.0 * threads / best / 1e9;
}

} // namespace studio::bench
