// Compiled with -fno-math-errno (vectorised roots) and -ffp-contract=off, see CMakeLists.txt.
#include "engine/optim/adamwkernel.h"

#include <cmath>

namespace studio {

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void adamwUpdate(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v,
                 std::int64_t n, const AdamWConstants& constants)
{
    const AdamWConstants c = constants;
    for (std::int64_t i = 0; i < n; ++i) {
        const float gradient = g[i] * c.gradientScale;
        const float first = m[i] + (gradient - m[i]) * c.rest1;
        const float second = v[i] * c.beta2 + gradient * gradient * c.rest2;
        m[i] = first;
        v[i] = second;
        p[i] = p[i] * c.keep - c.stepSize * first / (std::sqrt(second) * c.rootCorrection + c.epsilon);
    }
}

} // namespace studio
