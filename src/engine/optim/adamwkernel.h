#pragma once

#include <cstdint>

namespace studio {

/// Constants of one AdamW update of a weight.
struct AdamWConstants
{
    float gradientScale;
    float keep;  ///< 1 - rate * decay
    float rest1; ///< 1 - beta1
    float beta2;
    float rest2;          ///< 1 - beta2, rounded from the difference in double
    float stepSize;       ///< rate / (1 - beta1^t)
    float rootCorrection; ///< 1 / sqrt(1 - beta2^t)
    float epsilon;
};

/// p, m and v in one pass over memory. Plain IEEE operations without fused multiply-add: the same bits on
/// every instruction set and with any number of threads.
void adamwUpdate(float* p, const float* g, float* m, float* v, std::int64_t n, const AdamWConstants& c);

} // namespace studio
